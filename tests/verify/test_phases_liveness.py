"""liveness on histories written by hand: a stop, who waited for it, and for how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stress.load.ring import LOAD, RESOLVE, STOP
from stress.report.result import Check
from stress.target.protocol import Facts
from stress.verify.catalog import CHECKS
from stress.verify.evidence import Calls, Evidence
from stress.verify.history import HISTORY_DTYPE, made_of

S = 1_000_000_000
FACTS = Facts(kind="by hand", answer_type="Answer", offers_invalidate=True)
Event = tuple[int, int, float, float, int, int]


def stop(start: float, end: float, process: int = 0, tenant: int = 0) -> Event:
    return (STOP, 1, start, end, tenant, process)


def call(start: float, end: float, process: int = 1, tenant: int = 0) -> Event:
    return (RESOLVE, process, start, end, tenant, 1)


def load(start: float, end: float, process: int = 1, tenant: int = 0) -> Event:
    return (LOAD, process, start, end, tenant, 0)


def judge(*events: Event, dropped: int = 0, **changed: Any) -> Check:
    rows = np.zeros(len(events), HISTORY_DTYPE)
    for row, (operation, process, start, end, tenant, version) in zip(rows, events, strict=True):
        row["operation"], row["process"], row["tenant"] = operation, process, tenant
        row["start_ns"], row["end_ns"] = round(start * S), round(end * S)
        row["version"] = version
    values: dict[str, Any] = {
        "facts": FACTS,
        "scope": "host",
        "procs": 2,
        "tenants": 2,
        "cache_ttl_s": 300.0,
        "answers": len(events),
        "wrong": 0,
        "invented": 0,
        "torn": 0,
        "calls": Calls(),
        "loads": None,
        "lifetime_s": 10.0,
        "reproduce": "stress verify",
        "history": made_of([rows], 2, dropped),
        "tenant_ids": ("tenant-1", "tenant-2"),
        "stops": True,
        "lease_s": 5.0,
    }
    return CHECKS["liveness"](Evidence(**{**values, **changed}))


def test_a_call_that_takes_over_after_the_lease_passes() -> None:
    check = judge(stop(0, 5.2), call(0.1, 5.1), call(5.3, 5.301))
    assert (check.status, check.examined) == ("pass", 2)
    assert "1 waited for a stopped worker" in check.evidence
    assert "the longest 5.00 s" in check.evidence


def test_a_call_that_waits_until_the_worker_is_continued_fails_with_its_proof() -> None:
    check = judge(stop(0, 6.5), call(0.1, 6.6), call(0.2, 5.2), call(7, 7.1, tenant=1))
    assert (check.status, check.violations) == ("fail", 1)
    assert check.witness is not None
    assert check.witness.tenant == "tenant-1"
    assert [event.what for event in check.witness.events] == [
        "process 0 is stopped in its load",
        "resolve",
        "process 0 is continued",
        "returns",
    ]


@pytest.mark.parametrize(("took", "status"), [(6.4, "pass"), (6.6, "fail")])
def test_the_tenants_longest_load_comes_to_the_lease(took: float, status: str) -> None:
    events = (stop(0, 7), load(5, 6), load(8, 20, tenant=1), call(0.1, 0.1 + took))
    assert judge(*events).status == status


def test_the_stopped_workers_own_call_is_counted_from_its_continuation() -> None:
    waiting = call(0.1, 5.1)
    assert judge(stop(0, 100), call(-0.1, 105.4, process=0), waiting).status == "pass"
    assert judge(stop(0, 100), call(-0.1, 105.6, process=0), waiting).status == "fail"
    # What it did at another time is nobody's excuse.
    assert judge(stop(0, 10), call(20, 26, process=0), waiting).status == "fail"


def test_the_lease_is_the_targets_own() -> None:
    assert judge(stop(0, 2), call(0.1, 1.1), lease_s=1.0).status == "pass"
    assert judge(stop(0, 2), call(0.1, 1.9), lease_s=1.0).status == "fail"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"stops": False}, "this profile does not provoke it"),
        ({"history": None}, "this profile does not provoke it"),
        ({"procs": 1}, "one process alone: nobody could take over"),
        ({"scope": "process"}, "each process has a cache of its own: nobody could take over"),
        (
            {"facts": Facts(kind="by hand", answer_type="Answer")},
            "the target offers no invalidate_cache(): no load could be made",
        ),
        ({}, "loads of this target could not be seen, so none could be stopped"),
        ({"dropped": 1}, "1 events did not fit into the history"),
        ({"complete": False}, "the run did not end by itself"),
    ],
)
def test_without_a_stop_it_is_not_tested_and_says_why(changed: dict[str, Any], reason: str) -> None:
    check = judge(call(0, 1), **changed)
    assert (check.status, check.reason) == ("not_tested", reason)


def test_a_stop_that_nobody_waited_for_is_not_tested() -> None:
    check = judge(stop(0, 1), call(0.1, 0.2), call(0.1, 4, tenant=1))
    assert check.status == "not_tested"
    assert "no call had to wait" in (check.reason or "")
