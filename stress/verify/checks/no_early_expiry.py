"""no_early_expiry: an entry lives as long as its TTL says.

Holds when a load of a tenant, with no invalidation since the one before it, began at least
D·(1 - jitter) - e after the call that made the one before it. A target that does not state its
jitter may shorten up to D/2.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import NS, SLACK_NS, strands, uncaused, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "no_early_expiry"
MEANING = Meaning(
    rule="Without a cause a tenant is loaded again when its TTL has ended, and not before.",
    effect="The control plane bears more loads than the TTL says, and callers wait for them.",
    likely="The TTL is in another unit, is shortened by a jitter that the statistics do not "
    "state, or entries are evicted while they are in use.",
)
UNSTATED_JITTER = 0.5


def check(evidence: Evidence) -> Check:
    """Compare the starts of consecutive loads."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    jitter = UNSTATED_JITTER if evidence.jitter is None else evidence.jitter
    least = round(evidence.cache_ttl_s * (1 - jitter) * NS) - SLACK_NS
    examined = violations = 0
    shortest: int | None = None
    proof = None
    for strand in strands(evidence):
        gaps, uncalled_for = uncaused(strand)
        free = gaps[uncalled_for]
        bad = uncalled_for & (gaps < least)
        examined += len(free)
        violations += int(bad.sum())
        if proof is None and bad.any():
            proof = _witness(evidence, strand, int(np.flatnonzero(bad)[0]))
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
        witness=proof,
    )


def _witness(evidence: Evidence, strand: Strand, index: int) -> Witness:
    """The two loads that lie too close together."""
    moments = [
        *witness.load(strand.loads[index]),
        witness.began(strand.loads[index + 1], "loads again", "control plane"),
    ]
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING)
