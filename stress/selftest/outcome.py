"""What became of a case: found, missed, a false alarm, or no alarm; and the exit code of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from stress.judge.exits import CORRECTNESS, INTERRUPTED, first
from stress.report.result import Result
from stress.selftest.catalog import Case

Status = Literal["found", "missed", "false alarm", "no alarm"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One case over its runs. alarms: the checks that failed in any of them, the right one first.
    as_wanted: runs that came out as they must. why: of the first that did not."""

    name: str
    target: str
    part: str
    check: str | None
    status: Status
    runs: int
    as_wanted: int
    alarms: list[str]
    evidence: str
    seconds: float
    why: str | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a case. trouble: what else is wrong with it; a clean target has none."""

    alarms: list[str]
    evidence: str
    seconds: float
    trouble: str | None = None


def run_of(case: Case, result: Result, seconds: float) -> Run:
    """What one result says about a case."""
    failed = {check.id: check for check in result.checks if check.status == "fail"}
    alarms = sorted(failed, key=lambda check_id: check_id != case.check)
    shown = failed.get(case.check or "") or (failed[alarms[0]] if alarms else None)
    trouble = None
    if result.stopped_by is not None:
        trouble = f"ended early: {result.stopped_by}"
    elif result.identities:
        trouble = result.identities[0]
    elif result.errors:
        trouble = f"{result.errors[0].type}: {result.errors[0].message}"
    return Run(
        alarms=alarms,
        evidence=shown.evidence if shown is not None else "",
        seconds=seconds,
        trouble=trouble,
    )


def outcome(case: Case, runs: Sequence[Run]) -> Outcome:
    """A defect is found if its own check fails in every run; others may fail beside it."""
    wrong = [run for run in runs if not _as_wanted(case, run)]
    good: Status = "found" if case.check is not None else "no alarm"
    bad: Status = "missed" if case.check is not None else "false alarm"
    alarms = {check_id: None for run in runs for check_id in run.alarms}
    return Outcome(
        name=case.name,
        target=case.target or "resolver",
        part=case.part,
        check=case.check,
        status=bad if wrong or not runs else good,
        runs=len(runs),
        as_wanted=len(runs) - len(wrong),
        alarms=sorted(alarms, key=lambda check_id: check_id != case.check),
        evidence=(wrong or list(runs))[0].evidence if runs else "",
        seconds=sum(run.seconds for run in runs),
        why=_why(case, wrong[0]) if wrong else None,
    )


def exit_code(outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    """91 where a defect was missed or a clean target alarmed, 130 where it was interrupted."""
    codes: set[int] = set()
    if any(one.status in ("missed", "false alarm") for one in outcomes):
        codes.add(CORRECTNESS)
    if interrupted:
        codes.add(INTERRUPTED)
    return first(codes)


def _as_wanted(case: Case, run: Run) -> bool:
    if case.check is not None:
        return case.check in run.alarms
    return not run.alarms and run.trouble is None


def _why(case: Case, run: Run) -> str:
    if case.check is None:
        return run.evidence or run.trouble or "no reason known"
    if run.alarms:
        return f"only {', '.join(run.alarms)} failed"
    return run.trouble or "no check failed"
