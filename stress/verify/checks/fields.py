"""What no_invention and untorn have in common: both judge the fields of each single answer."""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.isolation import wrong_answer
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.witness import Meaning


def judge_fields(evidence: Evidence, check_id: str, violations: int, meaning: Meaning) -> Check:
    """A Check over every answer; NOT TESTED where the answers name no database."""
    if not evidence.answers or not evidence.facts.has_url:
        no_answer = "no answer came back"
        reason = no_answer if not evidence.answers else "the target's answers name no database"
        return not_tested(check_id, reason, "nothing to compare")
    witness = None
    found = [v for v in evidence.violations if v.check == check_id]
    if found:
        witness = wrong_answer(evidence, found[0], meaning)
    return Check(
        id=check_id,
        status="fail" if violations else "pass",
        examined=evidence.answers,
        violations=violations,
        evidence=f"{evidence.answers:,} answers"
        + (f", {violations:,} wrong" if violations else ""),
        witness=witness,
    )
