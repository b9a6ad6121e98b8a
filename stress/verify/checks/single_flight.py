"""single_flight: however many ask, one loads.

Holds when no two loads of one tenant overlapped, in the whole host or, for a target that keeps one
cache in each process, within each process. Needs calls that waited while a load was running.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check
from stress.verify.checks.sweep import strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "single_flight"


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's loads, and count the calls that ran into one."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    loads = overlaps = met = 0
    for strand in strands(evidence):
        if not len(strand.loads):
            continue
        loads += len(strand.loads)
        latest = np.maximum.accumulate(strand.loads["end_ns"])
        overlaps += int((strand.loads["start_ns"][1:] < latest[:-1]).sum())
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
    )
