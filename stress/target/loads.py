"""Where a load is seen: statements to the control plane, on the thread whose call makes them.

Listens to every SQLAlchemy engine of the process; only SELECTs from the control plane's table
count, so that neither a connection's set-up nor a ping is taken for a load.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url

from _timing import monotonic_ns

OnLoad = Callable[[int, int, int], None]
"""Called with the tenant's index, the start and the end of the statement."""


class LoadWatch:
    """Reports loads of the calls that a thread has announced with `calling`."""

    def __init__(self, control_plane_url: str, table: str) -> None:
        url = make_url(control_plane_url)
        self._place = (url.host, url.port, url.database)
        name = re.escape(table.rpartition(".")[2])
        self._load = re.compile(rf"^\s*select\b.*\bfrom\b.*\b{name}\b", re.IGNORECASE | re.DOTALL)
        self._own = threading.local()
        event.listen(Engine, "before_cursor_execute", self._begin)
        event.listen(Engine, "after_cursor_execute", self._end)
        event.listen(Engine, "handle_error", self._fail)

    def calling(self, tenant: int, on_load: OnLoad | None) -> None:
        """The calling thread's next statements belong to this tenant; None: to nobody."""
        self._own.tenant, self._own.on_load = tenant, on_load

    def _begin(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self._own.begun = None
        if getattr(self._own, "on_load", None) is None or not self._load.match(statement):
            return
        url = connection.engine.url
        if (url.host, url.port, url.database) == self._place:
            self._own.begun = monotonic_ns()

    def _end(self, *_: Any) -> None:
        begun = getattr(self._own, "begun", None)
        if begun is not None:
            self._own.begun = None
            self._own.on_load(self._own.tenant, begun, monotonic_ns())

    def _fail(self, _context: Any) -> None:
        self._end()
