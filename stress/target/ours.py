"""The default target: this project's own resolver, plugged in by the same protocol as any other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from resolver import TenantResolver
from stress.target.context import Context


class OurTarget:
    """One TenantResolver, made before the fork: one cache for all workers."""

    def __init__(self, resolver: TenantResolver) -> None:
        self._resolver = resolver
        # Bound once: the measured call goes straight into the extension.
        self.resolve = resolver.resolve
        self.invalidate_cache = resolver.invalidate_cache
        self.get_cache_stats = resolver.get_cache_stats

    def connect(self, tenant_id: str) -> AbstractContextManager[Any]:
        """A connection to the tenant's own database."""
        return self._resolver.connect(tenant_id)

    def close(self) -> None:
        """Give every connection back."""
        self._resolver.close()


def target(context: Context) -> OurTarget:
    """Build the resolver against the run's control plane."""
    return OurTarget(
        TenantResolver(
            database_url=context.control_plane_url,
            encryption_key=context.encryption_key,
            cache_ttl=context.cache_ttl,
            lease=context.lease,
            table=context.table,
            pool_size=context.pool_size,
            max_overflow=context.max_overflow,
        )
    )
