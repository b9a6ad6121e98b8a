"""Counting the sessions in the tenants' databases, as the server itself sees them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from sqlalchemy.engine import URL

from stress.backend.tenants import connect

POLL_S = 0.01

# Any user may see whose sessions are where; of others' sessions the type is hidden (NULL).
_COUNT = """
SELECT count(*) FROM pg_stat_activity
 WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datname = ANY(%(databases)s)
   AND (%(application)s IS NULL OR application_name = %(application)s)
"""


def count(observer: URL, databases: Sequence[str], application: str | None = None) -> int:
    """How many clients are connected to these databases, over a connection made for this.

    application: only those that call themselves so.
    """
    with closing(connect(observer)) as connection, connection.cursor() as cursor:
        cursor.execute(_COUNT, {"databases": list(databases), "application": application})
        row = cursor.fetchone()
        return int(row[0]) if row else 0


def settled(sessions: Callable[[], int], baseline: int, limit_s: float) -> int:
    """The count once it is back at `baseline`, else after `limit_s`.

    The server ends a session a moment after its client has closed the connection.
    """
    deadline = time.monotonic() + limit_s
    while True:
        found = sessions()
        if found <= baseline or time.monotonic() >= deadline:
            return found
        time.sleep(POLL_S)
