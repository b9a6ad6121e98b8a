"""What a worker writes down while it runs: each kind of failure once, and the first violations."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path
from typing import Any

from stress.load.mailbox import Mailbox
from stress.redact import Redactor
from stress.target.answers import Reading

MAX_KINDS = 50
MAX_TENANTS_PER_KIND = 10
MAX_VIOLATIONS = 20
MESSAGE_LENGTH = 300
TRACEBACK_FRAMES = 3


class Findings:
    """Failures and violations of one worker. Called by its lanes, under the GIL.

    The first occurrence of each kind is posted at once, so that it outlives the worker; counts
    follow with `finish`.
    """

    def __init__(self, mailbox: Mailbox, tenant_ids: list[str], redact: Redactor) -> None:
        self._mailbox = mailbox
        self._ids = tenant_ids
        self._redact = redact
        self._failures: dict[tuple[str, str], dict[str, Any]] = {}
        self._violations = 0

    def failure(self, index: int, error: BaseException, at_ns: int) -> None:
        """Count one failed call."""
        message = self.describe(error)
        key = (type(error).__name__, message)
        if key not in self._failures and len(self._failures) >= MAX_KINDS:
            key = (type(error).__name__, "(other messages)")
        found = self._failures.get(key)
        if found is None:
            found = {
                "type": key[0],
                "message": key[1],
                "count": 0,
                "tenants": [],
                "first_ns": at_ns,
                "last_ns": at_ns,
                "traceback": self._redact(frames_of(error)),
            }
            self._failures[key] = found
            self._mailbox.post("failure", **{**found, "count": 1, "tenants": [self._ids[index]]})
        found["count"] += 1
        found["last_ns"] = at_ns
        tenants = found["tenants"]
        if len(tenants) < MAX_TENANTS_PER_KIND and self._ids[index] not in tenants:
            tenants.append(self._ids[index])

    def violation(
        self, index: int, check: str, reading: Reading, started_ns: int, ended_ns: int
    ) -> None:
        """Post one of the first violations; the lane's counters count all."""
        self._violations += 1
        if self._violations > MAX_VIOLATIONS:
            return
        self._mailbox.post(
            "violation",
            check=check,
            tenant=self._ids[index],
            got_tenant=None if reading.tenant_id is None else str(reading.tenant_id),
            got_place=None if reading.place is None else self._redact(str(reading.place)),
            got_version=None if reading.version is None else str(reading.version),
            started_ns=started_ns,
            ended_ns=ended_ns,
            thread=threading.current_thread().name,
        )

    def finish(self) -> None:
        """Post the final counts."""
        self._mailbox.post("failures", kinds=list(self._failures.values()))

    def describe(self, error: BaseException) -> str:
        """One line of an exception, without secrets, newlines and excess."""
        text = " ".join(self._redact(str(error)).split())
        return text[:MESSAGE_LENGTH]


def frames_of(error: BaseException) -> str:
    """The innermost frames as `file:line in function`; names of files only, never their folders."""
    frames = traceback.extract_tb(error.__traceback__)[-TRACEBACK_FRAMES:]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno} in {f.name}" for f in reversed(frames))
