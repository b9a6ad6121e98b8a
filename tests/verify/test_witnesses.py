"""Every violation of a history is proven by its calls; times are in milliseconds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from _timing.recorder import WAIT
from stress.load.ring import BORROW
from stress.report.result import Check, Witness
from stress.report.terminal import render
from stress.verify.catalog import CHECKS
from stress.verify.evidence import Proof, Sessions
from tests.report.samples import violating
from tests.verify.histories import MS, answer, borrowed, commit, invalidate, judge, load

EVENT = (BORROW, 0, 0, 1, 1, {})
SOILED = borrowed("1/a", soiled=True, started_ns=1 * MS, ended_ns=2 * MS)
DIRTY = borrowed("1/a", started_ns=5 * MS, ended_ns=6 * MS, left=("an advisory lock",))
# After the TTL of the old credentials, 100 ms, and the slack.
OLD = borrowed(
    "2/a", right=False, user="old", database="db", started_ns=1009 * MS, ended_ns=1010 * MS
)
EARLY = borrowed("2/a", right=False, user="old", database="db", started_ns=9 * MS, ended_ns=10 * MS)


def proof(process: int) -> Proof:
    at = process * 3 * MS
    return Proof("tenant-1", process, True, session="7/a", started_ns=at, ended_ns=at + MS)


# The check, the events of a violating history, what else the evidence holds, and the time line:
# milliseconds since its first moment, process, what happened, version.
VIOLATIONS: list[tuple[str, list[Any], dict[str, Any], list[tuple[float, Any, str, Any]]]] = [
    (
        "read_after_invalidate",
        [commit(10, 11, 2), invalidate(12, 13), answer(14, 15, 1, process=1)],
        {},
        [
            (0, 0, "commits", "2"),
            (1, 0, "invalidate", None),
            (2, 0, "returns", None),
            (3, 1, "resolve", None),
            (4, 1, "answers, v2 was due", "1"),
        ],
    ),
    (
        "read_after_invalidate",
        [load(0, 1), invalidate(5, 6), answer(7, 8, process=1)],
        {},
        [
            (0, 0, "load begins", None),
            (1, 0, "load has the row", None),
            (5, 0, "invalidate", None),
            (6, 0, "returns", None),
            (7, 1, "resolve", None),
            (8, 1, "answers, without a load since", "1"),
        ],
    ),
    (
        "monotonic_reads",
        [commit(0, 1, 2), answer(2, 3, 2), answer(4, 5, 1, process=1)],
        {},
        [
            (0, 0, "commits", "2"),
            (1, 0, "resolve", None),
            (2, 0, "answers", "2"),
            (3, 1, "resolve", None),
            (4, 1, "answers, v2 was seen", "1"),
        ],
    ),
    (
        "bounded_staleness",
        [commit(0, 1, 2), answer(121, 122, 1, process=1)],
        {},
        [
            (0, 0, "commits", "2"),
            (120, 1, "resolve", None),
            (121, 1, "answers, 0.120 s later", "1"),
        ],
    ),
    (
        "single_flight",
        [load(0, 2), load(1, 3, process=1), answer(0.5, 2.5, outcome=WAIT)],
        {},
        [
            (0, 0, "load begins", None),
            (1, 1, "another load begins", None),
            (2, 0, "load has the row", None),
        ],
    ),
    (
        "expiry",
        [load(0, 1), answer(130, 130.5, process=1), load(140, 141)],
        {},
        [
            (0, 0, "load begins", None),
            (1, 0, "load has the row", None),
            (130, 1, "resolve", None),
            (130.5, 1, "answers, 0.130 s old", "1"),
        ],
    ),
    (
        "no_early_expiry",
        [load(0, 1), load(40, 41, process=1)],
        {"jitter": 0.0},
        [
            (0, 0, "load begins", None),
            (1, 0, "load has the row", None),
            (40, 1, "loads again", None),
        ],
    ),
    (
        "load_economy",
        [load(0, 1), load(40, 41)],
        {"loads": 30, "lifetime_s": 0.05, "tenants": 1},
        [
            (0, 0, "load begins", None),
            (1, 0, "load has the row", None),
            (40, 0, "loads again", None),
        ],
    ),
    (
        "stale_connection",
        [EVENT, commit(0, 1, 2)],
        {"borrowed": (OLD,), "rotated": frozenset({"tenant-1"})},
        [
            (0, 0, "commits", "2"),
            (1008, 0, "connect", None),
            (1009, 0, "the server says old@db", None),
        ],
    ),
    (
        "clean_session",
        [EVENT],
        {"borrowed": (SOILED, DIRTY)},
        [
            (0, 0, "connect", None),
            (1, 0, "leaves a lock and a transaction", None),
            (4, 0, "connect", None),
            (5, 0, "finds an advisory lock", None),
        ],
    ),
    (
        "fork_safety",
        [EVENT],
        {"proofs": (proof(0), proof(1))},
        [
            (0, 0, "connect", None),
            (1, 0, "the server says session 7/a", None),
            (3, 1, "connect", None),
            (4, 1, "the server says session 7/a", None),
        ],
    ),
    (
        "connection_leak",
        [EVENT],
        {"sessions": Sessions(1, 5, 3, 10 * MS, 20 * MS, 30 * MS)},
        [
            (0, None, "1 sessions before the workers", None),
            (10, None, "4 more while they work", None),
            (20, None, "2 more after every close()", None),
        ],
    ),
]


def witness_of(check: Check) -> Witness:
    assert check.status == "fail"
    assert check.witness is not None
    return check.witness


@pytest.mark.parametrize(
    ("check_id", "events", "changed", "expected"), VIOLATIONS, ids=lambda v: str(v)[:24]
)
def test_a_violation_is_proven_by_its_calls_in_their_order(
    check_id: str, events: list[Any], changed: dict[str, Any], expected: list[Any]
) -> None:
    witness = witness_of(judge(check_id, *events, **changed))
    told = [(e.t_ns / MS, e.process, e.what, e.version) for e in witness.events]
    assert told == expected
    assert witness.rule
    assert witness.effect
    assert witness.likely
    assert witness.reproduce == f"stress concurrent --check {check_id}"


def test_every_check_but_those_of_single_answers_and_counts_has_one() -> None:
    elsewhere = {"isolation", "no_invention", "untorn"}  # one answer alone: test_checks
    without = {"counter_identity"}  # sums, of which no call is the wrong one
    proven = {check_id for check_id, *_ in VIOLATIONS}
    assert set(CHECKS) - proven - elsewhere - without <= {"liveness"}


def test_a_load_that_was_overtaken_stands_beside_its_invalidation() -> None:
    events = (
        load(0.5, 1, called=0),
        answer(0, 9, 1),
        commit(2, 3, 2, process=1),
        invalidate(4, 5, process=1),
        answer(6, 10, 1, process=1),
    )
    witness = witness_of(judge("read_after_invalidate", *events))
    assert [(e.t_ns / MS, e.what) for e in witness.events] == [
        (0, "resolve"),
        (0.5, "load begins"),
        (1, "load has the row"),
        (3, "commits"),
        (4, "invalidate"),
        (5, "returns"),
        (6, "resolve"),
        (9, "returns"),
        (10, "answers, v2 was due"),
    ]
    assert "stored the old row over the invalidation" in witness.likely


def test_a_clean_history_has_no_witness() -> None:
    assert judge("single_flight", load(0, 2), answer(0.5, 2.5, outcome=WAIT)).witness is None


def test_a_profile_has_no_option_to_judge_one_check_alone() -> None:
    check = judge(
        "connection_leak",
        history=None,
        reproduce="stress heavy --seed 1",
        sessions=Sessions(0, 2, 1),
    )
    assert witness_of(check).reproduce == "stress heavy --seed 1"


def test_old_credentials_may_be_used_until_their_ttl_ends() -> None:
    more = {"borrowed": (EARLY,), "rotated": frozenset({"tenant-1"})}
    found = judge("stale_connection", EVENT, commit(0, 1, 2), **more)
    assert (found.status, found.reason) == (
        "not_tested",
        "the TTL of the old credentials did not end in this phase",
    )


def test_calls_are_bracketed_on_their_lane_and_the_last_line_is_marked() -> None:
    events = (
        load(0.5, 1, called=0),
        answer(0, 9, 1),
        commit(2, 3, 2, process=1),
        invalidate(4, 5, process=1),
        answer(6, 10, 1, process=1),
    )
    check = judge("read_after_invalidate", *events)
    lines = render(msgspec.structs.replace(violating(), checks=[check])).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Witness"))
    assert [" ".join(line.split()) for line in lines[at + 2 : at + 12]] == [
        "time process 0, thread 0 process 1, thread 0",
        "0.000 resolve ┐",
        "0.500 │ load begins",
        "1.000 │ load has the row",
        "3.000 commits (v2)",
        "4.000 invalidate ┐",
        "5.000 returns ┘",
        "6.000 resolve ┐",
        "9.000 returns ┘",
        "10.000 answers, v2 was due (v1) ┘ ◀",
    ]
