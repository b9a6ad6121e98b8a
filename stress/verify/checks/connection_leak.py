"""connection_leak: after the drain every connection is back.

Holds when the server counts no more sessions in the tenants' databases, once every worker has
closed its target, than before the workers started. The workers are still alive then.
"""

from __future__ import annotations

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence, Sessions
from stress.verify.witness import Meaning, Moment

ID = "connection_leak"
MEANING = Meaning(
    rule="When every worker has closed its target, the server has no more sessions than before.",
    effect="Each leak takes one of the server's connections for as long as the process "
    "lives; when none is left, every tenant fails.",
    likely="A borrower's error keeps its connection from going back, an engine that was "
    "replaced is not disposed of, or close() does nothing in a forked worker.",
)


def check(evidence: Evidence) -> Check:
    """Compare the server's count of sessions before, while proving, and after the drain."""
    sessions = evidence.sessions
    if not evidence.facts.connects:
        return not_tested(ID, "the target offers no connect()")
    if not evidence.facts.offers_close:
        return not_tested(ID, "the target offers no close(): its pools cannot be drained")
    if sessions.before is None or sessions.after is None or not sessions.proving:
        return not_tested(ID, "no session was opened and counted")
    opened = sessions.proving - sessions.before
    left = max(0, sessions.after - sessions.before)
    return Check(
        id=ID,
        status="fail" if left else "pass",
        examined=opened,
        violations=left,
        evidence=f"{left:,} of {opened:,} sessions left after the drain",
        witness=_witness(evidence, sessions, opened, left) if left else None,
    )


def _witness(evidence: Evidence, sessions: Sessions, opened: int, left: int) -> Witness:
    """What the server counted, and when. Which call leaked is not seen from outside."""
    counted = (
        (sessions.before_ns, f"{sessions.before:,} sessions before the workers"),
        (sessions.proving_ns, f"{opened:,} more while they work"),
        (sessions.after_ns, f"{left:,} more after every close()"),
    )
    moments = [Moment(at, None, None, "server", what) for at, what in counted]
    return witness.prove(evidence, ID, "all tenants", moments, MEANING)
