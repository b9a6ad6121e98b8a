"""Answers of every kind: what they name, and that what they hold is given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker

from stress.backend.embedded import EmbeddedBackend
from stress.target.answer_kinds import NotAnAnswer, named
from stress.target.context import ControlPlane
from stress.target.places import Place, place_of

URL_TEXT = "postgresql+psycopg2://u:secret@h:5433/d"
HERE = Place("h", 5433, "d", "u")


@pytest.mark.parametrize(
    "answer",
    [
        URL_TEXT,
        make_url(URL_TEXT),
        "host=h port=5433 dbname=d user=u password=secret",
        {"url": URL_TEXT},
        {"dsn": "postgresql://u:secret@h:5433/d"},
        {"database_url": make_url(URL_TEXT)},
        {"host": "h", "port": "5433", "dbname": "d", "user": "u"},
        SimpleNamespace(host="h", port=5433, db_name="d", username="u"),
        SimpleNamespace(engine=create_engine(URL_TEXT)),
        SimpleNamespace(url=URL_TEXT),
        create_engine(URL_TEXT),
        sessionmaker(create_engine(URL_TEXT)),
        Session(create_engine(URL_TEXT)),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_what_an_answer_names_is_read(answer: Any) -> None:
    found = named(answer)
    assert found.place == HERE
    assert "secret" not in repr(found)
    if found.release is not None:
        found.release()


def test_a_resolution_says_tenant_and_version_too() -> None:
    found = named(SimpleNamespace(tenant_id="a", url=make_url(URL_TEXT), version=3))
    assert (found.tenant_id, found.place, found.version, found.form) == (
        "a",
        HERE,
        3,
        "resolution",
    )
    assert named(SimpleNamespace(tenant_id="a", version=3)).place is None


@pytest.mark.parametrize(
    "answer", [None, 3, object(), {}, [URL_TEXT], SimpleNamespace(host="h"), "", "no url", b"x"]
)
def test_what_names_nothing_is_no_answer(answer: Any) -> None:
    with pytest.raises((NotAnAnswer, ValueError)) as caught:
        named(answer)
    assert "secret" not in str(caught.value)


def test_a_malformed_url_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="no database URL") as caught:
        place_of("postgresql://u:secret@h:port/d")
    assert "secret" not in str(caught.value)


@pytest.fixture
def url(backend: EmbeddedBackend) -> Iterator[URL]:
    plane = ControlPlane(backend.control_plane_url, backend.encryption_key)
    yield plane.load("tenant-0001").url
    plane.close()


def test_connections_of_drivers_and_engines_say_where_they_are(
    backend: EmbeddedBackend, url: URL
) -> None:
    truth = backend.tenants[0]
    words = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(words)) as connection:
        found = named(connection)
        assert (found.form, found.release) == ("DBAPI connection", None)
        assert found.place == Place("127.0.0.1", truth.port, truth.database, truth.username)
    engine = create_engine(url)
    connection_of_engine = engine.connect()
    found = named(connection_of_engine)
    assert found.place is not None
    assert found.place.database == truth.database
    assert found.release is not None
    found.release()
    assert connection_of_engine.closed
    engine.dispose()


def test_what_a_context_manager_gives_is_read_and_left_again(url: URL) -> None:
    left = []

    @contextmanager
    def session() -> Iterator[str]:
        yield url.render_as_string(hide_password=False)
        left.append(True)

    found = named(session())
    assert found.form == "context manager of URL"
    assert not left
    assert found.release is not None
    found.release()
    assert left == [True]

    @contextmanager
    def nothing() -> Iterator[int]:
        try:
            yield 3
        finally:
            left.append(False)

    with pytest.raises(NotAnAnswer):
        named(nothing())
    assert left == [True, False]
