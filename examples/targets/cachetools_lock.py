"""cachetools' TTLCache under a lock, as its documentation recommends it for threads.

stress verify --procs 2 --target examples/targets/cachetools_lock.py:Resolver
"""

import threading

from cachetools import TTLCache, cached
from cachetools.keys import hashkey


class Resolver:
    """The decorator with a lock: the lock is not held while loading, so loads may overlap."""

    def __init__(self, load, cache_ttl):
        self._cache = TTLCache(maxsize=10_000, ttl=cache_ttl)
        self._lock = threading.Lock()
        self.resolve = cached(self._cache, key=hashkey, lock=self._lock)(load)

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all."""
        with self._lock:
            if tenant_id is None:
                self._cache.clear()
            else:
                self._cache.pop(hashkey(tenant_id), None)
