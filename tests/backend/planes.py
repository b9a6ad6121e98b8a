"""Control planes that a test makes on a server of its own, and how a run opens them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.engine import URL

from resolver.table import metadata_table
from stress.backend import given
from stress.backend.embedded import EmbeddedBackend
from stress.backend.given import GivenBackend
from stress.backend.tenants import connect

Plane = Callable[..., URL]


def execute(url: URL, *statements: str) -> None:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def copy_rows(server: EmbeddedBackend, url: URL, count: int) -> None:
    """The default table with the first rows of the server's own control plane."""
    table = metadata_table()
    with create_engine(server.control_plane_url, poolclass=NullPool).connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()][:count]
    with create_engine(url, poolclass=NullPool).begin() as connection:
        table.create(connection)
        if found:
            connection.execute(table.insert(), found)


def text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def opened(server: EmbeddedBackend, url: URL | str, **options: Any) -> GivenBackend:
    lines = options.pop("lines", [])
    key = options.pop("key", server.encryption_key)
    spelled = url if isinstance(url, str) else text(url)
    return given.start(spelled, key, progress=lines.append, **options)
