"""read_after_invalidate: once an invalidation has returned, nobody gets what was there before.

After invalidate(k) = [i, r] every answer that begins after r, in any process of the target's scope,
has the newest version committed before i, or a newer one. Where nothing was written, or answers say
no version, it is judged by loads: no answer that begins after r may rest on a load that ended
before i began.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import overlapping, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand
from stress.verify.witness import Meaning

ID = "read_after_invalidate"
MEANING = Meaning(
    rule="A resolve that begins after invalidate returned gives the version committed before it, "
    "or a newer one, in any process.",
    effect="Until the TTL ends processes may use credentials or a database that were replaced.",
    likely="The invalidation stays in its process, or concerns only some of the entries. Keep one "
    "cache for all processes, or tell each of them.",
)
OVERTAKEN = replace(
    MEANING,
    likely="The load that was running stored the old row over the invalidation. Note the tenant's "
    "epoch when a load begins; store only if it is unchanged.",
)


def check(evidence: Evidence) -> Check:
    """Sweep every tenant's answers over the invalidations before them."""
    if reason := unusable(evidence):
        return not_tested(ID, reason)
    if not evidence.facts.offers_invalidate:
        return not_tested(ID, "the target offers no invalidate_cache()")
    examined = during = violations = 0
    proof = None
    for strand in strands(evidence):
        invalidations = strand.invalidations
        if not len(invalidations) or not len(strand.answers):
            continue
        followed = invalidations["end_ns"] < strand.answers["start_ns"].max()
        examined += int(followed.sum())
        during += _during_a_load(strand)
        bad = _stale(strand)
        violations += int(bad.sum())
        if proof is None and bad.any():
            proof = _witness(evidence, strand, int(np.flatnonzero(bad)[0]))
    if not examined:
        return not_tested(ID, "no answer followed an invalidation")
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} invalidations, {during:,} during a load",
        witness=proof,
    )


def _stale(strand: Strand) -> npt.NDArray[np.bool_]:
    """Which answers are older than the last invalidation before them allows."""
    by_return = strand.invalidations[np.argsort(strand.invalidations["end_ns"], kind="stable")]
    last = np.searchsorted(by_return["end_ns"], strand.answers["start_ns"], side="left") - 1
    # Of all that had returned, the one that began last asks the most.
    latest_start = np.maximum.accumulate(by_return["start_ns"])
    bad = np.zeros(len(strand.answers), bool)
    after = last >= 0
    since = latest_start[last[after]]
    if len(strand.commits) and (strand.answers["version"] >= 0).any():
        order = np.argsort(strand.commits["end_ns"], kind="stable")
        ends = strand.commits["end_ns"][order]
        newest = np.maximum.accumulate(strand.commits["version"][order])
        at = np.searchsorted(ends, since, side="left") - 1
        needed = np.where(at >= 0, newest[np.maximum(at, 0)], -1)
        versions = strand.answers["version"][after]
        bad[after] = (versions >= 0) & (versions < needed)
    elif len(strand.loads):
        order = np.argsort(strand.loads["start_ns"], kind="stable")
        ended = np.maximum.accumulate(strand.loads["end_ns"][order])
        starts = strand.loads["start_ns"][order]
        at = np.searchsorted(starts, strand.answers["end_ns"][after], side="right") - 1
        rests_on = np.where(at >= 0, ended[np.maximum(at, 0)], np.iinfo(np.int64).max)
        bad[after] = rests_on < since
    return bad


def _during_a_load(strand: Strand) -> int:
    """Invalidations that overlapped a load of the tenant."""
    loads, invalidations = strand.loads, strand.invalidations
    return int(
        overlapping(
            loads["start_ns"], loads["end_ns"], invalidations["start_ns"], invalidations["end_ns"]
        ).sum()
    )


def _witness(evidence: Evidence, strand: Strand, index: int) -> Witness:
    """The commit, the invalidation, the load beside it, and the answer that contradicts them."""
    answer = strand.answers[index]
    returned = strand.invalidations[strand.invalidations["end_ns"] < answer["start_ns"]]
    invalidation = returned[np.argmax(returned["start_ns"])]
    commits = strand.commits[strand.commits["end_ns"] < invalidation["start_ns"]]
    loads = strand.loads[strand.loads["end_ns"] < answer["end_ns"]]
    # Its statement had ended, and its call had not: so it could store what it had read before.
    running = loads[loads["start_ns"] < invalidation["end_ns"]][-1:]
    overtaken = [
        call
        for load in running
        for call in strand.answers[_calls_of(strand, load)]
        if call["end_ns"] > invalidation["start_ns"]
    ]
    moments = witness.call(invalidation, "invalidate", "returns")
    came = "answers, without a load since"
    if len(commits):
        commit = commits[np.argmax(commits["version"])]
        moments.append(witness.commit(commit))
        came = f"answers, v{int(commit['version'])} was due"
    if overtaken:
        moments += [witness.began(overtaken[0], "resolve"), *witness.load(running[0])]
        moments.append(witness.ended(overtaken[0], "returns"))
    elif not len(commits) and len(loads):
        moments += witness.load(loads[-1])
    moments += witness.answer(answer, came)
    meaning = OVERTAKEN if overtaken else MEANING
    return witness.prove(evidence, ID, evidence.tenant_name(strand.tenant), moments, meaning)


def _calls_of(strand: Strand, load: np.void) -> npt.NDArray[np.bool_]:
    """The answer of the call that made a load: on its thread, around it."""
    answers = strand.answers
    found: npt.NDArray[np.bool_] = (
        (answers["process"] == load["process"])
        & (answers["thread"] == load["thread"])
        & (answers["start_ns"] <= load["start_ns"])
        & (answers["end_ns"] >= load["end_ns"])
    )
    return found
