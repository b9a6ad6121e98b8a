"""bounded_staleness: a replaced row is forgotten when its TTL ends, at the latest.

Holds when every answer with version u although u+1 was committed began no later than
t_commit(u+1) + D + e (+ L where a target counts its TTL from the insertion).
"""

from __future__ import annotations

import numpy as np

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import oldest_allowed_ns, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "bounded_staleness"
MEANING = Meaning(
    rule="A version that was replaced is answered until its TTL ends, and no longer.",
    effect="Credentials that were withdrawn, or a database that was left, stay in use for as "
    "long as the process lives.",
    likely="The deadline moves with each hit or each copy, or a reload keeps the row that it "
    "should replace. Set it once, from the load's start, and copy it with the entry.",
)


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers over the commits to its row."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    examined = violations = commits = 0
    proof = None
    for strand in strands(evidence):
        if not len(strand.commits):
            continue
        order = np.argsort(strand.commits["version"], kind="stable")
        versions, ends = strand.commits["version"][order], strand.commits["end_ns"][order]
        answers = strand.answers[strand.answers["version"] >= 0]
        replaced_by = np.searchsorted(versions, answers["version"], side="right")
        stale = replaced_by < len(versions)
        since = answers["start_ns"][stale] - ends[replaced_by[stale]]
        bad = since > oldest_allowed_ns(evidence, strand)
        violations += int(bad.sum())
        if proof is None and bad.any():
            first = int(np.flatnonzero(bad)[0])
            commit = strand.commits[order][replaced_by[stale][first]]
            proof = _witness(evidence, strand, commit, answers[stale][first])
        examined += len(answers)
        commits += len(versions)
    if not examined:
        return not_tested(ID, "no row was changed: this phase did not write")
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} answers, {commits:,} new versions",
        witness=proof,
    )


def _witness(evidence: Evidence, strand: Strand, commit: np.void, late: np.void) -> Witness:
    """The commit that replaced the version, and the answer that still gives it."""
    since_s = int(late["start_ns"] - commit["end_ns"]) // 1_000_000 / 1000
    moments = [
        witness.commit(commit),
        *witness.answer(late, f"answers, {since_s:.3f} s later"),
    ]
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, MEANING)
