"""Answers of all kinds: what each names, and how what holds a connection is given back.

A resolution (tenant_id, url, version) · a SQLAlchemy Engine, sessionmaker, Session or Connection ·
a connection of psycopg2 or psycopg · a URL or DSN · a mapping or an object with `url`, `dsn`,
`database_url`, `engine`, or host, port, database and user · a context manager of one of these.
Known types are tried before "context manager": most of them are one as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from stress.target.places import Place, place_of, place_of_connection

WHOLE = ("url", "dsn", "database_url", "engine")
DATABASES, USERS = ("database", "dbname", "db_name"), ("username", "user")
DEPTH = 3  # a context manager of a mapping of a URL; deeper is a mistake


class Named(NamedTuple):
    """What an answer names. release: gives back what it holds, outside the timed part."""

    tenant_id: Any
    place: Place | None
    version: Any
    release: Callable[[], object] | None = None
    form: str = "resolution"


class NotAnAnswer(TypeError):
    """A value that names no tenant and no database."""


def named(answer: Any, depth: int = DEPTH) -> Named:
    """Read one answer. NotAnAnswer where it names nothing; what its attributes raise comes out."""
    if answer is None:
        raise NotAnAnswer("the answer is None")
    if isinstance(answer, (URL, str)):
        return Named(None, place_of(answer), None, None, "URL")
    if isinstance(answer, Engine):
        return Named(None, place_of(answer.url), None, None, "engine")
    if isinstance(answer, Connection):
        return Named(None, place_of(answer.engine.url), None, answer.close, "connection")
    if isinstance(answer, Session):
        return Named(None, _place_of_bind(answer.get_bind()), None, answer.close, "session")
    if isinstance(answer, (sessionmaker, scoped_session)):
        with answer() as session:
            return Named(None, _place_of_bind(session.get_bind()), None, None, "sessionmaker")
    place = place_of_connection(answer)
    if place is not None:
        return Named(None, place, None, None, "DBAPI connection")
    found = _of_fields(answer, depth)
    if found is not None:
        return found
    if isinstance(answer, AbstractContextManager) and depth:
        return _inside(answer, depth)
    raise NotAnAnswer(f"the answer names no tenant and no database: {type(answer).__name__}")


def _place_of_bind(bind: Engine | Connection) -> Place:
    return place_of(bind.url if isinstance(bind, Engine) else bind.engine.url)


def _of_fields(answer: Any, depth: int) -> Named | None:
    """A mapping or an object by its keys or attributes; None where it has none of them."""
    get: Callable[[str], Any]
    if isinstance(answer, Mapping):
        get, form = answer.get, "mapping"
    else:
        get, form = (lambda name: getattr(answer, name, None)), "object"
    tenant_id, version = get("tenant_id"), get("version")
    for name in WHOLE:
        whole = get(name)
        if isinstance(whole, (URL, str, Engine)):
            place = named(whole, 0).place
            form = "resolution" if tenant_id is not None and form == "object" else form
            return Named(tenant_id, place, version, None, form)
    database = _first(get, DATABASES)
    if isinstance(database, str):
        host, port, user = get("host"), get("port"), _first(get, USERS)
        place = Place(
            host if host is None else str(host),
            int(port) if port is not None and str(port).isdigit() else None,
            database,
            user if user is None else str(user),
        )
        return Named(tenant_id, place, version, None, form)
    if tenant_id is None or depth < DEPTH:
        return None
    return Named(tenant_id, None, version, None, "resolution")


def _first(get: Callable[[str], Any], names: tuple[str, ...]) -> Any:
    return next((value for name in names if (value := get(name)) is not None), None)


def _inside(answer: AbstractContextManager[Any], depth: int) -> Named:
    """What a context manager gives; leaving it is giving it back."""
    value = answer.__enter__()
    try:
        found = named(value, depth - 1)
    except BaseException:
        answer.__exit__(None, None, None)
        raise
    return found._replace(
        release=lambda: answer.__exit__(None, None, None), form=f"context manager of {found.form}"
    )
