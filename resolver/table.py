"""The control plane's table of tenants: its default shape, and the mapping that reads another one.

The keys of a mapping are those of `--tenants-table FILE.toml`; what is left out keeps its default:

    table = "tenants"         schema-qualified or not
    id = "id"                 the key
    active = "status = 'active'"    SQL condition
    host, port, database, username = same names;  password = "encrypted_password"
    url = …                   in place of these five: one column with a whole encrypted URL
    version = "version"       grows with each change; false: a hash of the connection fields serves
    cipher = …                "fernet" or "aes-256-gcm"; by default the value's prefix decides
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.sql.expression import ColumnElement, FromClause

from resolver.errors import ConfigurationError
from resolver.keyring import AES_256_GCM, FERNET, Cipher

_URL_PARTS = ("host", "port", "database", "username", "password")


@dataclass(frozen=True, slots=True)
class TableMapping:
    """Which table and columns hold the tenants. Built by `from_keys`, which validates."""

    table: str = "tenants"
    id: str = "id"
    active: str = "status = 'active'"
    url: str | None = None
    host: str = "host"
    port: str = "port"
    database: str = "database"
    username: str = "username"
    password: str = "encrypted_password"
    version: str | Literal[False] = "version"
    cipher: Cipher | None = None

    @classmethod
    def from_keys(cls, keys: Mapping[str, Any]) -> TableMapping:
        """A mapping from plain keys, as TOML gives them. ConfigurationError names the mistake."""
        known = [field.name for field in fields(cls)]
        for key, value in keys.items():
            if key not in known:
                raise ConfigurationError(f"unknown key {key!r} in table; known: {', '.join(known)}")
            if key == "version" and value is False:
                continue
            if not isinstance(value, str) or not value.strip():
                raise ConfigurationError(f"table key {key!r} must be a text that is not empty")
        if "url" in keys and any(part in keys for part in _URL_PARTS):
            raise ConfigurationError(f"table: either url or {', '.join(_URL_PARTS)}, not both")
        if keys.get("cipher") not in (None, FERNET, AES_256_GCM):
            raise ConfigurationError(f"table: cipher must be {FERNET!r} or {AES_256_GCM!r}")
        return cls(**keys)

    @property
    def schema(self) -> str | None:
        """The schema of a qualified table name, else None."""
        return self.table.rpartition(".")[0] or None

    @property
    def name(self) -> str:
        """The table's name without a schema."""
        return self.table.rpartition(".")[2]

    def row_statement(self) -> Select[Any]:
        """One tenant's row by the parameter `tenant_id`; result columns as in `row_columns`."""
        return (
            select(*self._columns())
            .select_from(self._source())
            .where(column(self.id) == bindparam("tenant_id"))
        )

    def active_ids_statement(self, limit: int | None = None) -> Select[Any]:
        """Ids of the active tenants in the key's order, at most `limit` of them."""
        statement: Select[Any] = (
            select(column(self.id)).select_from(self._source()).where(text(self.active))
        ).order_by(column(self.id))
        return statement if limit is None else statement.limit(limit)

    def row_columns(self) -> tuple[str, ...]:
        """Names of the columns of `row_statement`: id, active, version (if any), then the place."""
        version = () if self.version is False else ("version",)
        return ("id", "active", *version, *(("url",) if self.url else _URL_PARTS))

    def _columns(self) -> list[ColumnElement[Any]]:
        names = {name: getattr(self, name) for name in self.row_columns() if name != "active"}
        columns: list[ColumnElement[Any]] = [
            column(names[name]).label(name) for name in names if name == "id"
        ]
        columns.append(literal_column(f"({self.active})").label("active"))
        columns.extend(column(names[name]).label(name) for name in names if name != "id")
        return columns

    def _source(self) -> FromClause:
        return table(self.name, schema=self.schema)


DEFAULT_TABLE = TableMapping()


def metadata_table(metadata: MetaData | None = None) -> Table:
    """The default table, to create it with `metadata.create_all(…)` and to write rows into it."""
    return Table(
        DEFAULT_TABLE.name,
        metadata if metadata is not None else MetaData(),
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False, server_default=""),
        Column("status", Text, nullable=False, server_default="active"),
        Column("host", Text, nullable=False),
        Column("port", Integer, nullable=False),
        Column("database", Text, nullable=False),
        Column("username", Text, nullable=False),
        Column("encrypted_password", Text, nullable=False),
        Column("version", BigInteger, nullable=False, server_default="1"),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
