"""The shape that most tenant resolvers have: one class, its own SQL through SQLAlchemy.

    stress heavy --procs 2 --target examples/targets/seed_shape.py:TenantResolver

Nothing here was written for the tester: it fills the parameters by their names, finds the method,
and sees the loads by their statements. One cache in each process: an invalidation stays there.
"""

import os
import threading
import time

from sqlalchemy import URL, create_engine, text

from resolver.keyring import Keyring  # stands for the application's own decryption

ROW = text(
    "SELECT host, port, database, username, encrypted_password FROM tenants "
    "WHERE id = :id AND status = 'active'"
)


class TenantResolver:
    """Resolves tenants to the URL of their database, from a dict with a TTL."""

    def __init__(self, cache_ttl=300, database_url=None, encryption_key=None):
        self._ttl = cache_ttl
        self._engine = create_engine(database_url or os.environ["DATABASE_URL"])
        self._keyring = Keyring(encryption_key or os.environ["ENCRYPTION_KEY"])
        self._lock = threading.Lock()
        self._entries = {}
        self._hits = self._misses = 0

    def resolve_tenant(self, tenant_id):
        """The tenant's database URL, password included."""
        with self._lock:
            url, expires = self._entries.get(tenant_id, (None, 0.0))
            if url is not None and time.monotonic() < expires:
                self._hits += 1
                return url
            self._misses += 1
            expires = time.monotonic() + self._ttl
            url = self._load(tenant_id)
            self._entries[tenant_id] = (url, expires)
            return url

    def _load(self, tenant_id):
        with self._engine.connect() as connection:
            row = connection.execute(ROW, {"id": tenant_id}).one_or_none()
        if row is None:
            raise LookupError(tenant_id)
        password = self._keyring.decrypt(tenant_id, row.encrypted_password)
        return URL.create(
            "postgresql+psycopg2", row.username, password, row.host, row.port, row.database
        )

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all."""
        with self._lock:
            if tenant_id is None:
                self._entries.clear()
            else:
                self._entries.pop(tenant_id, None)

    def get_cache_stats(self):
        """Counters of this process."""
        now = time.monotonic()
        with self._lock:
            active = sum(expires > now for _, expires in self._entries.values())
            return {
                "active_entries": active,
                "expired_entries": len(self._entries) - active,
                "hits": self._hits,
                "misses": self._misses,
            }

    def close(self):
        """Close the control plane's connections."""
        self._engine.dispose()
