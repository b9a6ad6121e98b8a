"""load_economy: no load without a cause.

Holds when loads ≤ tenants touched + expiries + unknown ids + invalidations + failed calls +
takeovers + evictions that the target states, the first three once for each cache (one for the host,
or one for each process). A tenant can have expired at most once in each TTL since the target was
built.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.target.statistics import count_in
from stress.verify import witness
from stress.verify.checks.sweep import NS, strands, uncaused
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.witness import Meaning

ID = "load_economy"
MEANING = Meaning(
    rule="A load has a cause: a tenant's first call, an expiry, an invalidation, an error.",
    effect="The control plane bears more load than the traffic explains, and callers wait for it.",
    likely="Each miss loads more than once, entries are dropped before their time, or some "
    "answers are never cached.",
)


def check(evidence: Evidence) -> Check:
    """Compare the loads that were seen with those that have a cause."""
    if evidence.loads is None:
        return not_tested(ID, "loads of this target could not be seen")
    if evidence.loads == 0:
        return not_tested(ID, "no load was seen")
    if evidence.cache_ttl_s <= 0:
        return not_tested(ID, "a TTL of 0 caches nothing")
    if not evidence.complete:
        return not_tested(ID, "the run did not end by itself")
    # A load profile judges no coherence: a target that does not say may have a cache in each.
    one_each = evidence.scope == "process" or (
        not evidence.scope_stated and evidence.history is None
    )
    caches = evidence.procs if one_each else 1
    expiries = int(evidence.lifetime_s / evidence.cache_ttl_s)
    explained = (
        caches * (evidence.tenants * (1 + expiries) + evidence.unknown_calls)
        + evidence.invalidated
        + evidence.calls.failed
        + evidence.takeovers
        + _evictions(evidence)
    )
    excess = max(0, evidence.loads - explained)
    words = f"{evidence.loads:,} loads, {min(evidence.loads, explained):,} explained"
    if caches > 1:
        words += f" (one cache in each of {evidence.procs} processes)"
    return Check(
        id=ID,
        status="fail" if excess else "pass",
        examined=evidence.loads,
        violations=excess,
        evidence=words,
        witness=_witness(evidence) if excess else None,
    )


def _evictions(evidence: Evidence) -> int:
    """Entries that went before their time for want of room, as the target states it."""
    return count_in(evidence.stats or evidence.worker_stats, "evictions") or 0


def _witness(evidence: Evidence) -> Witness | None:
    """Two loads of one tenant with nothing in between; only a phase records single loads."""
    for strand in strands(evidence):
        gaps, free = uncaused(strand)
        early = np.flatnonzero(free & (gaps < round(evidence.cache_ttl_s * NS)))
        if len(early):
            first, second = strand.loads[early[0]], strand.loads[early[0] + 1]
            moments = [
                *witness.load(first),
                witness.began(second, "loads again", "control plane"),
            ]
            return witness.prove(
                evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING
            )
    return None
