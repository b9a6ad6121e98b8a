"""The caches: one for the host on Linux, one for each process elsewhere; same methods."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, Protocol

from resolver.cache.result import ResolvedTenant
from resolver.record import Loaded

Load = Callable[[str], Loaded]


class Cache(Protocol):
    """What every cache offers; its contract is a test class that each one inherits."""

    def resolve(self, tenant_id: str, /) -> ResolvedTenant:
        """The tenant's record: kept, awaited or loaded."""

    def invalidate(self, tenant_id: str) -> None:
        """Forget one tenant before returning."""

    def invalidate_all(self) -> None:
        """Forget all before returning."""

    def statistics(self) -> dict[str, Any]:
        """Counters and occupancy."""

    def close(self) -> None:
        """End this process's use. May be called again."""


def make_cache(
    load: Load,
    *,
    capacity: int,
    ttl: float,
    negative_ttl: float,
    error_ttl: float,
    lease: float,
    call_limit: float,
    jitter: float,
) -> Cache:
    """The best cache that this system can have; times in seconds."""
    times = {
        "ttl_ns": _ns(ttl),
        "negative_ttl_ns": _ns(negative_ttl),
        "error_ttl_ns": _ns(error_ttl),
        "lease_ns": _ns(lease),
        "call_limit_ns": _ns(call_limit),
        "jitter_ppm": round(jitter * 1e6),
    }
    if sys.platform == "linux":
        from resolver.cache.region import Region
        from resolver.cache.shared import SharedCache

        return SharedCache(load, region=Region(capacity), **times)
    from resolver.cache.local import LocalCache

    warnings.warn(
        "no shared cache on this system: each process has its own, and an invalidation is not seen "
        "by the others",
        RuntimeWarning,
        stacklevel=3,
    )
    return LocalCache(load, capacity=capacity, **times)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
