"""The operation `query`: after the resolve a connection, one statement that says where it is, and
the connection is given back. A connection to another tenant's database is a wrong answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from _timing import monotonic_ns
from _timing.drive import WRONG
from _timing.recorder import COLD, ERROR
from stress.load.connections import Connector
from stress.load.findings import Findings
from stress.load.operations import CONNECT, QUERY, RELEASE, Times
from stress.load.whose import Whose
from stress.target.answers import OUTCOME_MASK as OUTCOMES
from stress.target.answers import Answers, Reading, Record
from stress.target.places import Place


class QueryOperation:
    """Stands in for the judge of answers: judges the answer, then connects, asks and gives back."""

    def __init__(
        self,
        answers: Answers,
        connector: Connector,
        whose: Sequence[Whose],
        committed: Sequence[Sequence[Record]],
        times: Times,
        findings: Findings,
    ) -> None:
        self._answers = answers
        self._connector = connector
        self._whose = whose
        self._committed = committed
        self._times = times
        self._findings = findings
        self._own = threading.local()

    def begin(self, role: int) -> None:
        """The calling lane's requests belong to this role from now on."""
        self._own.role = role

    def __call__(
        self,
        index: int,
        answer: Any,
        error: BaseException | None,
        loads: int,
        started_ns: int,
        ended_ns: int,
    ) -> int:
        """Outcome code of the whole request; nothing is remembered, so that each one connects."""
        code = self._answers(index, answer, error, loads, started_ns, ended_ns)
        outcome = code & OUTCOMES
        flags = code & self._answers.FOUND
        if outcome == ERROR or flags:
            return outcome | flags
        began = monotonic_ns()
        try:
            other = self._ask(index, answer)
        except Exception as failure:
            self._findings.failure(index, failure, monotonic_ns())
            return ERROR
        if other is None:
            return outcome
        self._findings.violation(index, "isolation", other, began, monotonic_ns())
        return outcome | WRONG

    def _ask(self, index: int, answer: Any) -> Reading | None:
        """What was found instead of the tenant's own database; None where it is right."""
        role = getattr(self._own, "role", COLD)
        self._times.attempt(role)
        started = monotonic_ns()
        whose = self._whose[index]
        with self._connector.of(answer, whose.tenant_id) as connection:
            connected = monotonic_ns()
            told = whose.locate(connection)
            asked = monotonic_ns()
        ended = monotonic_ns()
        self._times.record(role, CONNECT, connected - started)
        self._times.record(role, QUERY, asked - connected)
        self._times.record(role, RELEASE, ended - asked)
        if whose.identity is None or whose.is_there(told, self._committed[index]):
            return None
        return Reading(None, Place(told.address, told.port, told.database, told.user), None)
