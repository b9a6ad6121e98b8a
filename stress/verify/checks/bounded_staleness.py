"""bounded_staleness: a replaced row is forgotten when its TTL ends, at the latest.

Holds when every answer with version u although u+1 was committed began no later than
t_commit(u+1) + D + e (+ L where a target counts its TTL from the insertion).
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check
from stress.verify.checks.sweep import oldest_allowed_ns, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "bounded_staleness"


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers over the commits to its row."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    examined = violations = commits = 0
    for strand in strands(evidence):
        if not len(strand.commits):
            continue
        order = np.argsort(strand.commits["version"], kind="stable")
        versions, ends = strand.commits["version"][order], strand.commits["end_ns"][order]
        answers = strand.answers[strand.answers["version"] >= 0]
        replaced_by = np.searchsorted(versions, answers["version"], side="right")
        stale = replaced_by < len(versions)
        since = answers["start_ns"][stale] - ends[replaced_by[stale]]
        violations += int((since > oldest_allowed_ns(evidence, strand)).sum())
        examined += len(answers)
        commits += len(versions)
    if not examined:
        return not_tested(ID, "no row was changed: this phase did not write")
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} answers, {commits:,} new versions",
    )
