"""From checks, thresholds, validity and how the run ended to one verdict with its reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from stress.judge import exits
from stress.report.result import Check, ThresholdResult, Verdict

Ending = Literal["finished", "interrupted", "died", "hung"]

SENTENCES = {
    "isolation": "A tenant was given another tenant's database.",
    "no_invention": "An answer named a database or a version that was never committed.",
    "untorn": "An answer mixed the fields of different rows.",
    "load_economy": "The cache loaded more often than anything explains.",
    "counter_identity": "The target's own statistics do not add up with the calls made.",
    "fork_safety": "One server session was used by two processes.",
    "connection_leak": "Connections were not given back.",
    "liveness": "A call did not return.",
    "bounded_staleness": "A replaced row was served after its TTL had ended.",
    "read_after_invalidate": "A tenant's old row was served after its invalidation had returned.",
    "monotonic_reads": "A version that had been seen was followed by an older one.",
    "single_flight": "Several calls loaded one tenant at once.",
    "expiry": "An answer was served after its TTL had ended.",
    "no_early_expiry": "A tenant was loaded again before its TTL had ended.",
    "stale_connection": "A connection was opened with credentials that had been replaced.",
    "clean_session": "A borrower found what the one before it had left in the session.",
}


def decide(
    checks: Sequence[Check],
    thresholds: Sequence[ThresholdResult],
    identities: Sequence[str],
    ending: Ending,
    ended_by: str | None,
    asked: Collection[str] = (),
) -> Verdict:
    """The verdict of a run. An interrupted or invalid run judges no threshold.

    asked: checks that were named: one of them that could not be tested is no pass.
    """
    codes: set[int] = set()
    reasons: list[str] = []
    failed = [check for check in checks if check.status == "fail"]
    for check in sorted(failed, key=lambda c: (c.id != "isolation", -c.violations)):
        codes.add(exits.ISOLATION if check.id == "isolation" else exits.CORRECTNESS)
        reasons.append(_violation(check))
    if ending == "interrupted":
        codes.add(exits.INTERRUPTED)
        reasons.append(f"stopped by {ended_by}")
    if ending == "died":
        codes.add(exits.INVALID)
        reasons.append(_sentence(ended_by or "a worker died"))
    if identities:
        codes.add(exits.INVALID)
        reasons.append("The accounting of the run is broken; its figures cannot be trusted.")
    if not codes:
        missed = [found for found in thresholds if found.ok is not True]
        if missed:
            codes.add(exits.THRESHOLD)
            reasons += [_missed(found) for found in missed]
        for check in checks:
            if check.id in asked and check.status == "not_tested":
                codes.add(exits.THRESHOLD)
                reasons.append(f"{check.id} is NOT TESTED: {check.reason}")
    code = exits.first(codes)
    return Verdict(
        status=_status(code, codes),
        exit_code=code,
        reasons=reasons,
        partial=ending != "finished",
        invalid=exits.INVALID in codes,
    )


def _status(code: int, codes: set[int]) -> Literal["pass", "fail", "invalid", "interrupted"]:
    if code == exits.INTERRUPTED:
        return "interrupted"
    if code == exits.INVALID:
        return "invalid"
    return "fail" if codes else "pass"


def _violation(check: Check) -> str:
    count = f"{check.violations:,} violation" + ("" if check.violations == 1 else "s")
    return f"{count}: {check.id}. {SENTENCES.get(check.id, check.evidence)}"


def _missed(found: ThresholdResult) -> str:
    if found.ok is None:
        return f"{found.label}: {found.note or 'not judged'} ({found.expression})"
    return f"{found.label} missed its target ({found.expression})"


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
