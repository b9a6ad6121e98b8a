"""Hooks into psycopg2 and psycopg, for targets that use them without SQLAlchemy.

psycopg2's classes are compiled: its `connect` is wrapped, and a connection to the control plane
gets cursors of a subclass that report what they execute. Connections to anything else stay as they
are. psycopg's Cursor is Python: its `execute` is wrapped.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.extensions

from stress.target.places import place_of_connection

if TYPE_CHECKING:
    from stress.target.loads import LoadWatch

_SPELLED = ("postgresql+psycopg2://", "postgresql+psycopg://")


def wrap(watch: LoadWatch) -> Callable[[], None]:
    """Hook both drivers; the callable that is returned takes the hooks away again."""
    restore = [_wrap_psycopg2(watch)]
    if importlib.util.find_spec("psycopg") is not None:
        restore.append(_wrap_psycopg(watch))

    def unwrap() -> None:
        for one in restore:
            one()

    return unwrap


def _wrap_psycopg2(watch: LoadWatch) -> Callable[[], None]:
    original = psycopg2.connect

    @wraps(original)
    def connect(dsn: Any = None, *arguments: Any, **named: Any) -> Any:
        connection = original(_plain(dsn), *arguments, **named)
        if _to_control_plane(watch, connection):
            factory = connection.cursor_factory or psycopg2.extensions.cursor
            connection.cursor_factory = _reporting(factory, watch)
        return connection

    psycopg2.connect = connect

    def restore() -> None:
        psycopg2.connect = original

    return restore


def _plain(dsn: Any) -> Any:
    """A URL as libpq reads it; SQLAlchemy's name of the driver in it is for SQLAlchemy alone."""
    if isinstance(dsn, str):
        for spelled in _SPELLED:
            if dsn.startswith(spelled):
                return "postgresql://" + dsn[len(spelled) :]
    return dsn


def _to_control_plane(watch: LoadWatch, connection: Any) -> bool:
    place = place_of_connection(connection)
    return place is not None and watch.statements.is_there(place.host, place.port, place.database)


@lru_cache(maxsize=32)
def _reporting(factory: type[Any], watch: LoadWatch) -> type[Any]:
    """The cursor class that a connection would have used, reporting loads."""

    def execute(self: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        if not watch.listens or not watch.statements.reads_the_table(_text(query, self)):
            return factory.execute(self, query, *arguments, **named)
        watch.begin()
        try:
            return factory.execute(self, query, *arguments, **named)
        finally:
            watch.end()

    return type(factory.__name__, (factory,), {"execute": execute})


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    if hasattr(query, "as_string"):
        return str(query.as_string(cursor))
    return str(query)


def _wrap_psycopg(watch: LoadWatch) -> Callable[[], None]:
    cursor: Any = importlib.import_module("psycopg").Cursor
    original = cursor.execute

    @wraps(original)
    def execute(self: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        if (
            not watch.listens
            or not _to_control_plane(watch, self.connection)
            or not watch.statements.reads_the_table(_text(query, self))
        ):
            return original(self, query, *arguments, **named)
        watch.begin()
        try:
            return original(self, query, *arguments, **named)
        finally:
            watch.end()

    cursor.execute = execute

    def restore() -> None:
        cursor.execute = original

    return restore
