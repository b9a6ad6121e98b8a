"""fork_safety: no server session is used from two processes.

Holds when each session (backend pid and start time) that a handed-out connection names was seen
from one worker only. A socket that crossed a fork shows as one session with two users.
"""

from __future__ import annotations

from collections import defaultdict

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence, Proof
from stress.verify.witness import Meaning

ID = "fork_safety"
MEANING = Meaning(
    rule="A server session is used by one process only.",
    effect="Two processes read each other's answers from one socket: wrong rows, or a "
    "connection that breaks in the middle of a query.",
    likely="A connection was opened before the fork. Forget every inherited connection in "
    "after_fork(), without closing it.",
)


def check(evidence: Evidence) -> Check:
    """Group the proven sessions by worker."""
    users: dict[str, dict[int, Proof]] = defaultdict(dict)
    for proof in evidence.proofs:
        if proof.session is not None:
            users[proof.session].setdefault(proof.process, proof)
    if not evidence.facts.connects:
        return not_tested(ID, "the target offers no connect()")
    if evidence.procs == 1:
        return not_tested(ID, "one process shares nothing: --procs 2")
    if len({process for processes in users.values() for process in processes}) < 2:
        return not_tested(ID, "connections of fewer than two processes could be asked")
    together = [by_process for by_process in users.values() if len(by_process) > 1]
    shared = len(together)
    return Check(
        id=ID,
        status="fail" if shared else "pass",
        examined=len(users),
        violations=shared,
        evidence=f"{len(users):,} server sessions, "
        + (f"{shared:,} seen from two pids" if shared else "none seen from two pids"),
        witness=_witness(evidence, list(together[0].values())[:2]) if together else None,
    )


def _witness(evidence: Evidence, users: list[Proof]) -> Witness:
    """Two processes that were handed the same session."""
    moments = [
        moment
        for proof in users
        for moment in witness.borrowed(proof, f"the server says session {proof.session}")
    ]
    return witness.prove(evidence, ID, users[0].tenant, moments, MEANING)
