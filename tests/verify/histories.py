"""Histories written by hand, for tests of checks; times are in milliseconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from _timing.recorder import HIT
from stress.load.ring import COMMIT, INVALIDATE, LOAD, RESOLVE
from stress.report.result import Check
from stress.target.protocol import Facts
from stress.verify.catalog import CHECKS
from stress.verify.evidence import Borrowed, Calls, Evidence
from stress.verify.history import HISTORY_DTYPE, made_of

MS = 1_000_000
FACTS = Facts(
    kind="by hand",
    answer_type="Answer",
    target_connects=True,
    offers_invalidate=True,
    offers_close=True,
)
Event = tuple[Any, ...]


def answer(start: float, end: float, version: int = 1, outcome: int = HIT, **more: int) -> Event:
    return (RESOLVE, outcome, start, end, version, more)


def load(start: float, end: float, called: float | None = None, **more: int) -> Event:
    return (LOAD, 0, start, end, round((start if called is None else called) * MS), more)


def invalidate(start: float, end: float, **more: int) -> Event:
    return (INVALIDATE, 0, start, end, -1, more)


def commit(start: float, end: float, version: int, **more: int) -> Event:
    return (COMMIT, 0, start, end, version, more)


def judge(check_id: str, *events: Event, **changed: Any) -> Check:
    rows = np.zeros(len(events), HISTORY_DTYPE)
    for row, (operation, outcome, start, end, version, more) in zip(rows, events, strict=True):
        row["operation"], row["outcome"], row["version"] = operation, outcome, version
        row["start_ns"], row["end_ns"] = round(start * MS), round(end * MS)
        for name, value in more.items():
            row[name] = value
    evidence = Evidence(
        facts=FACTS,
        scope="host",
        procs=2,
        tenants=2,
        cache_ttl_s=0.1,
        answers=len(events),
        wrong=0,
        invented=0,
        torn=0,
        calls=Calls(),
        loads=None,
        lifetime_s=1.0,
        reproduce="stress concurrent",
        history=made_of([rows], 2),
        tenant_ids=("tenant-1", "tenant-2"),
        strict_ttl=True,
    )
    return CHECKS[check_id](replace(evidence, **changed))


def borrowed(session: str, right: bool = True, **more: Any) -> Borrowed:
    return Borrowed(tenant="tenant-1", process=0, right=right, session=session, **more)
