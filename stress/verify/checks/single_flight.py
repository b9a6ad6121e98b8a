"""single_flight: however many ask, one loads.

Holds when no two loads of one tenant overlapped, in the whole host or, for a target that keeps one
cache in each process, within each process. Needs calls that waited while a load was running.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "single_flight"
MEANING = Meaning(
    rule="While one call loads a tenant, every other call for it waits for that load.",
    effect="When a busy tenant expires, all its requests go to the control plane at once, at "
    "the moment when it is slowest.",
    likely="The lock is missing, belongs to one process only, or is let go before the load "
    "has ended. Lock by tenant, for all processes of the host, and look again once it "
    "is held.",
)


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's loads, and count the calls that ran into one."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    loads = overlaps = met = 0
    proof = None
    for strand in strands(evidence):
        if not len(strand.loads):
            continue
        loads += len(strand.loads)
        latest = np.maximum.accumulate(strand.loads["end_ns"])
        bad = strand.loads["start_ns"][1:] < latest[:-1]
        overlaps += int(bad.sum())
        if proof is None and bad.any():
            proof = _witness(evidence, strand, int(np.flatnonzero(bad)[0]) + 1)
        # A call met a load when it began during the load and was not over before it.
        at = np.searchsorted(strand.loads["start_ns"], strand.answers["start_ns"], "right") - 1
        inside = (at >= 0) & (
            strand.answers["start_ns"] < strand.loads["end_ns"][np.maximum(at, 0)]
        )
        met += int((inside & (strand.answers["end_ns"] >= strand.loads["end_ns"][at])).sum())
    if not loads:
        return not_tested(ID, "loads of this target could not be seen")
    if not met and not overlaps:
        return not_tested(ID, "no call met another call's load")
    return Check(
        id=ID,
        status="fail" if overlaps else "pass",
        examined=loads,
        violations=overlaps,
        evidence=f"{loads:,} loads, {met:,} calls met one; {overlaps:,} overlapped",
        witness=proof,
    )


def _witness(evidence: Evidence, strand: Strand, index: int) -> Witness:
    """The load that was running, and the one that began beside it."""
    second, earlier = strand.loads[index], strand.loads[:index]
    running = earlier[np.argmax(earlier["end_ns"])]
    moments = [
        *witness.load(running),
        witness.began(second, "another load begins", "control plane"),
    ]
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING)
