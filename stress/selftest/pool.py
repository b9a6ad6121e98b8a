"""A pool of connections to tenants' databases, of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy.engine import make_url


class Pool:
    """Idle connections by what they were opened with; cleaned before they wait for a borrower."""

    def __init__(self) -> None:
        self.idle: dict[str, tuple[str, list[Any]]] = {}
        self._lock = threading.Lock()
        self._inherited: list[object] = []

    @contextmanager
    def connection(self, tenant_id: str, url: str) -> Iterator[Any]:
        """A connection that nobody else has meanwhile."""
        key = self.key(tenant_id, url)
        taken = self.take(key, url)
        try:
            yield taken
        finally:
            self.give_back(key, url, taken)

    def key(self, tenant_id: str, url: str) -> str:  # noqa: ARG002
        """What connections are kept by."""
        return tenant_id

    def take(self, key: str, url: str) -> Any:
        """An idle connection, or a new one; those with other credentials end here."""
        with self._lock:
            opened_with, waiting = self.idle.get(key, (url, []))
            if opened_with != url:
                self.dispose(waiting)
                waiting = []
            self.idle[key] = (url, waiting)
            if waiting:
                return waiting.pop()
        return connect(url)

    def give_back(self, key: str, url: str, taken: Any) -> None:
        """Clean it and keep it, unless other credentials hold by now."""
        self.clean(taken)
        with self._lock:
            opened_with, waiting = self.idle.get(key, (None, []))
            if opened_with == url:
                waiting.append(taken)
                return
        taken.close()

    def clean(self, taken: Any) -> None:
        """Nothing of the borrower stays."""
        taken.rollback()
        taken.autocommit = True
        with taken.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        taken.autocommit = False

    def dispose(self, connections: list[Any]) -> None:
        """End these."""
        for one in connections:
            one.close()

    def after_fork(self) -> None:
        """What was inherited is kept, so that nothing closes it, and never used."""
        self._inherited.append(self.idle)
        self.idle = {}

    def close(self) -> None:
        """End every idle connection."""
        with self._lock:
            for _, waiting in self.idle.values():
                self.dispose(waiting)
            self.idle = {}


def connect(url: str) -> Any:
    """A new connection."""
    parsed = make_url(url)
    return psycopg2.connect(
        host=parsed.host,
        port=parsed.port,
        dbname=parsed.database,
        user=parsed.username,
        password=parsed.password,
    )
