"""The same shape through plain psycopg2: a connection of its own for each thread.

stress heavy --procs 2 --target examples/targets/plain_psycopg2.py:TenantResolver
"""

import os
import threading
import time

import psycopg2

from resolver.keyring import Keyring  # stands for the application's own decryption

ROW = (
    "SELECT host, port, database, username, encrypted_password FROM tenants "
    "WHERE id = %s AND status = 'active'"
)


class TenantResolver:
    """Resolves tenants to a mapping of connection parameters."""

    def __init__(self, cache_ttl=300):
        self._ttl = cache_ttl
        self._keyring = Keyring(os.environ["ENCRYPTION_KEY"])
        self._own = threading.local()
        self._lock = threading.Lock()
        self._entries = {}

    def get_tenant(self, tenant_id):
        """host, port, dbname, user and password."""
        with self._lock:
            entry = self._entries.get(tenant_id)
            if entry is None or time.monotonic() >= entry[1]:
                expires = time.monotonic() + self._ttl
                entry = self._entries[tenant_id] = (self._load(tenant_id), expires)
            return entry[0]

    def _load(self, tenant_id):
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg2.connect(os.environ["DATABASE_URL"])
            self._own.connection.autocommit = True
        with self._own.connection.cursor() as cursor:
            cursor.execute(ROW, (tenant_id,))
            row = cursor.fetchone()
        if row is None:
            raise LookupError(tenant_id)
        password = self._keyring.decrypt(tenant_id, row[4])
        names = ("host", "port", "dbname", "user")
        return {**dict(zip(names, row, strict=False)), "password": password}

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant, or all."""
        with self._lock:
            if tenant_id is None:
                self._entries.clear()
            else:
                self._entries.pop(tenant_id, None)
