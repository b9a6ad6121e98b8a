"""A control plane in shared memory: rows with versions that every process of a test sees."""

from __future__ import annotations

import mmap
import struct
from typing import Any

from resolver.cache import Load
from resolver.cache.region import Region
from resolver.cache.shared import SharedCache
from resolver.errors import TenantNotFound
from resolver.keyring import AES_256_GCM
from resolver.record import DEFAULT_DRIVER, Fields, Loaded, pack, take_apart

SECOND = 1_000_000_000
TIMES = {
    "ttl_ns": 300 * SECOND,
    "negative_ttl_ns": 300 * SECOND,
    "error_ttl_ns": 300 * SECOND,
    "lease_ns": 60 * SECOND,
    "call_limit_ns": 100 * SECOND,
}
# 2 banks of 64 slots and 4 epochs: constant eviction, and tenants that share epochs.
SMALL = (2, 4, 2, 64)


class Rows:
    """Versions of tenants "0" … "n-1", 0 = no such tenant; and how often each was loaded."""

    def __init__(self, count: int = 512) -> None:
        self._memory = mmap.mmap(-1, 16 * count)
        self.count = count
        for row in range(count):
            self[str(row)] = 1

    def __getitem__(self, tenant_id: str) -> int:
        return int(struct.unpack_from("<Q", self._memory, 16 * int(tenant_id))[0])

    def __setitem__(self, tenant_id: str, version: int) -> None:
        struct.pack_into("<Q", self._memory, 16 * int(tenant_id), version)

    def loads(self, tenant_id: str) -> int:
        """Loads of this tenant; counted without a lock: exact for loads that do not overlap."""
        return int(struct.unpack_from("<Q", self._memory, 16 * int(tenant_id) + 8)[0])

    def load(self, tenant_id: str) -> Loaded:
        """The row as a cache's loader gives it."""
        version = self[tenant_id]
        struct.pack_into("<Q", self._memory, 16 * int(tenant_id) + 8, self.loads(tenant_id) + 1)
        if version == 0:
            raise TenantNotFound(f"no tenant {tenant_id!r}")
        return record(tenant_id, version)


def record(tenant_id: str, version: int, length: int = 32) -> Loaded:
    """A record whose every field tells tenant and version."""
    mark = f"{tenant_id}.{version}"
    sealed = (mark.encode() * length)[:length]
    fields = Fields(
        DEFAULT_DRIVER, f"h{mark}", 5432, f"d{mark}", f"u{mark}", AES_256_GCM, sealed, False
    )
    return Loaded(pack(fields), version, 7, 3)


def is_whole(answer: Any, tenant_id: str) -> bool:
    """Whether all parts of an answer are of this tenant and of one version."""
    from resolver.cache.result import sealed_record

    expected = take_apart(record(tenant_id, answer.version).value)
    return answer.tenant_id == tenant_id and take_apart(sealed_record(answer)) == expected


def shared_cache(
    load: Load, geometry: tuple[int, int, int, int] | None = None, **times: int
) -> SharedCache:
    """A shared cache with long times unless given others."""
    return SharedCache(load, region=Region(geometry=geometry), **{**TIMES, **times})
