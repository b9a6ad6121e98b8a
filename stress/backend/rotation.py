"""Writes to the control plane that a checking phase makes: a new version, new credentials.

Only on the rows of a backend's `writable` tenants. The role of a rotation is made before the
workers fork, so that every worker knows which credentials will be right; the row is changed later.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2
from psycopg2.sql import SQL, Composable, Identifier
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL, make_url

from resolver.keyring import AES_256_GCM, Keyring
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend import rows
from stress.backend.backend import Backend
from stress.backend.provision import Provisioner, new_password, role
from stress.backend.tenants import connect, without_password

LONGEST_NAME = 63  # bytes of a PostgreSQL identifier


@dataclass(frozen=True)
class Rotation:
    """A tenant's next credentials, ready to be committed. columns: new values, sealed."""

    index: int
    tenant_id: str
    username: str
    version: int
    columns: dict[str, Any] = field(repr=False)


def prepare(backend: Backend, indices: Sequence[int]) -> list[Rotation]:
    """Make a role for each tenant that may do what its present one may; commit nothing yet.

    On somebody else's server the roles are noted in the ledger, so that `--drop` removes them.
    """
    assert backend.admin is not None
    keyring = Keyring(backend.encryption_key)
    made: list[Rotation] = []
    statements: list[Composable] = [] if backend.ledger is None else [backend.ledger.hold()]
    for index in indices:
        truth = backend.tenants[index]
        ending = f"_{secrets.token_hex(3)}"
        username = f"{str(truth.database)[: LONGEST_NAME - len(ending)]}{ending}"
        url = truth.url.set(username=username, password=new_password())
        # Sent as one, so that they are one transaction: no role without its note.
        together = [
            role(url),
            SQL("GRANT {} TO {}").format(Identifier(truth.username), Identifier(username)),
        ]
        if backend.ledger is not None:
            together.append(backend.ledger.note_role(username))
        statements.append(SQL(";").join(together))
        made.append(
            Rotation(
                index=index,
                tenant_id=truth.tenant_id,
                username=username,
                version=int(truth.version) + 1,
                columns=_columns(backend.table, keyring, truth.tenant_id, url),
            )
        )
    Provisioner(backend.admin, copy_files=False).run(*statements)
    return made


def _columns(table: TableMapping, keyring: Keyring, tenant_id: str, url: URL) -> dict[str, Any]:
    cipher = table.cipher or AES_256_GCM
    if table.url is None:
        sealed = keyring.encrypt(tenant_id, str(url.password), cipher)
        return {table.username: url.username, table.password: sealed}
    whole = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {table.url: keyring.encrypt(tenant_id, whole, cipher)}


def refresh(backend: Backend) -> None:
    """Read again which versions and users the rows of writable tenants name: an earlier phase may
    have changed them."""
    table, keyring = backend.table, Keyring(backend.encryption_key)
    fresh = list(backend.tenants)
    engine = create_engine(backend.control_plane_url, poolclass=NullPool)
    with engine.connect() as connection:
        for index in backend.writable:
            truth = fresh[index]
            parameters = {"tenant_id": truth.tenant_id}
            row = connection.execute(table.row_statement(), parameters).mappings().one()
            now = rows.read(table, keyring, row)
            identity = truth.identity
            if identity is not None and now.url.username != truth.username:
                identity = identity._replace(user=str(now.url.username))
            url = without_password(now.url)
            fresh[index] = replace(truth, url=url, version=now.version, identity=identity)
    backend.tenants = tuple(fresh)


class Writer:
    """Changes rows of the control plane. Opens its connection in the process that first writes."""

    def __init__(self, control_plane_url: str, table: TableMapping = DEFAULT_TABLE) -> None:
        self._url: URL = make_url(control_plane_url)
        self._table = table
        self._connection: psycopg2.extensions.connection | None = None

    def __repr__(self) -> str:
        return "<Writer>"

    def raise_version(self, tenant_id: str) -> int:
        """A commit that changes nothing but the version; the new one."""
        return self._change({}, tenant_id)

    def rotate(self, rotation: Rotation) -> int:
        """Commit the new credentials; the new version."""
        return self._change(rotation.columns, rotation.tenant_id)

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _change(self, columns: dict[str, Any], tenant_id: str) -> int:
        if self._connection is None:
            self._connection = connect(self._url)
        table, version = self._table, Identifier(str(self._table.version))
        assignments = [SQL("{} = %s").format(Identifier(name)) for name in columns]
        assignments.append(SQL("{0} = {0} + 1").format(version))
        if table == DEFAULT_TABLE:
            assignments.append(SQL("updated_at = now()"))
        statement = SQL("UPDATE {} SET {} WHERE {} = %s RETURNING {}").format(
            Identifier(*filter(None, (table.schema, table.name))),
            SQL(", ").join(assignments),
            Identifier(table.id),
            version,
        )
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(statement, (*columns.values(), tenant_id))
            return int(cursor.fetchone()[0])
