"""What a row of the control plane says: where a tenant's database is, with which credentials.

Read here for the tester, apart from the resolver's own reading, which is under test.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import RowMapping
from sqlalchemy.engine import URL

from resolver.control_plane import parse_url, version_of
from resolver.errors import ConfigurationError, CredentialsError
from resolver.keyring import Keyring, unpack
from resolver.record import DEFAULT_DRIVER, Fields
from resolver.table import TableMapping


@dataclass(frozen=True)
class Row:
    """One tenant's row, decrypted. url: with the password, which its repr masks."""

    tenant_id: str
    url: URL
    version: int


def read(table: TableMapping, keyring: Keyring, row: RowMapping) -> Row:
    """The row's content. CredentialsError where it does not decrypt, or to no database URL."""
    tenant_id = str(row["id"])
    token = row["password" if table.url is None else "url"]
    if not isinstance(token, str):
        raise CredentialsError(f"tenant {tenant_id!r} has no credentials")
    cipher, sealed = unpack(tenant_id, token, table.cipher)
    secret = keyring.open(tenant_id, cipher, sealed)
    url = _place(row, secret) if table.url is None else _parse(tenant_id, secret)
    fields = Fields(
        url.drivername,
        url.host or "",
        url.port or 0,
        url.database or "",
        url.username or "",
        cipher,
        sealed,
        table.url is not None,
    )
    return Row(tenant_id, url, version_of(table, row, fields))


def place_without_secret(table: TableMapping, row: RowMapping) -> URL:
    """What the row says in clear of the place; nothing where its whole URL is sealed."""
    return URL.create(DEFAULT_DRIVER) if table.url is not None else _place(row, None)


def _place(row: RowMapping, password: str | None) -> URL:
    return URL.create(
        DEFAULT_DRIVER,
        username=str(row["username"]),
        password=password,
        host=str(row["host"]),
        port=int(row["port"]) if row["port"] is not None else None,
        database=str(row["database"]),
    )


def _parse(tenant_id: str, secret: str) -> URL:
    try:
        return parse_url(secret)
    except ConfigurationError:
        pass
    raise CredentialsError(f"tenant {tenant_id!r}: what decrypts is no database URL")
