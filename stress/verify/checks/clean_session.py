"""clean_session: a borrower finds nothing of the borrower before.

Holds when no borrowed connection still had the search_path, the advisory lock, the listening
channel or the open transaction of an earlier borrower. Needs a session that was soiled and came
back.
"""

from __future__ import annotations

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Borrowed, Evidence
from stress.verify.witness import Meaning, Moment

ID = "clean_session"
MEANING = Meaning(
    rule="A borrower finds no setting, lock, channel or transaction of the borrower before.",
    effect="Queries look for tables in another schema, wait for a lock that nobody gives "
    "back, or run in somebody else's transaction.",
    likely="A connection goes back to the pool as it is. Roll back and reset the session "
    "(DISCARD ALL) before the next borrower gets it.",
)


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
        witness=_witness(evidence, asked, dirty[0]) if dirty else None,
    )


def _witness(evidence: Evidence, asked: list[Borrowed], dirty: Borrowed) -> Witness:
    """The borrower who soiled the session, and the next one, who found it so."""
    before = [
        one
        for one in asked
        if one.soiled and one.session == dirty.session and one.ended_ns <= dirty.started_ns
    ]
    moments: list[Moment] = []
    if before:
        moments = witness.borrowed(
            max(before, key=lambda one: one.ended_ns), "leaves a lock and a transaction"
        )
    moments += witness.borrowed(dirty, f"finds {', '.join(dirty.left)}")
    return witness.prove(evidence, ID, dirty.tenant, moments, MEANING)


def _came_back(asked: list[Borrowed]) -> int:
    """Borrowings of a session that an earlier borrower had soiled."""
    soiled: set[str] = set()
    count = 0
    for one in sorted(asked, key=lambda borrowed: borrowed.started_ns):
        count += one.session in soiled
        if one.soiled and one.session is not None:
            soiled.add(one.session)
    return count
