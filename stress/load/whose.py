"""Whose database a live connection reaches: what the server says, against what it said before.

The tester asked each tenant's database once, over a connection of its own. A connection that the
target hands out must reach the same: names alone would believe a pooler's alias, and take two
servers with a database of one name for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from stress.backend.tenants import MARKER, SYSTEM, Identity
from stress.load.connections import ask
from stress.target.answers import Record

PLACE = "SELECT current_database(), current_user, host(inet_server_addr()), inet_server_port()"
WHERE_AM_I = (
    f"{PLACE}, pg_backend_pid(), "
    "(SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid())"
)


class Told(NamedTuple):
    """What the server said. session: tells one server process from another."""

    database: str
    user: str
    address: str | None
    port: int | None
    session: str | None = None
    owner: str | None = None
    system: int | None = None


@dataclass(frozen=True)
class Whose:
    """One tenant, and who its database said it was. row: the record that was connected with."""

    tenant_id: str
    identity: Identity | None
    row: Record

    def ask(self, connection: Any) -> Told:
        """Ask the server at the other end; only what it answered before, and may answer again."""
        database, user, address, port, pid, started = ask(connection, WHERE_AM_I)
        session = f"{pid}/{started}"
        known = self.identity
        if known is None or database != known.database:
            return Told(database, user, address, port, session)
        owner = _ask_there(connection, MARKER) if known.marker is not None else None
        system = _ask_there(connection, SYSTEM) if known.system is not None else None
        return Told(database, user, address, port, session, owner, system)

    def locate(self, connection: Any) -> Told:
        """The place alone, in one statement."""
        return Told(*ask(connection, PLACE))

    def is_there(self, told: Told, rows: Sequence[Record]) -> bool:
        """Whether that place is this tenant's, with the credentials of any of its rows."""
        known = self.identity
        if known is None or told.database != known.database:
            return False
        # Without the cluster's identifier a balancer's other address cannot be told from another
        # cluster; the sample that is proven asks for it.
        there = known.system is not None or self._same_server(told, known)
        return there and any(told.user == self._user(row, known) for row in rows)

    def right(self, told: Told, rows: Sequence[Record]) -> Record | None:
        """The last of `rows` that the connection agrees with; None: it is another database, or
        credentials that none of these rows has."""
        known = self.identity
        if known is None:
            return None
        if (told.database, told.owner) != (known.database, known.marker):
            return None
        if not self._same_server(told, known):
            return None
        return next((row for row in reversed(rows) if told.user == self._user(row, known)), None)

    def _user(self, row: Record, known: Identity) -> str | None:
        same = row.place.username == self.row.place.username
        return known.user if same else row.place.username

    def _same_server(self, told: Told, known: Identity) -> bool:
        # The cluster's own identifier where both may be known: one cluster has many addresses.
        if told.system is not None and known.system is not None:
            return told.system == known.system
        return (told.address, told.port) == (known.address, known.port)


def _ask_there(connection: Any, question: str) -> Any:
    """The answer's one value; None where there is no such table, or no permission: a database that
    could answer before is another one then."""
    try:
        (answer,) = ask(connection, question)
    except Exception as error:
        if any(kind.__name__ == "ProgrammingError" for kind in type(error).__mro__):
            return None
        raise
    return answer
