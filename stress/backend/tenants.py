"""Which tenants exist, and who each of them truly is, as its own database says."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg2
from sqlalchemy.engine import URL, Dialect

MARKER_TABLE = "stress_marker"
CONNECT_LIMIT_S = 10

_DIALECT: Dialect = URL.create("postgresql+psycopg2").get_dialect()()

SYSTEM = "SELECT system_identifier FROM pg_control_system()"
_PLACE = "SELECT host(inet_server_addr()), inet_server_port(), current_database(), current_user"
MARKER = f"SELECT tenant_id FROM public.{MARKER_TABLE}"


class Identity(NamedTuple):
    """What a direct connection reports. Two tenants with equal identities are one to every check.

    system: the cluster's identifier; None where this user may not ask for it. marker: whose
    database it is according to the row that we wrote; None where there is none.
    """

    system: int | None
    address: str | None
    port: int | None
    database: str
    user: str
    marker: str | None


@dataclass(frozen=True)
class TenantTruth:
    """One tenant of the run. url: where its database is, without the password.

    identity None: its database could not be asked.
    """

    index: int
    tenant_id: str
    url: URL
    version: int | str
    identity: Identity | None

    @property
    def host(self) -> str | None:
        """The host that the control plane names."""
        return self.url.host

    @property
    def port(self) -> int | None:
        """The port that the control plane names."""
        return self.url.port

    @property
    def database(self) -> str | None:
        """The database that the control plane names."""
        return self.url.database

    @property
    def username(self) -> str | None:
        """The user that the control plane names."""
        return self.url.username


def identify(url: URL) -> Identity:
    """Connect as the tenant would and ask the server who and where we are; nothing is written.

    url: with the password. psycopg2.Error where the connection or the question fails.
    """
    with closing(connect(url)) as connection:
        address, port, database, user = _ask(connection, _PLACE) or (None, None, "", "")
        system = _ask_if_allowed(connection, SYSTEM)
        marker = _ask_if_allowed(connection, MARKER)
        return Identity(system, address, port, database, user, marker)


def shared(tenants: Iterable[TenantTruth]) -> list[list[TenantTruth]]:
    """The classes of two and more tenants whose identities are equal: isolation between them
    cannot be seen."""
    classes: dict[Identity, list[TenantTruth]] = {}
    for tenant in tenants:
        if tenant.identity is not None:
            classes.setdefault(tenant.identity, []).append(tenant)
    return [one for one in classes.values() if len(one) > 1]


def mates(tenants: Iterable[TenantTruth]) -> dict[int, list[int]]:
    """For each tenant of such a class the indices of the whole class, its own included."""
    return {
        one.index: [other.index for other in together]
        for together in shared(tenants)
        for one in together
    }


def _ask(connection: psycopg2.extensions.connection, question: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        # In one statement, so that a pooler between us cannot split it from the rest.
        cursor.execute(f"BEGIN READ ONLY; {question}")
        answer: tuple[Any, ...] | None = cursor.fetchone()
        cursor.execute("ROLLBACK")
        return answer


def _ask_if_allowed(connection: psycopg2.extensions.connection, question: str) -> Any:
    """The answer's one value; None where there is no such table, or no permission."""
    try:
        answer = _ask(connection, question)
    except psycopg2.ProgrammingError:  # no such table, or no right to read it
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
        return None
    return answer[0] if answer else None


def without_password(url: URL) -> URL:
    """The same place. (`URL.set(password=None)` leaves the password as it is.)"""
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database)


def is_superuser(cursor: Any) -> bool:
    """Whether the connection's user may do everything: make roles and databases, above all."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return bool(cursor.fetchone()[0])


def connect(url: URL) -> psycopg2.extensions.connection:
    """A connection of our own, outside every pool, each statement for itself. Close it."""
    arguments, named = _DIALECT.create_connect_args(url)
    named = {"connect_timeout": CONNECT_LIMIT_S, "application_name": "stress", **named}
    connection = psycopg2.connect(*arguments, **named)
    connection.autocommit = True
    return connection
