"""stale_connection: after a rotation no connection with the old credentials is handed out.

Holds when every connection that was borrowed after a tenant's credentials were replaced, and the
TTL of the old ones had ended, was logged in with the new ones, as the server reports it.
"""

from __future__ import annotations

from stress.load.ring import COMMIT
from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.sweep import oldest_allowed_ns, strands, unusable
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Borrowed, Evidence
from stress.verify.witness import Meaning, Moment

ID = "stale_connection"
MEANING = Meaning(
    rule="A connection that is handed out after the TTL of replaced credentials was opened "
    "with the new ones.",
    effect="Once the old role is dropped every request of this tenant fails; until then a "
    "withdrawn password still opens the database.",
    likely="The engine or pool is kept by tenant alone. Keep it by tenant and version of the "
    "credentials, and dispose of the old one.",
)


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
    deadlines = _deadlines(evidence)
    asked = [one for one in asked if one.started_ns >= deadlines.get(one.tenant, 0)]
    if not asked:
        return not_tested(ID, "the TTL of the old credentials did not end in this phase")
    wrong = [one for one in asked if not one.right]
    stale = len(wrong)
    return Check(
        id=ID,
        status="fail" if stale else "pass",
        examined=len(asked),
        violations=stale,
        evidence=f"{len(asked):,} connections after {len(evidence.rotated):,} rotations, "
        f"{stale:,} with old credentials",
        witness=_witness(evidence, wrong[0]) if wrong else None,
    )


def _deadlines(evidence: Evidence) -> dict[str, int]:
    """For each rotated tenant when the old credentials may be handed out no longer, ns."""
    return {
        evidence.tenant_name(strand.tenant): int(strand.commits["end_ns"].max())
        + oldest_allowed_ns(evidence, strand)
        for strand in strands(evidence)
        if len(strand.commits) and evidence.tenant_name(strand.tenant) in evidence.rotated
    }


def _witness(evidence: Evidence, stale: Borrowed) -> Witness:
    """The rotation, and the connection that was handed out after it."""
    moments: list[Moment] = []
    if evidence.history is not None and stale.tenant in evidence.tenant_ids:
        commits = evidence.history.of(COMMIT)
        commits = commits[commits["tenant"] == evidence.tenant_ids.index(stale.tenant)]
        moments = [witness.commit(one) for one in commits[-1:]]
    moments += witness.borrowed(stale, f"the server says {stale.user}@{stale.database}")
    return witness.prove(evidence, ID, stale.tenant, moments, MEANING)
