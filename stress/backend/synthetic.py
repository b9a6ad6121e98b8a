"""Synthetic tenants on somebody else's empty server: made, and removed again to the last trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import unquote

import psycopg2
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from resolver.control_plane import parse_url
from resolver.errors import ConfigurationError
from resolver.keyring import Keyring
from resolver.record import DEFAULT_DRIVER
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend.control_table import rehearse, shape, write_rows
from stress.backend.ledger import TABLE as LEDGER
from stress.backend.ledger import Entry, Ledger
from stress.backend.provision import Provisioner, plan
from stress.backend.refusals import (
    DEFAULT_PORT,
    WHERE,
    first_line,
    refusal,
    refuse_second_at,
    server,
)
from stress.backend.tenants import connect, is_superuser
from stress.errors import BackendError, StressError

PREFIX = "stress_"
LOCK_LIMIT_S = 30
DROP_IT = "stress provision --drop"

_TABLES = """
SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_'
   AND nspname <> 'information_schema'
"""
_NAMES = {
    "database": f"SELECT min(datname) FROM pg_database WHERE starts_with(datname, '{PREFIX}')",
    "role": f"SELECT min(rolname) FROM pg_roles WHERE starts_with(rolname, '{PREFIX}')",
}


def provision(
    database_url: str,
    encryption_key: str,
    tenants: int,
    progress: Callable[[str], None],
    *,
    table: TableMapping = DEFAULT_TABLE,
) -> None:
    """Make `tenants` tenants: databases and roles `stress_tenant_…`, markers, and a table of the
    shape `table` with their credentials encrypted, in the database that the URL names.

    What was made is noted in `stress_provisioned`, before or together with its making, so that
    `drop` can remove it also after an interruption. BackendError where the user is no superuser or
    the server is not empty; nothing has been written then. No thread is left running.
    """
    url, keyring = _parse(database_url), _keyring(encryption_key)
    engine = create_engine(url, poolclass=NullPool)
    ledger = Ledger()
    begun = time.monotonic()
    if table.name == LEDGER:
        raise BackendError("--tenants-table", f"{LEDGER} is provision's own", "name another table")
    # The preparer doubles percent signs for the driver; the ledger will do that itself.
    quoted = engine.dialect.identifier_preparer.format_table(shape(table)[0])
    name = quoted.replace("%%", "%")
    notes = [ledger.note_table(name)]
    host, port = _reached_at(url)
    created = plan(tenants, host, port, PREFIX)
    with _superuser(url) as cursor:
        cursor.execute(ledger.take())
        _refuse_unless_empty(url, cursor, ledger, table.name)
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", (table.schema,))
        if table.schema is not None and not cursor.fetchone()[0]:
            notes.append(ledger.note_schema(table.schema))
        if table != DEFAULT_TABLE:
            rehearse(engine, keyring, created[:1], table)
        cursor.execute(ledger.create())

    def tell(done: int) -> None:
        progress(f"{done:,} of {tenants:,} tenants created")

    try:
        Provisioner(url, copy_files=False, ledger=ledger, tell=tell).create(created)
        write_rows(engine, keyring, created, table, notes)
    except (psycopg2.Error, SQLAlchemyError) as error:
        raise BackendError(WHERE, first_line(error, url), f"mend it, after: {DROP_IT}") from None
    seconds = time.monotonic() - begun
    progress(f"{server(url)}: {_tenants(tenants)} created in {seconds:.2f} s; to remove: {DROP_IT}")


def drop(database_url: str, progress: Callable[[str], None]) -> None:
    """Remove what `provision` noted, and nothing else. May be repeated after an interruption.

    BackendError where nothing was provisioned, or something is still in use.
    """
    url = _parse(database_url)
    ledger = Ledger()
    with _superuser(url) as cursor:
        cursor.execute(ledger.take())
        if not ledger.exists(cursor):
            what = f"nothing was provisioned in database {url.database or url.username}"
            raise BackendError(WHERE, what, "name provision's database")
        entries = ledger.entries(cursor)
        for entry in entries:
            try:
                ledger.remove(cursor, entry)
            except psycopg2.Error as error:
                raise _in_use(entry, error, url) from None
        cursor.execute(ledger.drop())
    databases = sum(entry.kind == "database" for entry in entries)
    progress(f"{server(url)}: {_tenants(databases)} removed")


def _tenants(count: int) -> str:
    return f"{count:,} tenant{'' if count == 1 else 's'}"


def _in_use(entry: Entry, error: psycopg2.Error, url: URL) -> StressError:
    if isinstance(error, (psycopg2.errors.ObjectInUse, psycopg2.errors.LockNotAvailable)):
        what = f"{entry.kind} {entry.name} is in use"
    else:
        what = f"{entry.kind} {entry.name}: {first_line(error, url)}"
    return BackendError(WHERE, what, "end what uses it, then again")


@contextmanager
def _superuser(url: URL) -> Iterator[Any]:
    """A cursor of a superuser, each statement committed by itself."""
    try:
        connection = connect(url)
    except psycopg2.Error as error:
        raise refusal(url, error) from None
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_LIMIT_S}s'")
        if not is_superuser(cursor):
            what = f"user {url.username} is no superuser"
            raise BackendError(WHERE, what, "give one: it creates databases and roles")
        try:
            yield cursor
        except psycopg2.errors.LockNotAvailable:
            what = "another provision is at work there"
            raise BackendError(WHERE, what, "wait until it has ended") from None
        except (psycopg2.Error, SQLAlchemyError) as error:
            what = f"{server(url)}: {first_line(error, url)}"
            raise BackendError(WHERE, what, "mend it, then again") from None


def _refuse_unless_empty(url: URL, cursor: Any, ledger: Ledger, table: str) -> None:
    if ledger.exists(cursor):
        raise BackendError(WHERE, "tenants were provisioned here already", f"first: {DROP_IT}")
    for kind, question in _NAMES.items():
        cursor.execute(question)
        name = cursor.fetchone()[0]
        if name is not None:
            what = f"{server(url)} has a {kind} {name}"
            raise BackendError(WHERE, what, "provision wants an empty server")
    cursor.execute("SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname")
    for (database,) in cursor.fetchall():
        with closing(connect(url.set(database=database))) as other, other.cursor() as inside:
            inside.execute(_TABLES, (table,))
            if inside.fetchone()[0]:
                what = f"database {database} has a table {table}"
                raise BackendError(WHERE, what, "provision wants an empty server")


def _reached_at(url: URL) -> tuple[str, int]:
    """Host and port as the rows will say them. ValueError where they are not one each."""
    host = url.host or url.query.get("host", "localhost")
    if not isinstance(host, str) or "," in host:
        raise ValueError(host)
    return host, url.port or int(str(url.query.get("port", DEFAULT_PORT)))


def _parse(database_url: str) -> URL:
    cure = "write postgresql://USER:PASSWORD@HOST:PORT/NAME"
    url = None
    if not _can_be_sent(database_url):
        raise BackendError(WHERE, "it holds what is no text", cure)
    with suppress(ConfigurationError):
        url = parse_url(database_url)
    if url is None or url.get_backend_name() != "postgresql":
        raise BackendError(WHERE, "it is no PostgreSQL URL", cure)
    refuse_second_at(url)
    # The one driver that we bring along, whichever the URL asks for.
    url = url.set(drivername=DEFAULT_DRIVER)
    try:
        url.get_dialect()().create_connect_args(url)
        _reached_at(url)
    except (ArgumentError, ValueError):
        raise BackendError(WHERE, "it names not one server", cure) from None
    return url


def _can_be_sent(database_url: str) -> bool:
    """Whether libpq can take each part: UTF-8 without NUL."""
    text = unquote(database_url, errors="surrogateescape")
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _keyring(encryption_key: str) -> Keyring:
    try:
        return Keyring(encryption_key)
    except ConfigurationError as error:
        what = str(error).replace("the encryption key is", "it is")
    raise BackendError("ENCRYPTION_KEY", what, "unset it, and add --new-key")
