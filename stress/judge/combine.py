"""Several results of one session as one: the whole verification.

The figures at the top are heavy's; checks are taken together, the worst status winning; counts of
what was examined are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from stress.judge import checklist, exits
from stress.judge.caveats import CAUSES, worst
from stress.judge.verdict import Ending, decide
from stress.report.result import (
    Caveat,
    Check,
    ChecklistLine,
    PhaseResult,
    Result,
    ThresholdResult,
    Verdict,
)
from stress.verify.checks.untested import NOT_PROVOKED

HEADLINE = "heavy"

# What the sum of several phases' evidence reads like; others keep the words of the one that counts.
SUMMED = {
    "isolation": "{examined:,} answers, {violations:,} wrong",
    "no_invention": "{examined:,} answers, {violations:,} invented",
    "untorn": "{examined:,} answers, {violations:,} torn",
    "load_economy": "{examined:,} loads, all explained",
    "counter_identity": "{examined:,} calls add up",
    "fork_safety": "{examined:,} server sessions, none seen from two pids",
    "connection_leak": "{violations:,} of {examined:,} sessions left after the drain",
    "monotonic_reads": "{examined:,} answers",
}


def combine(results: Mapping[str, Result], ending: Ending, ended_by: str | None) -> Result:
    """One Result of a verification. results: by profile or phase, in the order they were run."""
    every = list(results.values())
    head = results.get(HEADLINE, every[-1])
    checks = [
        _together([one for result in every for one in result.checks if one.id == check.id])
        for check in head.checks
    ]
    thresholds = [
        msgspec.structs.replace(threshold, phase=f"{name} {threshold.phase}")
        for name, result in results.items()
        for threshold in result.thresholds
    ]
    lines = checklist.lines(results, checks) if ending == "finished" else []
    identities = [line for result in every for line in result.identities]
    verdict = decide(
        checks, thresholds, identities, ending, ended_by, head.scenario.get("checks") or ()
    )
    return msgspec.structs.replace(
        head,
        verdict=_with_degradation(verdict, lines),
        scenario={**head.scenario, "name": "verify"},
        headline=HEADLINE if HEADLINE in results else head.headline,
        errors=[error for result in every for error in result.errors],
        series=[point for result in every for point in result.series],
        phases=_phases(results),
        thresholds=_heaviest(head, thresholds),
        checks=checks,
        checklist=lines,
        caveats=_caveats(every),
        identities=identities,
        stopped_by=ended_by,
        measured_s=sum(result.measured_s for result in every),
    )


def _together(checks: Sequence[Check]) -> Check:
    """One check over all phases: failed where it failed once, tested where it was tested once."""
    failed = [check for check in checks if check.status == "fail"]
    tested = [check for check in checks if check.status != "not_tested"]
    if not tested:
        # The phase that came nearest to testing it gives the reason.
        return max(checks, key=lambda check: check.reason != NOT_PROVOKED)
    examined = sum(check.examined for check in tested)
    violations = sum(check.violations for check in tested)
    shown = failed[0] if failed else max(tested, key=lambda check: check.examined)
    evidence = shown.evidence
    if not failed and shown.id in SUMMED and len(tested) > 1:
        evidence = SUMMED[shown.id].format(examined=examined, violations=violations)
    bound = 3 / examined if shown.id == "isolation" and not violations and examined else None
    return msgspec.structs.replace(
        shown,
        examined=examined,
        violations=violations,
        evidence=evidence,
        upper_bound=None if bound is None else min(1.0, bound),
    )


def _with_degradation(verdict: Verdict, lines: Sequence[ChecklistLine]) -> Verdict:
    """The one line that rests on neither a check nor a threshold counts as a missed threshold."""
    missed = [one for one in lines if one.line == checklist.DEGRADATION and one.status == "fail"]
    if not missed or verdict.exit_code not in (exits.PASS, exits.THRESHOLD):
        return verdict
    return msgspec.structs.replace(
        verdict,
        status="fail",
        exit_code=exits.THRESHOLD,
        reasons=[*verdict.reasons, f"{checklist.DEGRADATION}: {missed[0].evidence}"],
    )


def _phases(results: Mapping[str, Result]) -> list[PhaseResult]:
    return [
        msgspec.structs.replace(phase, name=f"{name} {phase.name}", thresholds=result.thresholds)
        if phase.name == result.headline
        else msgspec.structs.replace(phase, name=f"{name} {phase.name}")
        for name, result in results.items()
        for phase in result.phases
    ]


def _heaviest(head: Result, thresholds: Sequence[ThresholdResult]) -> list[ThresholdResult]:
    """Heavy's thresholds as they are, and those of the others that were missed."""
    missed = [
        one
        for one in thresholds
        if one.ok is not True and not one.phase.startswith(f"{head.scenario['name']} ")
    ]
    return [*head.thresholds, *missed]


def _caveats(results: Sequence[Result]) -> list[Caveat]:
    """Each id once, the worst first. Of one id heavy's: its figures are those that are shown.

    Of the smaller profiles only what explains a failure: their figures are not shown.
    """
    heavy = [result for result in results if result.scenario["name"] == HEADLINE]
    phases = [result for result in results if result.headline == "check"]
    found = [caveat for result in heavy + phases for caveat in result.caveats]
    found += [one for result in results for one in result.caveats if one.id in CAUSES]
    return worst(found)
