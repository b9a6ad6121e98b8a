"""fork_safety: no server session is used from two processes.

Holds when each session (backend pid and start time) that a handed-out connection names was seen
from one worker only. A socket that crossed a fork shows as one session with two users.
"""

from __future__ import annotations

from collections import defaultdict

from stress.report.result import Check
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence

ID = "fork_safety"


def check(evidence: Evidence) -> Check:
    """Group the proven sessions by worker."""
    users: dict[str, set[int]] = defaultdict(set)
    for proof in evidence.proofs:
        if proof.session is not None:
            users[proof.session].add(proof.process)
    if not evidence.facts.connects:
        return not_tested(ID, "the target offers no connect()")
    if evidence.procs == 1:
        return not_tested(ID, "one process shares nothing: --procs 2")
    if len({process for processes in users.values() for process in processes}) < 2:
        return not_tested(ID, "connections of fewer than two processes could be asked")
    shared = sum(1 for processes in users.values() if len(processes) > 1)
    return Check(
        id=ID,
        status="fail" if shared else "pass",
        examined=len(users),
        violations=shared,
        evidence=f"{len(users):,} server sessions, "
        + (f"{shared:,} seen from two pids" if shared else "none seen from two pids"),
    )
