"""What becomes of a case: found by its own check, missed, a false alarm; and the exit code."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stress.report.result import Check, Error, Result
from stress.selftest.catalog import Case
from stress.selftest.outcome import Outcome, Run, exit_code, outcome, run_of
from stress.selftest.table import render
from tests.report.passed import passing

PLANTED = Case("sliding ttl", "somewhere:SlidingTtl", "expiry", "expiry")
CLEAN = Case("reference", "somewhere:reference", "expiry", None)


def run(*alarms: str, trouble: str | None = None) -> Run:
    return Run(alarms=list(alarms), evidence="12 of them", seconds=0.5, trouble=trouble)


def of(case: Case, *runs: Run) -> Outcome:
    return outcome(case, runs)


def code(*outcomes: Outcome, interrupted: bool = False) -> int:
    return exit_code(outcomes, interrupted=interrupted)


def test_a_defect_that_its_check_finds_is_found_whatever_else_fails() -> None:
    assert of(PLANTED, run("expiry")).status == "found"
    beside = of(PLANTED, run("bounded_staleness", "expiry"))
    assert (beside.status, beside.alarms) == ("found", ["expiry", "bounded_staleness"])
    assert code(beside) == 0


def test_a_defect_that_no_check_finds_is_missed() -> None:
    missed = of(PLANTED, run())
    assert (missed.status, missed.why) == ("missed", "no check failed")
    assert code(missed) == 91


def test_a_defect_that_only_another_check_finds_is_missed() -> None:
    missed = of(PLANTED, run("no_early_expiry"))
    assert (missed.status, missed.why) == ("missed", "only no_early_expiry failed")
    assert code(missed) == 91


def test_a_defect_is_missed_if_one_run_of_several_misses_it() -> None:
    missed = of(PLANTED, run("expiry"), run(), run("expiry"))
    assert (missed.status, missed.as_wanted, missed.runs) == ("missed", 2, 3)


def test_an_alarm_about_a_clean_target_is_a_false_alarm() -> None:
    alarm = of(CLEAN, run(), run("expiry"))
    assert (alarm.status, alarm.alarms, alarm.why) == ("false alarm", ["expiry"], "12 of them")
    assert code(of(PLANTED, run("expiry")), alarm) == 91


def test_a_clean_target_without_an_alarm_is_no_alarm() -> None:
    assert of(CLEAN, run()).status == "no alarm"
    assert code(of(CLEAN, run())) == 0


def test_a_clean_target_that_fails_calls_is_no_clean_run() -> None:
    assert of(CLEAN, run(trouble="ValueError: no")).status == "false alarm"


def test_an_interruption_is_130_unless_something_was_missed() -> None:
    assert code(of(PLANTED, run("expiry")), interrupted=True) == 130
    assert code(interrupted=True) == 130
    assert code(of(PLANTED, run()), interrupted=True) == 91


def result(**changed: Any) -> Result:
    return msgspec.structs.replace(passing(), **changed)


def failed(check_id: str) -> Check:
    return Check(id=check_id, status="fail", examined=9, violations=2, evidence=f"{check_id} says")


def test_a_run_holds_the_checks_that_failed_the_right_one_first() -> None:
    found = run_of(PLANTED, result(checks=[failed("isolation"), failed("expiry")]), 1.0)
    assert (found.alarms, found.evidence) == (["expiry", "isolation"], "expiry says")
    assert found.trouble is None


@pytest.mark.parametrize(
    "changed",
    [
        {"stopped_by": "worker 1 died"},
        {"identities": ["1 + 1 = 3"]},
        {
            "errors": [
                Error(
                    type="OSError",
                    count=1,
                    tenants=["tenant-0001"],
                    first_s=0.0,
                    last_s=0.0,
                    message="gone",
                )
            ]
        },
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_run_that_did_not_go_well_says_so(changed: dict[str, Any]) -> None:
    assert run_of(CLEAN, result(checks=[], **changed), 1.0).trouble


def table(*outcomes: Outcome, **changed: Any) -> list[str]:
    how: dict[str, Any] = {
        "planned": len(outcomes),
        "seconds": 2.0,
        "code": code(*outcomes),
        "color": False,
        "unicode": True,
        "quiet": False,
        **changed,
    }
    return render(outcomes, **how).splitlines()


def test_each_line_of_the_table_ends_in_what_became_of_the_case() -> None:
    lines = table(of(PLANTED, run("expiry")), of(PLANTED, run()), of(CLEAN, run("untorn")))
    ends = [line for line in lines if line.startswith(("sliding", "reference"))]
    assert [line.rpartition(" expiry     ")[2] for line in ends] == [
        "found",
        "missed",
        "false alarm",
    ]
    assert lines[-3] == "2 planted defects: 1 found, 1 missed"
    assert lines[-2] == "1 run of a clean target: 1 false alarm, 2.00 s in all"
    assert lines[-1] == "FAIL (exit 91)"
    assert max(map(len, lines)) <= 80


def test_quiet_shows_the_sums_alone() -> None:
    assert len(table(of(PLANTED, run("expiry")), quiet=True)) == 3


def test_repetitions_are_counted_on_the_line() -> None:
    lines = table(of(PLANTED, run("expiry"), run("expiry")))
    assert any(line.endswith("2 of 2 found") for line in lines)


def test_an_interrupted_table_says_what_was_not_run() -> None:
    lines = table(of(PLANTED, run("expiry")), planned=5, code=130)
    assert lines[-2:] == ["interrupted: 4 of 5 not run", "INTERRUPTED (exit 130)"]


def test_a_terminal_without_utf8_gets_ascii() -> None:
    assert all(line.isascii() for line in table(of(PLANTED, run("expiry")), unicode=False))
