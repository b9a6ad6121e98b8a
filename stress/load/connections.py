"""Connections that a target hands out: opening one, and asking it where it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from stress.target.protocol import Facts


class Connector:
    """Opens connections the way the target offers them: from the answer, or from the target."""

    def __init__(self, target: Any, facts: Facts) -> None:
        self._target = target
        self._from_answer = facts.answer_connects

    def open(self, tenant_id: str) -> AbstractContextManager[Any]:
        """One call of the target; a context manager that gives a connection."""
        if self._from_answer:
            return self._target.resolve(tenant_id).connect()  # type: ignore[no-any-return]
        return self._target.connect(tenant_id)  # type: ignore[no-any-return]

    def of(self, answer: Any, tenant_id: str) -> AbstractContextManager[Any]:
        """The connection of an answer at hand; where answers offer none, a call of the target."""
        if self._from_answer:
            return answer.connect()  # type: ignore[no-any-return]
        return self._target.connect(tenant_id)  # type: ignore[no-any-return]


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
