"""monotonic_reads: what has been seen is not unseen.

Holds when no answer has an older version than one of the same tenant that had ended before it
began, in any process of the target's scope.
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.history import Events
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "monotonic_reads"
MEANING = Meaning(
    rule="A resolve that begins after an answer has been seen gives that answer's version, "
    "or a newer one, in any process.",
    effect="An application that has seen new credentials or a new place goes back to the old "
    "ones, and loses what it wrote in between.",
    likely="Two copies of one entry (by process, by thread, by replica) of which one is "
    "older, or a late load that stored its row over a newer one. Keep one copy, or "
    "compare versions before storing.",
)


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers in the order of their ends."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    examined = violations = 0
    proof = None
    for strand in strands(evidence):
        if not len(strand.commits):
            continue
        answers = strand.answers[strand.answers["version"] >= 0]
        if not len(answers):
            continue
        order = np.argsort(answers["end_ns"], kind="stable")
        ends = answers["end_ns"][order]
        newest = np.maximum.accumulate(answers["version"][order])
        before = np.searchsorted(ends, answers["start_ns"], side="left") - 1
        seen = np.where(before >= 0, newest[np.maximum(before, 0)], -1)
        bad = answers["version"] < seen
        violations += int(bad.sum())
        if proof is None and bad.any():
            proof = _witness(evidence, strand, answers, int(np.flatnonzero(bad)[0]))
        examined += len(answers)
    if not examined:
        return not_tested(ID, "no row was changed: this phase did not write")
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} answers",
        witness=proof,
    )


def _witness(evidence: Evidence, strand: Strand, answers: Events, index: int) -> Witness:
    """The answer that showed the newer version, and the later one that is older."""
    late = answers[index]
    before = answers[answers["end_ns"] < late["start_ns"]]
    newest = before[np.argmax(before["version"])]
    version = int(newest["version"])
    commits = strand.commits[strand.commits["version"] == version]
    moments = [
        *[witness.commit(one) for one in commits[:1]],
        *witness.answer(newest),
        *witness.answer(late, f"answers, v{version} was seen"),
    ]
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING)
