"""A resolver that answers with a SQLAlchemy engine for each tenant.

stress heavy --procs 2 --target examples/targets/engines.py:EngineRegistry
"""

import threading
import time

from sqlalchemy import URL, create_engine, text

from resolver.keyring import Keyring  # stands for the application's own decryption

ROW = text(
    "SELECT host, port, database, username, encrypted_password FROM tenants "
    "WHERE id = :id AND status = 'active'"
)


class EngineRegistry:
    """Keeps one engine for each tenant until its TTL ends, then makes another and drops the old."""

    def __init__(self, database_url, encryption_key, ttl_seconds=300):
        self._plane = create_engine(database_url)
        self._keyring = Keyring(encryption_key)
        self._ttl = ttl_seconds
        self._lock = threading.Lock()
        self._engines = {}

    def get_engine(self, tenant_id):
        """The tenant's engine."""
        with self._lock:
            engine, expires = self._engines.get(tenant_id, (None, 0.0))
            if engine is not None and time.monotonic() < expires:
                return engine
            if engine is not None:
                engine.dispose()
            expires = time.monotonic() + self._ttl
            engine = create_engine(self._url(tenant_id), pool_size=2)
            self._engines[tenant_id] = (engine, expires)
            return engine

    def _url(self, tenant_id):
        with self._plane.connect() as connection:
            row = connection.execute(ROW, {"id": tenant_id}).one_or_none()
        if row is None:
            raise LookupError(tenant_id)
        password = self._keyring.decrypt(tenant_id, row.encrypted_password)
        return URL.create(
            "postgresql+psycopg2", row.username, password, row.host, row.port, row.database
        )

    def invalidate_cache(self, tenant_id=None):
        """Forget one tenant's engine, or all of them."""
        with self._lock:
            names = list(self._engines) if tenant_id is None else [tenant_id]
            for name in names:
                engine, _ = self._engines.pop(name, (None, 0.0))
                if engine is not None:
                    engine.dispose()

    def close(self):
        """Close every connection."""
        self.invalidate_cache()
        self._plane.dispose()
