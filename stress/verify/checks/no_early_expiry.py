"""no_early_expiry: an entry lives as long as its TTL says.

Holds when a load of a tenant, with no invalidation since the one before it, began at least
D·(1 - jitter) - e after the call that made the one before it. A target that does not state its
jitter may shorten up to D/2.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check
from stress.verify.checks.sweep import NS, SLACK_NS, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "no_early_expiry"
UNSTATED_JITTER = 0.5


def check(evidence: Evidence) -> Check:
    """Compare the starts of consecutive loads."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    jitter = UNSTATED_JITTER if evidence.jitter is None else evidence.jitter
    least = round(evidence.cache_ttl_s * (1 - jitter) * NS) - SLACK_NS
    examined = violations = 0
    shortest: int | None = None
    for strand in strands(evidence):
        starts = strand.loads["start_ns"]
        # The TTL may count from any moment since the call began: the longest life is what counts.
        gaps = starts[1:] - strand.loads["version"][:-1]
        caused = np.zeros(len(gaps), bool)
        for one in strand.invalidations:
            # It ends the life of what was loaded, or was being loaded, before it returned.
            caused |= (strand.loads["version"][:-1] <= one["end_ns"]) & (
                one["start_ns"] <= strand.loads["end_ns"][1:]
            )
        free = gaps[~caused]
        examined += len(free)
        violations += int((free < least).sum())
        if len(free):
            shortest = int(free.min()) if shortest is None else min(shortest, int(free.min()))
    if not examined or shortest is None:
        return not_tested(ID, "no entry expired while loads could be seen")
    told = f"the earliest {shortest // 1_000_000 / 1000:.3f} s after the load before it"
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} reloads, {told}",
    )
