from collections.abc import Callable
from typing import Any, final

from resolver.cache.region import Region
from resolver.cache.result import ResolvedTenant
from resolver.record import Loaded

@final
class SharedCache:
    scope: str
    def __init__(
        self,
        load: Callable[[str], Loaded],
        *,
        ttl_ns: int,
        negative_ttl_ns: int,
        error_ttl_ns: int,
        lease_ns: int,
        call_limit_ns: int,
        jitter_ppm: int = 0,
        region: Region | None = None,
    ) -> None: ...
    @property
    def region(self) -> Region: ...
    @property
    def l1_entries(self) -> int: ...
    def resolve(self, tenant_id: str, /) -> ResolvedTenant: ...
    def invalidate(self, tenant_id: str) -> None: ...
    def invalidate_all(self) -> None: ...
    def statistics(self) -> dict[str, Any]: ...
    def audit(self) -> dict[str, int]: ...
    def close(self) -> None: ...

def arm(point: str, signal: int, skip: int = 0) -> bool: ...
