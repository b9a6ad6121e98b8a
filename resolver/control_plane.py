"""The control plane: where tenants' rows are read, and what a row becomes.

One engine for each process, made at its first load; a connection is never used in a process that
did not open it. What the driver raises becomes ControlPlaneUnavailable, without the URL's password.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine, RowMapping, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from resolver.errors import (
    ConfigurationError,
    ControlPlaneUnavailable,
    CredentialsError,
    TenantInactive,
    TenantNotFound,
)
from resolver.forks import in_child
from resolver.keyring import Cipher, Keyring, unpack
from resolver.record import DEFAULT_DRIVER, Fields, Loaded, pack
from resolver.table import DEFAULT_TABLE, TableMapping

Result = TypeVar("Result")

# A process keeps few connections to the control plane: with a warm cache it loads once per TTL.
_KEPT_CONNECTIONS = 2
_FURTHER_CONNECTIONS = 8


def parse_url(text: str) -> URL:
    """A database URL, PostgreSQL's with its driver. ConfigurationError quotes nothing of it."""
    parsed = None
    with contextlib.suppress(ArgumentError, ValueError):
        parsed = make_url(text)
    del text
    if parsed is None:
        raise ConfigurationError("the database URL is not of the form driver://user@host/name")
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername=DEFAULT_DRIVER)
    return parsed


class ControlPlane:
    """Loads one tenant's record at a time; called by the cache, on the thread that missed."""

    def __init__(
        self,
        url: URL,
        keyring: Keyring,
        *,
        statement_timeout: float,
        table: TableMapping = DEFAULT_TABLE,
        pool_size: int = _KEPT_CONNECTIONS,
        max_overflow: int = _FURTHER_CONNECTIONS,
    ) -> None:
        """statement_timeout in seconds: PostgreSQL ends a statement that takes longer. pool_size,
        max_overflow: of this process, no more than a control plane needs."""
        self._url = url
        self._keyring = keyring
        self._table = table
        self._timeout = statement_timeout
        self._pool = {
            "pool_size": min(pool_size, _KEPT_CONNECTIONS),
            "max_overflow": min(max_overflow, _FURTHER_CONNECTIONS),
            "pool_timeout": statement_timeout,
        }
        self._statement = table.row_statement()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._key: Callable[[str], Any] = str
        in_child(self._forget_parent)

    def __repr__(self) -> str:
        # Without the query: it may hold secrets too, which SQLAlchemy's own form prints.
        return f"<ControlPlane {self._url.set(password=None, query={})}>"

    def open(self) -> None:
        """Connect now instead of at the first load of this process."""
        self._guard(self._ready)

    def load(self, tenant_id: str) -> Loaded:
        """The tenant's record, its credentials opened once to see that they open.

        TenantNotFound, TenantInactive, CredentialsError or ControlPlaneUnavailable.
        """
        if self._engine is None:
            self.open()
        started_ns = time.monotonic_ns()
        row = self._guard(lambda: self._row(tenant_id))
        asked_ns = time.monotonic_ns()
        if row is None or str(row["id"]) != tenant_id:
            raise TenantNotFound(f"no tenant {tenant_id!r}")
        if not row["active"]:
            raise TenantInactive(f"tenant {tenant_id!r} is not active")
        fields = self._fields(tenant_id, row)
        decrypted_ns = time.monotonic_ns()
        version = version_of(self._table, row, fields)
        return Loaded(pack(fields), version, asked_ns - started_ns, decrypted_ns - asked_ns)

    def active_ids(self, limit: int | None = None) -> list[str]:
        """Ids of the active tenants, in the key's order."""

        def read() -> list[str]:
            with self._ready().connect() as connection:
                found = connection.execute(self._table.active_ids_statement(limit)).scalars()
                return [str(tenant_id) for tenant_id in found]

        return self._guard(read)

    def close(self) -> None:
        """Close this process's connections; the next load opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _forget_parent(self) -> None:
        self._lock = threading.Lock()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose(close=False)  # the parent's sockets are not ours to close

    def _guard(self, work: Callable[[], Result]) -> Result:
        """Runs `work`; a driver's error becomes ours, and nothing of its frames is kept.

        One more try where a pooled connection proves dead: the server was restarted.
        """
        reason = ""
        for _ in range(2):
            try:
                return work()
            except SQLAlchemyError as error:
                reason = self._reason(error)
                if not (isinstance(error, DBAPIError) and error.connection_invalidated):
                    break
        raise ControlPlaneUnavailable(reason)

    def _reason(self, error: SQLAlchemyError) -> str:
        """First line of what the driver said, without the password."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        said = str(cause).strip().partition("\n")[0]
        if self._url.password:
            said = said.replace(str(self._url.password), "***")
        return f"control plane: {type(cause).__name__}: {said}"

    def _row(self, tenant_id: str) -> RowMapping | None:
        engine = self._ready()
        key = self._key(tenant_id)
        if key is None:
            return None
        with engine.connect() as connection:
            return connection.execute(self._statement, {"tenant_id": key}).mappings().first()

    def _fields(self, tenant_id: str, row: RowMapping) -> Fields:
        """The row's connection fields. The plaintext is opened in here and not kept."""
        token = row["url" if self._table.url else "password"]
        if not isinstance(token, str):
            raise CredentialsError(f"tenant {tenant_id!r} has no credentials")
        cipher, sealed = unpack(tenant_id, token, self._table.cipher)
        if self._table.url is None:
            self._keyring.open(tenant_id, cipher, sealed)
            return _fields_of_row(tenant_id, row, cipher, sealed)
        fields = _fields_of_url(self._keyring.open(tenant_id, cipher, sealed), cipher, sealed)
        if fields is None:
            raise CredentialsError(f"tenant {tenant_id!r}: what decrypts is no database URL")
        return fields

    def _ready(self) -> Engine:
        """This process's engine; the first time with a connection and the key's type known."""
        engine = self._engine
        if engine is None:
            with self._lock:
                engine = self._engine
                if engine is None:
                    engine = self._make_engine()
                    self._key = _key_reader(engine, self._table)
                    self._engine = engine
        return engine

    def _make_engine(self) -> Engine:
        url = self._url
        arguments: dict[str, Any] = {}
        if url.get_backend_name() == "sqlite":
            arguments["timeout"] = self._timeout
        elif url.drivername == DEFAULT_DRIVER and "connect_timeout" not in url.query:
            arguments["connect_timeout"] = max(2, math.ceil(self._timeout))  # libpq's least
        in_memory = url.database in (None, "", ":memory:")  # SQLite then has a pool of its own
        engine = create_engine(
            url,
            connect_args=arguments,
            # One statement for each load: no BEGIN before it and no ROLLBACK after it.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,
            **({} if in_memory else self._pool),
        )
        if url.get_backend_name() == "postgresql":
            event.listen(engine, "connect", self._limit_statements)
        return engine

    def _limit_statements(self, connection: Any, _record: Any) -> None:
        # A statement: poolers refuse it as a start-up option. In autocommit, so that it stays.
        before, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {max(1, int(self._timeout * 1000))}")
        connection.autocommit = before


def _fields_of_row(tenant_id: str, row: RowMapping, cipher: Cipher, sealed: bytes) -> Fields:
    """What a row's own columns name."""
    with contextlib.suppress(TypeError, ValueError):
        port = int(row["port"] or 0)
        if 0 <= port < 65536:
            host, database, username = (
                str(row[name] or "") for name in ("host", "database", "username")
            )
            return Fields(DEFAULT_DRIVER, host, port, database, username, cipher, sealed, False)
    raise ControlPlaneUnavailable(f"the row of tenant {tenant_id!r} names no usable port")


def _fields_of_url(secret: str, cipher: Cipher, sealed: bytes) -> Fields | None:
    """What a whole URL names, the secret itself left sealed; None where it is no URL."""
    try:
        place = parse_url(secret)
    except ConfigurationError:
        return None
    return Fields(
        place.drivername,
        place.host or "",
        place.port or 0,
        place.database or "",
        place.username or "",
        cipher,
        sealed,
        True,
    )


def _key_reader(engine: Engine, table: TableMapping) -> Callable[[str], Any]:
    """How an id becomes a value of the key's column; None: such a key cannot exist.

    Without it a database compares by its own rules: a uuid equals its other spellings, and text
    that is none is an error in place of not-found.
    """
    columns = inspect(engine).get_columns(table.name, schema=table.schema)
    kind = next((column["type"] for column in columns if column["name"] == table.id), None)
    try:
        python_type = kind.python_type if kind is not None else str
    except NotImplementedError:
        python_type = str
    if python_type in (UUID, int):
        return lambda tenant_id: _canonical(python_type, tenant_id)
    return str


def _canonical(python_type: type, tenant_id: str) -> Any:
    """The id's value if this is its one canonical spelling, else None."""
    try:
        value = python_type(tenant_id)
    except ValueError:
        return None
    if str(value) != tenant_id:
        return None
    return tenant_id if python_type is UUID else value


def version_of(table: TableMapping, row: RowMapping, fields: Fields) -> int:
    """A row's version; without a column for it, a number that changes with any connection field."""
    return _hashed(fields) if table.version is False else _number(row["version"])


def _number(version: Any) -> int:
    """A version column as an integer that grows with it, as far as its type allows."""
    if isinstance(version, int):
        return version
    if isinstance(version, datetime):
        return int(version.timestamp() * 1e6)
    return _digest(str(version).encode())


def _hashed(fields: Fields) -> int:
    """Stands in for a version: changes with any connection field."""
    return _digest(pack(fields))


def _digest(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "big") >> 1
