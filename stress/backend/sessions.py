"""Counting the sessions in the tenants' databases, as the server itself sees them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from sqlalchemy.engine import URL

from stress.backend.tenants import connect

POLL_S = 0.01

_COUNT = """
SELECT count(*) FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND datname = ANY(%s)
"""


def count(observer: URL, databases: Sequence[str]) -> int:
    """How many clients are connected to these databases, over a connection made for this."""
    with closing(connect(observer)) as connection, connection.cursor() as cursor:
        cursor.execute(_COUNT, (list(databases),))
        row = cursor.fetchone()
        return int(row[0]) if row else 0


def settled(observer: URL, databases: Sequence[str], baseline: int, limit_s: float) -> int:
    """The count once it is back at `baseline`, else after `limit_s`.

    The server ends a session a moment after its client has closed the connection.
    """
    deadline = time.monotonic() + limit_s
    with closing(connect(observer)) as connection, connection.cursor() as cursor:
        while True:
            cursor.execute(_COUNT, (list(databases),))
            row = cursor.fetchone()
            found = int(row[0]) if row else 0
            if found <= baseline or time.monotonic() >= deadline:
                return found
            time.sleep(POLL_S)
