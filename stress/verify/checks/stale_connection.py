"""stale_connection: after a rotation no connection with the old credentials is handed out.

Holds when every connection that was borrowed after a tenant's credentials were replaced, and the
TTL of the old ones had ended, was logged in with the new ones, as the server reports it.
"""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.sweep import unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "stale_connection"


def check(evidence: Evidence) -> Check:
    """Judge the connections of the rotated tenants."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    if not evidence.facts.connects:
        return not_tested(ID, "the target's answers offer no connect()")
    if not evidence.rotated:
        return not_tested(ID, "no credentials were rotated: this phase did not write")
    asked = [
        one for one in evidence.borrowed if one.tenant in evidence.rotated and one.right is not None
    ]
    if not asked:
        return not_tested(ID, "no connection of a rotated tenant could be asked")
    stale = sum(not one.right for one in asked)
    return Check(
        id=ID,
        status="fail" if stale else "pass",
        examined=len(asked),
        violations=stale,
        evidence=f"{len(asked):,} connections after {len(evidence.rotated):,} rotations, "
        f"{stale:,} with old credentials",
    )
