"""connection_leak: after the drain every connection is back.

Holds when the server counts no more sessions in the tenants' databases, once every worker has
closed its target, than before the workers started. The workers are still alive then.
"""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "connection_leak"


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
    )
