"""expiry: nothing older than the TTL is served.

Holds when no answer was given longer than D (+ L where a target counts its TTL from the insertion,
+ e) after the start of the youngest load that it can rest on, and every tenant whose deadline
passed was loaded again. An answer can rest on any load that began before the call ended.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check
from stress.verify.checks.sweep import oldest_allowed_ns, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "expiry"


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers over its loads."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    expiries = violations = 0
    oldest = 0
    for strand in strands(evidence):
        if not len(strand.loads) or not len(strand.answers):
            continue
        starts = strand.loads["start_ns"]
        rests_on = np.searchsorted(starts, strand.answers["end_ns"], side="right") - 1
        known = rests_on >= 0
        ages = strand.answers["start_ns"][known] - starts[rests_on[known]]
        if not len(ages):
            continue
        violations += int((ages > oldest_allowed_ns(evidence, strand)).sum())
        oldest = max(oldest, int(ages.max()))
        if not len(strand.invalidations):
            expiries += len(strand.loads) - 1
    if not expiries and not violations:
        return not_tested(ID, "no entry expired while loads could be seen")
    told = f"oldest answer {oldest // 1_000_000 / 1000:.3f} s, TTL {evidence.cache_ttl_s:g} s"
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=expiries,
        violations=violations,
        evidence=f"{expiries:,} expiries; {told}",
    )
