"""liveness: every call returns, also when whoever loads for it is stopped.

Holds when no call took longer than lease + L + e, where L is the longest load of its tenant. A call
of the stopped worker is counted from the moment at which it was continued. Needs a call that had to
wait for a stopped worker's load.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stress.load.ring import LOAD, RESOLVE, STOP
from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import NS, unusable
from stress.verify.checks.untested import NOT_PROVOKED, not_tested
from stress.verify.evidence import Evidence
from stress.verify.history import Events
from stress.verify.witness import Meaning

ID = "liveness"
MEANING = Meaning(
    rule="Every call returns within the lease, its tenant's longest load and half a second, also "
    "when the process that loads for it is stopped.",
    effect="One stopped or swapped-out process makes every other one hang that needs the same "
    "tenant.",
    likely="Whoever waits for another's load waits without a limit, or a lock is held while "
    "loading. Limit the wait, and let a waiter take the load over.",
)
# Half a second: a waiter that is woken must get a processor and its interpreter first.
SLACK_NS = NS // 2
WAITED = 0.5  # of the lease: whoever was in a call for so long had to wait


def check(evidence: Evidence) -> Check:
    """Measure every call of the phase in which a worker was stopped."""
    if not evidence.stops:
        return not_tested(ID, NOT_PROVOKED)
    if (reason := unusable(evidence)) or evidence.history is None:
        return not_tested(ID, reason or NOT_PROVOKED)
    stops = evidence.history.of(STOP)
    if not len(stops):
        return not_tested(ID, _why(evidence))
    lease_ns = round(evidence.lease_s * NS)
    calls, loads = evidence.history.of(RESOLVE), evidence.history.of(LOAD)
    took = calls["end_ns"] - calls["start_ns"]
    waited = 0
    for stop in stops:
        inside = (calls["start_ns"] < stop["end_ns"]) & (calls["end_ns"] > stop["start_ns"])
        own = inside & (calls["process"] == stop["version"])
        took[own] = np.maximum(0, calls["end_ns"][own] - stop["end_ns"])
        others = inside & ~own & (calls["tenant"] == stop["tenant"])
        waited += int((others & (took >= WAITED * lease_ns)).sum())
    if not waited:
        return not_tested(ID, "no call had to wait for the stopped worker's load")
    late = took > lease_ns + _longest(calls, loads) + SLACK_NS
    proof = None
    if late.any():
        proof = _witness(evidence, stops[0], calls[np.argmax(np.where(late, took, 0))])
    return Check(
        id=ID,
        status="fail" if late.any() else "pass",
        examined=len(calls),
        violations=int(late.sum()),
        evidence=f"{len(calls):,} calls, {waited} waited for a stopped worker; the longest "
        f"{int(took.max()) / NS:.2f} s, lease {evidence.lease_s:g} s",
        witness=proof,
    )


def _longest(calls: Events, loads: Events) -> npt.NDArray[np.int64]:
    """For each call the longest load of its tenant."""
    last = max(calls["tenant"].max(initial=0), loads["tenant"].max(initial=0))
    longest = np.zeros(int(last) + 1, np.int64)
    np.maximum.at(longest, loads["tenant"], loads["end_ns"] - loads["start_ns"])
    found: npt.NDArray[np.int64] = longest[calls["tenant"]]
    return found


def _witness(evidence: Evidence, stop: Any, call: Any) -> Witness:
    """The stop, and the call that was in flight for the longest."""
    who = f"process {int(stop['version'])}"
    moments = [
        witness.began(stop, f"{who} is stopped in its load", "tester"),
        witness.ended(stop, f"{who} is continued", "tester"),
        *witness.call(call, "resolve", "returns"),
    ]
    tenant = evidence.tenant_name(int(call["tenant"]))
    return witness.prove(evidence, ID, tenant, moments, MEANING)


def _why(evidence: Evidence) -> str:
    """Why no worker was stopped although the phase would have."""
    if evidence.procs == 1:
        return "one process alone: nobody could take over"
    if evidence.scope == "process":
        return "each process has a cache of its own: nobody could take over"
    if not evidence.facts.offers_invalidate:
        return "the target offers no invalidate_cache(): no load could be made"
    return "loads of this target could not be seen, so none could be stopped"
