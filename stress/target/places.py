"""Where a database is, as URLs, DSNs and connections of several drivers name it; never a secret."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.engine import URL, make_url

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Place(NamedTuple):
    """The database that an answer or a control-plane row names, without any secret."""

    host: str | None
    port: int | None
    database: str | None
    username: str | None

    def __str__(self) -> str:
        return f"{self.username}@{self.host}:{self.port}/{self.database}"


def place_of(url: URL | str) -> Place:
    """The place that a URL or a DSN names. ValueError where it is neither; it quotes nothing."""
    if isinstance(url, str):
        url = _parsed(url)
    host = url.host if url.host is not None else _of_query(url, "host")
    return Place(host, url.port, url.database, url.username)


def place_of_connection(connection: Any) -> Place | None:
    """Where a driver's connection is, as psycopg2 and psycopg know it; None where it cannot say."""
    info = getattr(connection, "info", None)
    if info is None or not hasattr(info, "dbname"):
        return None
    port = getattr(info, "port", None)
    return Place(
        getattr(info, "host", None), int(port) if port else None, info.dbname, info.user or None
    )


def _of_query(url: URL, key: str) -> str | None:
    value = url.query.get(key)
    return value if isinstance(value, str) else None


def _parsed(text: str) -> URL:
    if "://" in text:
        try:
            return make_url(text)
        except Exception:  # whatever it says may quote a password
            pass
        raise ValueError("the answer is no database URL")
    words = _of_dsn(text)
    if not words:
        raise ValueError("the answer is neither a database URL nor a DSN")
    return URL.create(
        "postgresql",
        username=words.get("user"),
        host=words.get("host"),
        port=int(words["port"]) if words.get("port", "").isdigit() else None,
        database=words.get("dbname"),
    )


def _of_dsn(text: str) -> dict[str, str]:
    """Keywords and values of a libpq connection string."""
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    try:
        return dict(parse_dsn(text))
    except ProgrammingError:  # "invalid dsn" echoes it, password included
        return {}
