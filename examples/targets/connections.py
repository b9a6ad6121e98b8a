"""A resolver that answers with a connection: a context manager that gives it and takes it back.

    stress heavy --procs 2 --target examples/targets/connections.py:get_connection

A function is enough. The tester enters what it answers, reads where the connection is, and leaves
it, outside the timed part: making the context manager is what is timed here, not connecting.
"""

import os
import threading
import time
from contextlib import contextmanager

import psycopg2

from resolver.keyring import Keyring  # stands for the application's own decryption

TTL = 300.0
ROW = (
    "SELECT host, port, database, username, encrypted_password FROM tenants "
    "WHERE id = %s AND status = 'active'"
)
_lock = threading.Lock()
_entries = {}


def get_connection(tenant_id):
    """A connection to the tenant's database, closed at the end of the block."""
    with _lock:
        entry = _entries.get(tenant_id)
        if entry is None or time.monotonic() >= entry[1]:
            expires = time.monotonic() + TTL
            entry = _entries[tenant_id] = (_parameters(tenant_id), expires)
    return _connected(entry[0])


@contextmanager
def _connected(parameters):
    connection = psycopg2.connect(**parameters)
    try:
        yield connection
    finally:
        connection.close()


def _parameters(tenant_id):
    plane = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with plane.cursor() as cursor:
            cursor.execute(ROW, (tenant_id,))
            row = cursor.fetchone()
    finally:
        plane.close()
    if row is None:
        raise LookupError(tenant_id)
    password = Keyring(os.environ["ENCRYPTION_KEY"]).decrypt(tenant_id, row[4])
    return {"host": row[0], "port": row[1], "dbname": row[2], "user": row[3], "password": password}
