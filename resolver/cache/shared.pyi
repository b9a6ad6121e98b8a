from collections.abc import Callable
from typing import Self, final

from resolver.cache.region import Region
from resolver.cache.result import ResolvedTenant
from resolver.cache.sections import RegionUser
from resolver.record import Loaded

@final
class SharedCache(RegionUser):
    def __new__(
        cls,
        load: Callable[[str], Loaded],
        *,
        ttl_ns: int,
        negative_ttl_ns: int,
        error_ttl_ns: int,
        lease_ns: int,
        call_limit_ns: int,
        jitter_ppm: int = 0,
        region: Region | None = None,
    ) -> Self: ...
    @property
    def l1_entries(self) -> int: ...
    def resolve(self, tenant_id: str, /) -> ResolvedTenant: ...
    def close(self) -> None: ...
