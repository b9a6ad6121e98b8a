"""A target by hand, the smallest useful one: a dict with a TTL and a lock, one for each process.

    stress heavy --procs 2 --target examples/targets/by_hand.py:factory

`factory(context)` is called once, before the workers fork. Loads go through the counted loader, so
hits, misses and waits are told apart without the answer saying anything.
"""

import threading
import time
from contextlib import contextmanager

import psycopg2


class Resolution:
    """Whose database, and where. The fields never change."""

    def __init__(self, record):
        self.tenant_id = record.tenant_id
        self.version = record.version
        self.url = record.url.set(password="")
        self._record = record

    @contextmanager
    def connect(self):
        """A connection of its own for each borrower: slow, and hard to get wrong."""
        url = self._record.url
        connection = psycopg2.connect(
            host=url.host,
            port=url.port,
            dbname=url.database,
            user=url.username,
            password=url.password,
        )
        try:
            yield connection
        finally:
            connection.close()


class Resolver:
    """Answers from its dict while an entry is younger than the TTL, else loads under the lock."""

    def __init__(self, context):
        self._load = context.control_plane.load
        self._ttl = context.cache_ttl
        self._lock = threading.Lock()
        self._entries = {}
        self._hits = self._misses = 0

    def resolve(self, tenant_id):
        """The tenant's database."""
        now = time.monotonic()
        entry = self._entries.get(tenant_id)
        if entry is not None and now < entry[0]:
            self._hits += 1
            return entry[1]
        with self._lock:
            entry = self._entries.get(tenant_id)
            if entry is not None and now < entry[0]:
                self._hits += 1
                return entry[1]
            self._misses += 1
            answer = Resolution(self._load(tenant_id))
            self._entries[tenant_id] = (now + self._ttl, answer)
            return answer

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all, in this process only."""
        with self._lock:
            if tenant_id is None:
                self._entries.clear()
            else:
                self._entries.pop(tenant_id, None)

    def get_cache_stats(self):
        """Counters of this process."""
        return {
            "scope": "process",
            "hits": self._hits,
            "misses": self._misses,
            "active_entries": len(self._entries),
            "ttl": self._ttl,
        }


def factory(context):
    """The target."""
    return Resolver(context)
