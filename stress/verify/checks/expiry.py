"""expiry: nothing older than the TTL is served.

Holds when no answer was given longer than D (+ L where a target counts its TTL from the insertion,
+ e) after the start of the youngest load that it can rest on, and every tenant whose deadline
passed was loaded again. An answer can rest on any load whose row was there before the call ended.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import oldest_allowed_ns, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "expiry"
MEANING = Meaning(
    rule="No answer is given longer than the TTL after the load that it rests on.",
    effect="A tenant that was moved, suspended or given new credentials is served as before, "
    "until somebody invalidates it or restarts the process.",
    likely="The deadline is in another unit or on a clock that is set, moves with each hit, "
    "or starts anew in a copy; or the old entry is served while another call reloads "
    "it.",
)


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers over its loads."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    expiries = violations = 0
    proof = None
    oldest = 0
    for strand in strands(evidence):
        if not len(strand.loads) or not len(strand.answers):
            continue
        order = np.argsort(strand.loads["end_ns"], kind="stable")
        ends = strand.loads["end_ns"][order]
        youngest = np.maximum.accumulate(strand.loads["start_ns"][order])
        rests_on = np.searchsorted(ends, strand.answers["end_ns"], side="right") - 1
        known = rests_on >= 0
        answers = strand.answers[known]
        ages = answers["start_ns"] - youngest[rests_on[known]]
        if not len(ages):
            continue
        bad = ages > oldest_allowed_ns(evidence, strand)
        violations += int(bad.sum())
        oldest = max(oldest, int(ages.max()))
        if proof is None and bad.any():
            first = int(np.flatnonzero(bad)[0])
            proof = _witness(evidence, strand, answers[first], int(ages[first]))
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
        witness=proof,
    )


def _witness(evidence: Evidence, strand: Strand, late: np.void, age: int) -> Witness:
    """The youngest load that the answer can rest on, and the answer."""
    start = late["start_ns"] - age
    moments = [
        *witness.load(strand.loads[strand.loads["start_ns"] == start][0]),
        *witness.answer(late, f"answers, {age // 1_000_000 / 1000:.3f} s old"),
    ]
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING)
