"""functools.lru_cache with the time as part of the key: a TTL by the clock's buckets.

    stress verify --procs 2 --target examples/targets/lru_time_bucket.py:Resolver

All entries of a bucket end together, however young they are; and the only invalidation is to forget
everything.
"""

import time
from functools import lru_cache


class Resolver:
    """Answers from lru_cache while the bucket lasts."""

    def __init__(self, load, cache_ttl):
        self._ttl = cache_ttl
        self._cached = lru_cache(maxsize=10_000)(lambda tenant_id, _bucket: load(tenant_id))

    def resolve(self, tenant_id):
        """The tenant's record: tenant_id, url, version."""
        return self._cached(tenant_id, time.monotonic() // self._ttl)

    def invalidate_cache(self, _tenant_id=None):
        """Forget everything: it cannot forget one."""
        self._cached.cache_clear()
