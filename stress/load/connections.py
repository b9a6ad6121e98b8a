"""Connections that a target hands out, in whichever form: opening one, and asking it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any

from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from stress.backend.tenants import connect
from stress.target.answers import Release
from stress.target.protocol import Facts


class Connector:
    """Opens connections the way the target offers them: from the answer, or from the target.

    release: gives a driver's own connection back.
    """

    def __init__(self, target: Any, facts: Facts, release: Release | None = None) -> None:
        self._target = target
        self._from_answer = facts.answer_connects
        self._release = release

    def open(self, tenant_id: str) -> AbstractContextManager[Any]:
        """One call of the target; a context manager that gives a connection."""
        answer = self._target.resolve(tenant_id) if self._from_answer else None
        return self.of(answer, tenant_id)

    def of(self, answer: Any, tenant_id: str) -> AbstractContextManager[Any]:
        """The connection of an answer at hand; where answers offer none, a call of the target."""
        if self._from_answer:
            return self._of_answer(answer)
        return self._target.connect(tenant_id)  # type: ignore[no-any-return]

    @contextmanager
    def _of_answer(self, answer: Any) -> Iterator[Any]:
        with self._entered(answer) as found:
            yield found.connection() if isinstance(found, Session) else found

    def _entered(self, answer: Any) -> AbstractContextManager[Any]:
        if isinstance(answer, (str, URL)):
            # Nothing of the target's: the tester opens what the answer names.
            return closing(connect(make_url(answer).set(drivername="postgresql+psycopg2")))
        if isinstance(answer, (sessionmaker, scoped_session)):
            return answer()  # type: ignore[no-any-return]
        if isinstance(answer, (Connection, Session)):
            return answer
        if isinstance(answer, Engine) or callable(getattr(answer, "connect", None)):
            return answer.connect()  # type: ignore[no-any-return]
        if hasattr(answer, "cursor"):
            return self._returned(answer)
        if isinstance(answer, AbstractContextManager):
            return self._inside(answer)
        whole = next((getattr(answer, name, None) for name in ("engine", "url", "dsn")), None)
        return self._entered(whole) if whole is not None else nullcontext(answer)

    @contextmanager
    def _returned(self, connection: Any) -> Iterator[Any]:
        try:
            yield connection
        finally:
            if self._release is not None:
                self._release(connection)

    @contextmanager
    def _inside(self, answer: AbstractContextManager[Any]) -> Iterator[Any]:
        with answer as value, self._entered(value) as found:
            yield found


def ask(connection: Any, statement: str) -> tuple[Any, ...]:
    """The first row of a statement on a SQLAlchemy or DBAPI connection, or one with execute()."""
    if isinstance(connection, Connection):
        return tuple(connection.exec_driver_sql(statement).one())
    if hasattr(connection, "cursor"):
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
            return tuple(cursor.fetchone())
        finally:
            cursor.close()
    return tuple(connection.execute(statement).fetchone())
