"""Which exit code wins, and the accounting identities."""

from __future__ import annotations

from typing import Any

import pytest

from stress.judge import exits
from stress.judge.validity import broken_examination, broken_identities
from stress.judge.verdict import decide
from stress.report.result import Cache, Check, PhaseResult, Requests, ThresholdResult


def check(check_id: str, status: Any = "fail") -> Check:
    return Check(id=check_id, status=status, examined=10, violations=1, evidence="")


MISSED = ThresholdResult(
    expression="resolve:avg<1ms",
    phase="measured",
    actual=2e6,
    unit="ns",
    target=1e6,
    ok=False,
    label="Average",
)


@pytest.mark.parametrize(
    ("checks", "thresholds", "identities", "ending", "status", "code"),
    [
        ([], [], [], "finished", "pass", 0),
        ([], [MISSED], [], "finished", "fail", 99),
        ([check("untorn")], [MISSED], [], "finished", "fail", 91),
        ([check("untorn"), check("isolation")], [], [], "finished", "fail", 90),
        ([], [], [], "interrupted", "interrupted", 130),
        ([check("isolation")], [], [], "interrupted", "fail", 90),
        ([], [], [], "died", "invalid", 93),
        ([check("untorn")], [], [], "died", "fail", 91),
        ([], [], ["1 + 1 = 3"], "finished", "invalid", 93),
        ([], [], ["1 + 1 = 3"], "interrupted", "interrupted", 130),
    ],
)
def test_the_weightiest_finding_decides(
    checks: list[Check],
    thresholds: list[ThresholdResult],
    identities: list[str],
    ending: Any,
    status: str,
    code: int,
) -> None:
    verdict = decide(checks, thresholds, identities, ending, "Ctrl-C")
    assert (verdict.status, verdict.exit_code) == (status, code)
    assert bool(verdict.reasons) == (code != 0)
    assert verdict.partial == (ending != "finished")


def test_a_threshold_that_was_not_judged_is_not_met() -> None:
    unjudged = ThresholdResult(
        expression="resolve{outcome:wait}:avg<1ms",
        phase="measured",
        actual=None,
        unit="ns",
        target=1e6,
        ok=None,
        label="Waits",
        note="not evaluated: no samples",
    )
    assert decide([], [unjudged], [], "finished", None).exit_code == exits.THRESHOLD


SOUND = Requests(scheduled=10, total=8, successful=7, failed=1, skipped=1, unfinished=1)
OUTCOMES = Cache(
    hits=5,
    misses=1,
    waits=1,
    negatives=0,
    hit_rate=5 / 8,
    loads=1,
    speedup=None,
    speedup_from=None,
    speedup_median=None,
    source="answer",
)


def changed(value: Any, **fields: Any) -> Any:
    return type(value)(**{**{f: getattr(value, f) for f in value.__struct_fields__}, **fields})


def test_a_sound_accounting_breaks_no_identity() -> None:
    assert broken_identities("counted", SOUND, OUTCOMES) == []


@pytest.mark.parametrize("field", ["scheduled", "total", "successful", "skipped", "unfinished"])
def test_a_request_too_many_anywhere_is_noticed(field: str) -> None:
    broken = broken_identities("counted", changed(SOUND, **{field: 99}), OUTCOMES)
    assert broken
    assert all("counted" in line for line in broken)


def test_an_outcome_too_many_is_noticed() -> None:
    assert broken_identities("counted", SOUND, changed(OUTCOMES, waits=2))


def test_isolation_must_have_examined_every_successful_answer() -> None:
    phase = PhaseResult(
        name="counted",
        role="counted",
        requests=SOUND,
        cache=OUTCOMES,
        latency_ns={},
        throughput=None,
    )
    passed = Check(id="isolation", status="pass", examined=7, violations=0, evidence="")
    assert broken_examination([passed], [phase]) == []
    assert broken_examination([changed(passed, examined=6)], [phase])
