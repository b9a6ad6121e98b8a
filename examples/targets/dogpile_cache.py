"""dogpile.cache with its memory backend: one region in each process, one load at a time there.

stress verify --procs 2 --target examples/targets/dogpile_cache.py:Resolver
"""

from dogpile.cache import make_region


class Resolver:
    """Caches what the loader gives; the loader is the tester's, which counts its calls."""

    def __init__(self, load, cache_ttl):
        self._load = load
        self._region = make_region().configure(
            "dogpile.cache.memory", expiration_time=cache_ttl or -1
        )

    def resolve(self, tenant_id):
        """The tenant's record: tenant_id, url, version."""
        return self._region.get_or_create(tenant_id, lambda: self._load(tenant_id))

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all."""
        if tenant_id is None:
            self._region.invalidate()
        else:
            self._region.delete(tenant_id)
