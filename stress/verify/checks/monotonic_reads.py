"""monotonic_reads: what has been seen is not unseen.

Holds when no answer has an older version than one of the same tenant that had ended before it
began, in any process of the target's scope.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check
from stress.verify.checks.sweep import strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "monotonic_reads"


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers in the order of their ends."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    examined = violations = 0
    for strand in strands(evidence):
        if not len(strand.commits):
            continue
        answers = strand.answers[strand.answers["version"] >= 0]
        if not len(answers):
            continue
        order = np.argsort(answers["end_ns"], kind="stable")
        ends = answers["end_ns"][order]
        newest = np.maximum.accumulate(answers["version"][order])
        before = np.searchsorted(ends, answers["start_ns"], side="left") - 1
        seen = np.where(before >= 0, newest[np.maximum(before, 0)], -1)
        violations += int((answers["version"] < seen).sum())
        examined += len(answers)
    if not examined:
        return not_tested(ID, "no row was changed: this phase did not write")
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} answers",
    )
