"""A dict with a TTL and no lock: what one writes first.

stress verify --procs 2 --target examples/targets/dict_ttl.py:Resolver
"""

import time


class Resolver:
    """Answers from its dict while an entry is younger than the TTL."""

    def __init__(self, load, cache_ttl):
        self._load = load
        self._ttl = cache_ttl
        self._entries = {}

    def resolve(self, tenant_id):
        """The tenant's record: tenant_id, url, version."""
        entry = self._entries.get(tenant_id)
        if entry is not None and time.monotonic() - entry[1] < self._ttl:
            return entry[0]
        record = self._load(tenant_id)
        self._entries[tenant_id] = (record, time.monotonic())
        return record

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all."""
        if tenant_id is None:
            self._entries.clear()
        else:
            self._entries.pop(tenant_id, None)
