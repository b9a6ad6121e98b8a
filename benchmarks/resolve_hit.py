"""Resolving a tenant that is in the cache."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from benchmarks.contest import Benchmark, Contender, Peers, calls
from resolver import ResolvedTenant, TenantResolver
from resolver.keyring import Keyring
from resolver.table import metadata_table

TENANTS = [f"tenant-{number:04}" for number in range(10)]
N = 20_000
TTL_S = 3600.0


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    with warm_resolver() as resolver:
        yield iter((hit(resolver),))


@contextmanager
def warm_resolver() -> Iterator[TenantResolver]:
    """Our resolver with every one of TENANTS in its cache."""
    with tempfile.TemporaryDirectory(prefix="bench-resolve-") as folder:
        url = f"sqlite:///{Path(folder) / 'control.db'}"
        key = Keyring.generate()
        fill(url, key)
        with TenantResolver(url, key, cache_ttl=TTL_S) as resolver:
            for tenant in TENANTS:
                resolver.resolve(tenant)
            yield resolver


def fill(url: str, key: str) -> None:
    """A control plane in SQLite: its speed does not matter, a hit never asks it."""
    keyring = Keyring(key)
    table = metadata_table()
    engine = create_engine(url)
    with engine.begin() as connection:
        table.metadata.create_all(connection)
        rows = [
            {
                "id": tenant,
                "name": tenant,
                "status": "active",
                "host": "127.0.0.1",
                "port": 5432,
                "database": tenant,
                "username": tenant,
                "encrypted_password": keyring.encrypt(tenant, "secret"),
                "version": 1,
            }
            for tenant in TENANTS
        ]
        connection.execute(insert(table), rows)
    engine.dispose()


def hit(resolver: TenantResolver) -> Benchmark:
    """Ten tenants in turn, each contender holding the same answers; one thread."""
    answers = {tenant: resolver.resolve(tenant) for tenant in TENANTS}
    # An id comes with a request: equal to the one in the cache, never the same object.
    ids = [tenant.encode().decode() for tenant in TENANTS] * (N // len(TENANTS))
    before = resolver.get_cache_stats()["hits"]
    for tenant in TENANTS:
        resolver.resolve(tenant)
    if resolver.get_cache_stats()["hits"] != before + len(TENANTS):
        raise RuntimeError("a tenant that was resolved before is not a hit")
    peers = Peers()
    note = "one process, one thread at a time by its own lock"
    if cachebox := peers.library("cachebox"):
        cache = cachebox.TTLCache(1000, TTL_S)
        cache.update(answers)
        peers.found.append(Contender("cachebox TTLCache.get", calls(cache.get, ids), N, note))
    if cachetools := peers.library("cachetools"):
        locked = Locked(cachetools.TTLCache(1000, TTL_S), answers)
        note = "one process; the lock that its documentation asks for with threads"
        contender = Contender("cachetools TTLCache + Lock", calls(locked.resolve, ids), N, note)
        peers.found.append(contender)
    through_method = Plain(answers)
    note = "one process, no expiry, no invalidation"
    plain = Contender("dict through a Python method", calls(through_method.resolve, ids), N, note)
    return Benchmark(
        name="resolve_hit",
        case="one hit, from Python",
        ours=Contender(
            "TenantResolver.resolve",
            calls(resolver.resolve, ids),
            N,
            "one cache for all processes: TTL, invalidation seen everywhere, counters",
        ),
        peers=(*peers.found, plain),
        limit=Contender("dict.get", calls(answers.get, ids), N),
        skipped=tuple(peers.missing),
    )


class Locked:
    """A cachetools cache as a service with threads has to use it."""

    def __init__(self, cache: Any, answers: dict[str, ResolvedTenant]) -> None:
        self._cache = cache
        self._cache.update(answers)
        self._lock = threading.Lock()

    def resolve(self, tenant_id: str) -> ResolvedTenant | None:
        """The cached answer, or None."""
        with self._lock:
            try:
                answer: ResolvedTenant = self._cache[tenant_id]
            except KeyError:
                return None
            return answer


class Plain:
    """The least that a cache in Python can be."""

    def __init__(self, answers: dict[str, ResolvedTenant]) -> None:
        self._answers = answers

    def resolve(self, tenant_id: str) -> ResolvedTenant | None:
        """The answer, or None."""
        return self._answers.get(tenant_id)
