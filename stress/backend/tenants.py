"""Which tenants exist, and who each of them truly is, as its own database says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import psycopg2
from sqlalchemy.engine import URL

MARKER_TABLE = "stress_marker"
CONNECT_LIMIT_S = 10

_IDENTITY = f"""
SELECT (SELECT system_identifier FROM pg_control_system()), host(inet_server_addr()),
       inet_server_port(), current_database(), current_user,
       to_regclass('public.{MARKER_TABLE}') IS NOT NULL
"""
_MARKER = f"SELECT tenant_id FROM public.{MARKER_TABLE}"


class Identity(NamedTuple):
    """What a direct connection reports. Two tenants with equal identities are one to every check.

    marker: whose database it is according to the row that we wrote; None where there is none.
    """

    system: int | None
    address: str | None
    port: int | None
    database: str
    user: str
    marker: str | None


@dataclass(frozen=True)
class TenantTruth:
    """One tenant of the run. url: where its database is, without the password."""

    index: int
    tenant_id: str
    url: URL
    version: int | str
    identity: Identity

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
    """Connect as the tenant would and ask the server who and where we are.

    url: with the password. psycopg2.Error where the connection fails.
    """
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_IDENTITY)
        system, address, port, database, user, marked = cursor.fetchone()
        marker = None
        if marked:
            cursor.execute(_MARKER)
            row = cursor.fetchone()
            marker = row[0] if row else None
        return Identity(system, address, port, database, user, marker)


def without_password(url: URL) -> URL:
    """The same place. (`URL.set(password=None)` leaves the password as it is.)"""
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database)


def connect(url: URL) -> psycopg2.extensions.connection:
    """A connection of our own, outside every pool, each statement for itself. Close it."""
    connection = psycopg2.connect(
        host=url.host,
        port=url.port,
        dbname=url.database,
        user=url.username,
        password=url.password,
        connect_timeout=CONNECT_LIMIT_S,
        application_name="stress",
    )
    connection.autocommit = True
    return connection
