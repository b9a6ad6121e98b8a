"""clean_session: a borrower finds nothing of the borrower before.

Holds when no borrowed connection still had the search_path, the advisory lock, the listening
channel or the open transaction of an earlier borrower. Needs a session that was soiled and came
back.
"""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.sweep import unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Borrowed, Evidence

ID = "clean_session"


def check(evidence: Evidence) -> Check:
    """Judge every borrowed connection that somebody had soiled before."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    if not evidence.facts.connects:
        return not_tested(ID, "the target's answers offer no connect()")
    asked = [one for one in evidence.borrowed if one.right is not None]
    dirty = [one for one in asked if one.left]
    again = _came_back(asked)
    if not again and not dirty:
        return not_tested(ID, "no session was handed out twice")
    left = sorted({what for one in dirty for what in one.left})
    found = f"{len(dirty):,} unclean" + (f": {', '.join(left)}" if left else "")
    return Check(
        id=ID,
        status="fail" if dirty else "pass",
        examined=max(again, len(dirty)),
        violations=len(dirty),
        evidence=f"{again:,} soiled sessions came back, {found}",
    )


def _came_back(asked: list[Borrowed]) -> int:
    """Borrowings of a session that an earlier borrower had soiled."""
    soiled: set[str] = set()
    count = 0
    for one in sorted(asked, key=lambda borrowed: borrowed.started_ns):
        count += one.session in soiled
        if one.soiled and one.session is not None:
            soiled.add(one.session)
    return count
