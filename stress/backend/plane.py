"""The user's control plane, read only: is its table what the mapping says, and who is active."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    RowMapping,
    create_engine,
    func,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend.refusals import WHERE, first_line, refusal
from stress.errors import BackendError, SeveralErrors, StressError

CONNECT_LIMIT_S = 10
MAP_IT = "map it: --tenants-table FILE"


class Plane:
    """A control plane that nothing is written to.

    mapping_file: as the user wrote it; None where the table is taken as the default one.
    """

    def __init__(self, url: URL, mapping: TableMapping, mapping_file: str | None) -> None:
        self._url = url
        self._table = mapping
        self._file = mapping_file
        self._where = WHERE if mapping_file is None else f"--tenants-table {mapping_file}"
        self._engine = self._make_engine()

    def active(self, limit: int) -> tuple[int, list[RowMapping]]:
        """How many tenants are active, and the rows of the first `limit` of them, by key.

        BackendError (or SeveralErrors) where it cannot be opened, has no such table or columns, or
        nobody active in it.
        """
        with self._connect() as connection:
            self._check_shape(connection)
            total, active = self._count(connection)
            if not total:
                mend = "fill it first, or: stress provision"
                raise BackendError(WHERE, f"table {self._table.table} is empty", mend)
            if not active:
                what = f"none of {total:,} tenants is active"
                raise BackendError(self._where, what, 'activate some, or map active = "…"')
            ids = connection.execute(self._table.active_ids_statement(limit)).scalars().all()
            rows = (self._row(connection, tenant_id) for tenant_id in ids)
            return active, [row for row in rows if row is not None]

    def _make_engine(self) -> Engine:
        url, arguments = self._url, {}
        if url.get_backend_name() == "sqlite":
            # As a URI: a mode that neither creates a missing file nor writes to this one.
            path = Path(url.database or "").absolute()
            url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
        elif url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
            arguments["connect_timeout"] = CONNECT_LIMIT_S
        try:
            return create_engine(url, connect_args=arguments, poolclass=NullPool)
        except (ImportError, NoSuchModuleError, ArgumentError):
            name = self._url.drivername
            raise BackendError(WHERE, f"no driver {name} here", "install it with pip") from None

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise refusal(self._url, error) from None
        with connection:
            if self._url.get_backend_name() == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            yield connection

    def _check_shape(self, connection: Connection) -> None:
        mapping = self._table
        try:
            inspector = inspect(connection)
            if not inspector.has_table(mapping.name, schema=mapping.schema):
                mend = MAP_IT if self._file is None else 'mend table = "…"'
                raise BackendError(self._where, f"there is no table {mapping.table}", mend)
            columns = inspector.get_columns(mapping.name, mapping.schema)
        except SQLAlchemyError as error:
            raise refusal(self._url, error) from None
        found = {column["name"] for column in columns}
        needed = {key: getattr(mapping, key) for key in mapping.row_columns() if key != "active"}
        if mapping.active == DEFAULT_TABLE.active:
            needed["active"] = "status"
        missing: list[StressError] = [
            BackendError(
                self._where,
                f"table {mapping.table} has no column {name}",
                MAP_IT if self._file is None else f'add {key} = "…"',
            )
            for key, name in needed.items()
            if name not in found
        ]
        if len(missing) == 1:
            raise missing[0]
        if missing:
            raise SeveralErrors(missing)

    def _count(self, connection: Connection) -> tuple[int, int]:
        source = table(self._table.name, schema=self._table.schema)
        every = select(func.count()).select_from(source)
        active = select(func.count()).select_from(self._table.active_ids_statement().subquery())
        try:
            total = int(connection.scalar(every) or 0)
        except DBAPIError as error:
            what = f"table {self._table.table} cannot be read: {first_line(error, self._url)}"
            raise BackendError(WHERE, what, "GRANT SELECT on it") from None
        try:
            return total, int(connection.scalar(active) or 0)
        except DBAPIError as error:
            what = f"active does not run: {first_line(error, self._url)}"
            raise BackendError(self._where, what, "mend it there") from None

    def _row(self, connection: Connection, tenant_id: object) -> RowMapping | None:
        statement = self._table.row_statement()
        return connection.execute(statement, {"tenant_id": tenant_id}).mappings().first()
