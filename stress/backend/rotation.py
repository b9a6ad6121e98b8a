"""Writes to the control plane that a checking phase makes: a new version, new credentials.

Only where writing is allowed: on the embedded server. The role of a rotation is made before the
workers fork, so that every worker knows which credentials will be right; the row is changed later.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import psycopg2
from psycopg2.sql import SQL, Identifier
from sqlalchemy.engine import URL, make_url

from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE
from stress.backend.embedded import EmbeddedBackend
from stress.backend.provision import Provisioner, new_password, role
from stress.backend.tenants import connect


@dataclass(frozen=True)
class Rotation:
    """A tenant's next credentials, ready to be committed."""

    index: int
    tenant_id: str
    username: str
    version: int
    sealed: str = field(repr=False)


def prepare(backend: EmbeddedBackend, indices: Sequence[int], suffix: str) -> list[Rotation]:
    """Make a role for each tenant that may do what its present one may; commit nothing yet."""
    keyring = Keyring(backend.encryption_key)
    made = []
    statements = []
    for index in indices:
        truth = backend.tenants[index]
        assert truth.username is not None
        username = f"{truth.username}_{suffix}"
        url = truth.url.set(username=username, password=new_password())
        statements.append(role(url))
        statements.append(
            SQL("GRANT {} TO {}").format(Identifier(truth.username), Identifier(username))
        )
        made.append(
            Rotation(
                index=index,
                tenant_id=truth.tenant_id,
                username=username,
                version=int(truth.version) + 1,
                sealed=keyring.encrypt(truth.tenant_id, str(url.password)),
            )
        )
    Provisioner(backend.admin_url, copy_files=False).run(*statements)
    return made


def can_write(backend: object) -> bool:
    """Whether a phase may write: our own server, and the table as we made it."""
    return isinstance(backend, EmbeddedBackend) and backend.table == DEFAULT_TABLE


def refresh(backend: EmbeddedBackend) -> None:
    """Read again which versions and users the rows name: an earlier phase may have changed them."""
    url = make_url(backend.control_plane_url)
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, username, version FROM tenants")
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    backend.tenants = tuple(
        replace(
            truth,
            url=truth.url.set(username=rows[truth.tenant_id][0]),
            version=rows[truth.tenant_id][1],
        )
        for truth in backend.tenants
    )


class Writer:
    """Changes rows of the control plane. Opens its connection in the process that first writes."""

    def __init__(self, control_plane_url: str) -> None:
        self._url: URL = make_url(control_plane_url)
        self._connection: psycopg2.extensions.connection | None = None

    def __repr__(self) -> str:
        return "<Writer>"

    def raise_version(self, tenant_id: str) -> int:
        """A commit that changes nothing but the version; the new one."""
        return self._change("version = version + 1", (), tenant_id)

    def rotate(self, rotation: Rotation) -> int:
        """Commit the new credentials; the new version."""
        assignments = "username = %s, encrypted_password = %s, version = version + 1"
        values = (rotation.username, rotation.sealed)
        return self._change(assignments, values, rotation.tenant_id)

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _change(self, assignments: str, values: Sequence[str], tenant_id: str) -> int:
        if self._connection is None:
            self._connection = connect(self._url)
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(
                f"UPDATE tenants SET {assignments}, updated_at = now() WHERE id = %s "
                "RETURNING version",
                (*values, tenant_id),
            )
            return int(cursor.fetchone()[0])
