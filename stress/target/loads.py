"""Where a load is seen: statements to the control plane, on the thread whose call makes them.

Listens to every SQLAlchemy engine of the process, and to what psycopg2 and psycopg execute without
it. A statement that both see is counted once. What a target loads on a thread of its own is not
seen: nobody could say for which call it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from _timing import monotonic_ns
from stress.target import drivers
from stress.target.statements import LoadStatements

OnLoad = Callable[[int, int, int], None]
"""Called with the tenant's index, the start and the end of the statement."""

COUNTED = "counts_its_loads"
"""An engine's execution option: its user counts its loads itself."""

LEFT_OUT = -1
_EVENTS = ("before_cursor_execute", "after_cursor_execute", "handle_error")


class LoadWatch:
    """Reports loads of the calls that a thread has announced.

    Install it before the target's module is imported: `from psycopg2 import connect` keeps what it
    finds. Forked children inherit it.
    """

    def __init__(self, control_plane_url: str, table: str) -> None:
        self.statements = LoadStatements(control_plane_url, table)
        self._own = threading.local()
        self._restore: Callable[[], None] | None = None

    def install(self) -> LoadWatch:
        """Begin to listen, in this process and those forked from it."""
        if self._restore is None:
            for name, hook in zip(_EVENTS, self._hooks(), strict=True):
                event.listen(Engine, name, hook)
            self._restore = drivers.wrap(self)
        return self

    def remove(self) -> None:
        """Listen no more."""
        if self._restore is not None:
            self._restore()
            self._restore = None
            for name, hook in zip(_EVENTS, self._hooks(), strict=True):
                event.remove(Engine, name, hook)

    def calling(self, tenant: int, on_load: OnLoad | None) -> None:
        """The calling thread's next statements belong to this tenant; None: to nobody."""
        self._own.tenant_of, self._own.on_load = (lambda: tenant), on_load
        self._own.leaves_out_counted = False

    def following(self, tenant_of: Callable[[], int], on_load: OnLoad) -> None:
        """The same where a loop makes the calls: it is asked for whom; negative: for nobody.

        Loads through the context's control plane are left out: they count themselves.
        """
        self._own.tenant_of, self._own.on_load = tenant_of, on_load
        self._own.leaves_out_counted = True

    @property
    def listens(self) -> bool:
        """Whether the calling thread has announced its calls, and no statement is being timed."""
        own = self._own
        return getattr(own, "on_load", None) is not None and getattr(own, "begun", None) is None

    def begin(self) -> None:
        """A load's statement is sent."""
        self._own.begun = monotonic_ns()

    def end(self) -> None:
        """It has ended, in whichever way."""
        begun = getattr(self._own, "begun", None)
        if begun is None:
            return
        self._own.begun = None
        if begun == LEFT_OUT:
            return
        tenant = self._own.tenant_of()
        if tenant >= 0:
            self._own.on_load(tenant, begun, monotonic_ns())

    def _hooks(self) -> tuple[Callable[..., None], ...]:
        return self._before, self._after, self._failed

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self._own.begun = None
        if not self.listens or not self.statements.reads_the_table(statement):
            return
        if self._own.leaves_out_counted and COUNTED in connection.get_execution_options():
            self._own.begun = LEFT_OUT  # by the driver's hook below as well
            return
        if self.statements.is_control_plane(connection.engine.url):
            self.begin()

    def _after(self, *_: Any) -> None:
        self.end()

    def _failed(self, _context: Any) -> None:
        self.end()
