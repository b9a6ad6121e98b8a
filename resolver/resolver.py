"""The face of the package: which database is this tenant's, and a connection to it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine

from resolver.cache import make_cache
from resolver.cache.result import ResolvedTenant
from resolver.control_plane import ControlPlane, parse_url
from resolver.engines import Engines
from resolver.errors import ConfigurationError
from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping

# A statement ends before the lease under which it runs: its error is still the leader's to share.
STATEMENT_SHARE_OF_LEASE = 0.8


class TenantResolver:
    """Answers which database a tenant has, from a TTL cache that is one for all forked processes.

    database_url, encryption_key: of the control plane; by default DATABASE_URL and ENCRYPTION_KEY.
    cache_ttl (0 = no caching), negative_ttl, error_ttl, lease: seconds. jitter: share of the TTL by
    which deadlines are shortened at random. capacity: tenants held practically without eviction.
    pool_size, max_overflow: connections of one tenant in one process, and at most as many to the
    control plane. table: see `resolver.table`.

    Make it before the fork (gunicorn --preload): then all children share one cache.
    `resolve(tenant_id)` is the cache's own method, bound once: ResolvedTenant, or an error of
    `resolver.errors`.
    """

    built_before_fork = True

    resolve: Callable[[str], ResolvedTenant]

    def __init__(
        self,
        database_url: str | None = None,
        encryption_key: str | None = None,
        *,
        cache_ttl: float = 300.0,
        negative_ttl: float = 5.0,
        error_ttl: float = 1.0,
        jitter: float = 0.0,
        capacity: int = 100_000,
        lease: float = 5.0,
        pool_size: int = 5,
        max_overflow: int = 10,
        table: TableMapping | Mapping[str, Any] | None = None,
    ) -> None:
        keyring, url = _read_secrets(database_url, encryption_key)
        del database_url, encryption_key
        if isinstance(keyring, ConfigurationError):
            raise keyring
        _check_seconds(cache_ttl=cache_ttl, negative_ttl=negative_ttl, error_ttl=error_ttl)
        _check_seconds(least=0.01, lease=lease)
        if not 0 <= jitter < 1:
            raise ConfigurationError("jitter is a share of the TTL: at least 0, below 1")
        for name, number in (("capacity", capacity), ("pool_size", pool_size)):
            if number < 1:
                raise ConfigurationError(f"{name} must be at least 1")
        if max_overflow < 0:
            raise ConfigurationError("max_overflow must be at least 0")
        if not isinstance(table, TableMapping):
            table = DEFAULT_TABLE if table is None else TableMapping.from_keys(table)
        statement_timeout = lease * STATEMENT_SHARE_OF_LEASE
        self._plane = ControlPlane(
            url,
            keyring,
            statement_timeout=statement_timeout,
            table=table,
            pool_size=pool_size,
            max_overflow=max_overflow,
        )
        self._cache = make_cache(
            self._plane.load,
            capacity=capacity,
            ttl=cache_ttl,
            negative_ttl=negative_ttl,
            error_ttl=error_ttl,
            lease=lease,
            call_limit=lease + statement_timeout,
            jitter=jitter,
        )
        self._engines = Engines(keyring, pool_size=pool_size, max_overflow=max_overflow)
        self._settings = {"ttl": cache_ttl, "jitter": jitter, "lease": lease}
        self.resolve = self._cache.resolve

    def __repr__(self) -> str:
        return f"<TenantResolver {self._plane!r} ttl {self._settings['ttl']:g} s>"

    def __enter__(self) -> TenantResolver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect to the control plane now instead of at this process's first load."""
        self._plane.open()

    def connect(self, tenant_id: str) -> Connection:
        """A connection to the tenant's own database, as `Engine.connect()` gives it.

        Commit as you go, rolled back at exit; then the session is cleaned.
        """
        return self.engine(tenant_id).connect()

    def engine(self, tenant_id: str) -> Engine:
        """The engine of the tenant's current record. It changes: ask for each piece of work."""
        return self._engines.get(self.resolve(tenant_id))

    def invalidate_cache(self, tenant_id: str | None = None) -> None:
        """Forget one tenant, or all. When it returns, no process answers what was loaded before."""
        if tenant_id is None:
            self._cache.invalidate_all()
        else:
            self._cache.invalidate(tenant_id)

    def get_cache_stats(self) -> dict[str, Any]:
        """Counters summed over all processes, and what is held now.

        requests = hits (hits_l1 + hits_l2) + misses + waits + negatives + failed; loads;
        active_entries, expired_entries; capacity: records there is room for; ttl, jitter, lease;
        scope: "host" or "process"; uncacheable, evictions, takeovers, invalidations, repairs;
        query_ns, decryption_ns: time of all loads in the control plane's query and in decryption.
        """
        return self._cache.statistics() | self._settings

    def active_tenants(self, limit: int | None = None) -> list[str]:
        """Ids of the active tenants in the control plane, in the key's order."""
        return self._plane.active_ids(limit)

    def close(self) -> None:
        """Give back this process's connections, end its use of the cache. May be called again."""
        self._cache.close()
        self._engines.close()
        self._plane.close()


def _read_secrets(database_url: str | None, encryption_key: str | None) -> Any:
    """Keyring and URL, or a ConfigurationError and None: raised where no secret is in the frame."""
    names = (("database_url", "DATABASE_URL"), ("encryption_key", "ENCRYPTION_KEY"))
    values = []
    for given, (argument, variable) in zip((database_url, encryption_key), names, strict=True):
        value = os.environ.get(variable) if given is None else given
        if value is None or not value.strip():
            said = f"{argument} is missing or empty; give it, or set {variable}"
            return ConfigurationError(said), None
        values.append(value)
    try:
        return Keyring(values[1]), parse_url(values[0])
    except ConfigurationError as error:
        return ConfigurationError(*error.args), None


def _check_seconds(*, least: float = 0.0, **arguments: float) -> None:
    for name, value in arguments.items():
        if not (math.isfinite(value) and value >= least):
            raise ConfigurationError(f"{name} is a number of seconds, at least {least:g}")
