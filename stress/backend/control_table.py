"""The control plane's table for synthetic tenants, in the default shape or in a mapped one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DuplicateColumnError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from resolver.keyring import AES_256_GCM, Keyring
from resolver.table import DEFAULT_TABLE, TableMapping, metadata_table
from stress.backend.provision import NewTenant
from stress.errors import BackendError

# What of a condition can be turned round into a column and the value that makes a row active.
_CONDITIONS: tuple[tuple[str, Callable[[re.Match[str]], tuple[Any, Any]]], ...] = (
    (r"(\w+)\s*=\s*'([^']*)'", lambda found: (Text, found[2])),
    (r"(\w+)(?:\s*(?:=|IS)\s*TRUE)?", lambda _found: (Boolean, True)),
    (r"NOT\s+(\w+)|(\w+)\s*(?:=|IS)\s*FALSE", lambda _found: (Boolean, False)),
    (r"(\w+)\s+IS\s+NULL", lambda _found: (Text, None)),
    (r"(\w+)\s*=\s*(\d+)", lambda found: (Integer, int(found[2]))),
)


def write_rows(
    engine: Engine,
    keyring: Keyring,
    tenants: Sequence[NewTenant],
    mapping: TableMapping = DEFAULT_TABLE,
    then: Sequence[str] = (),
) -> None:
    """Create the table (and its schema), write a row for each tenant, and run `then` as well, in
    one transaction. BackendError where the mapping's condition cannot be turned round."""
    with engine.begin() as connection:
        _write(connection, keyring, tenants, mapping)
        for statement in then:
            connection.exec_driver_sql(statement)


def rehearse(
    engine: Engine, keyring: Keyring, tenants: Sequence[NewTenant], mapping: TableMapping
) -> None:
    """Create the table, write the rows, read them as a resolver will, and roll all of it back.

    Only the server can say whether these names make a table and whether the condition, which is
    SQL, finds the rows. BackendError where not; SQLAlchemyError where the server is in trouble.
    """
    where, mend = "--tenants-table", "mend the file"
    with engine.connect() as connection:
        try:
            _write(connection, keyring, tenants, mapping)
            found = connection.execute(mapping.active_ids_statement()).all()
            connection.execute(mapping.row_statement(), {"tenant_id": tenants[0].tenant_id}).one()
        except (OperationalError, InternalError):
            raise  # the server's own troubles
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise BackendError(where, said, mend) from None
        finally:
            connection.rollback()
    if len(found) != len(tenants):
        raise BackendError(where, f"{mapping.active} finds no row made for it", mend)


def _write(
    connection: Connection, keyring: Keyring, tenants: Sequence[NewTenant], mapping: TableMapping
) -> None:
    table, active = shape(mapping)
    if mapping.schema is not None:
        connection.execute(CreateSchema(mapping.schema, if_not_exists=True))
    table.create(connection)
    connection.execute(
        table.insert(), [{**_row(mapping, keyring, one), **active} for one in tenants]
    )


def shape(mapping: TableMapping) -> tuple[Table, dict[str, Any]]:
    """The table that a mapping describes, and the values that make a row of it active.

    BackendError where two keys name one column, or the condition cannot be turned round.
    """
    if mapping == DEFAULT_TABLE:
        return metadata_table(), {"status": "active"}
    column, kind, value = _turned_round(mapping)
    columns = [Column(mapping.id, Text, primary_key=True), Column(column, kind)]
    if mapping.url is not None:
        columns.append(Column(mapping.url, Text, nullable=False))
    else:
        columns.append(Column(mapping.port, Integer, nullable=False))
        columns += [
            Column(name, Text, nullable=False)
            for name in (mapping.host, mapping.database, mapping.username, mapping.password)
        ]
    if mapping.version is not False:
        columns.append(Column(mapping.version, BigInteger, nullable=False))
    try:
        return Table(mapping.name, MetaData(), *columns, schema=mapping.schema), {column: value}
    except DuplicateColumnError:
        names = [one.name for one in columns]
        twice = next(name for name in names if names.count(name) > 1)
    raise BackendError("--tenants-table", f"column {twice} is named twice", "name another one")


def _turned_round(mapping: TableMapping) -> tuple[str, Any, Any]:
    for pattern, meaning in _CONDITIONS:
        found = re.fullmatch(pattern, mapping.active.strip(), re.IGNORECASE)
        if found is not None:
            kind, value = meaning(found)
            return next(name for name in found.groups() if name is not None), kind, value
    what = f"cannot make a row with {mapping.active}"
    raise BackendError("--tenants-table", what, "write active = \"column = 'value'\"")


def _row(mapping: TableMapping, keyring: Keyring, tenant: NewTenant) -> dict[str, Any]:
    url, cipher = tenant.url, mapping.cipher or AES_256_GCM
    row: dict[str, Any] = {mapping.id: tenant.tenant_id}
    if mapping == DEFAULT_TABLE:
        row["name"] = tenant.tenant_id.replace("-", " ").capitalize()
    if mapping.version is not False:
        row[mapping.version] = tenant.version
    if mapping.url is not None:
        whole = _as_one(url).render_as_string(hide_password=False)
        return {**row, mapping.url: keyring.encrypt(tenant.tenant_id, whole, cipher)}
    return {
        **row,
        mapping.host: url.host,
        mapping.port: url.port,
        mapping.database: url.database,
        mapping.username: url.username,
        mapping.password: keyring.encrypt(tenant.tenant_id, str(url.password), cipher),
    }


def _as_one(url: URL) -> URL:
    """The URL as a text that can be read again: the folder of a socket goes behind the `?`, for
    before it a slash ends the host."""
    if not (url.host or "").startswith("/"):
        return url.set(drivername="postgresql")
    place = {"host": str(url.host), "port": str(url.port)}
    return URL.create("postgresql", url.username, url.password, database=url.database, query=place)
