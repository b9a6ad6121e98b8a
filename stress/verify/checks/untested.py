"""NOT TESTED: a check that saw nothing says why, and passes nothing."""

from __future__ import annotations

from stress.report.result import Check

NOT_ASKED = "not asked for: --check names others"
NOT_PROVOKED = "this profile does not provoke it"


def not_tested(check_id: str, reason: str, evidence: str = "") -> Check:
    """The Check of something that could not be judged."""
    return Check(
        id=check_id,
        status="not_tested",
        examined=0,
        violations=0,
        evidence=evidence,
        reason=reason,
    )
