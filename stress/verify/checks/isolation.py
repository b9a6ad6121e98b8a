"""isolation: no tenant ever gets another tenant's database.

Holds when the tenant, database and user of every answer are those of the tenant that was asked
for, and the server confirms them on a sample of live connections. 0 wrong of N answers bounds the
true rate at 95 % confidence to 3/N (the rule of three: 1 - 0.05^(1/N) < 3/N). Between tenants
whose own databases are one and the same it cannot be tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stress.report.result import Check, Witness
from stress.verify import witness
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Evidence, Proof, Violation
from stress.verify.witness import Meaning, Moment

ID = "isolation"
NAMED = 3  # tenants of one class that are named
MEANING = Meaning(
    rule="An answer names the database and the user of the tenant that was asked for, and "
    "of no other.",
    effect="One customer reads, or overwrites, another customer's data.",
    likely="State shared between calls, or a cache key that two tenants have in common. Key "
    "the cache by the full tenant id, and build each answer from one row.",
)


def check(evidence: Evidence) -> Check:
    """Judge every compared answer and every proven connection."""
    asked = [proof for proof in evidence.proofs if proof.right is not None]
    refuted = [proof for proof in asked if not proof.right]
    violations = evidence.wrong + len(refuted) + evidence.reference_wrong
    examined = evidence.answers
    if not examined and not violations:
        return not_tested(ID, "no answer came back", "no answer")
    if not violations and any(len(one) == evidence.tenants for one in evidence.shared):
        return not_tested(ID, "all tenants have one database and one user", "one database")
    proven = f"{len(asked)} proven on the live connection" if asked else ""
    if not proven:
        proven = (
            "none proven on a live connection: the target offers no connect()"
            if not evidence.facts.connects
            else "none proven on a live connection"
        )
    notes = [proven]
    if not evidence.facts.has_url:
        notes.append("compared by the tenant id alone: the target's answers name no database")
    notes += [_not_between(together) for together in evidence.shared]
    return Check(
        id=ID,
        status="fail" if violations else "pass",
        examined=examined,
        violations=violations,
        evidence=f"{examined:,} answers, {violations:,} wrong",
        upper_bound=None if violations or not examined else min(1.0, 3 / examined),
        witness=_witness(evidence, refuted) if violations else None,
        notes=notes,
    )


def _not_between(together: Sequence[str]) -> str:
    """What cannot be told of tenants with one database."""
    more = f" and {len(together) - NAMED:,} more" if len(together) > NAMED else ""
    return f"not tested between {', '.join(together[:NAMED])}{more}: they have one database"


def _witness(evidence: Evidence, refuted: list[Proof]) -> Witness | None:
    wrong = [found for found in evidence.violations if found.check == ID]
    if wrong:
        return wrong_answer(evidence, wrong[0], MEANING)
    if not refuted:
        return None
    proof = refuted[0]
    says = f"the server says {proof.user}@{proof.database}, marker of {proof.owner}"
    likely = "The engine or pool behind the answer belongs to another tenant."
    moments = witness.borrowed(proof, says)
    return witness.prove(evidence, ID, proof.tenant, moments, replace(MEANING, likely=likely))


def wrong_answer(evidence: Evidence, found: Violation, meaning: Meaning) -> Witness:
    """The call and its answer, for every check that one answer alone can refute."""
    thread = int(found.thread.rpartition("-")[2]) if found.thread[-1:].isdigit() else None
    got = found.got_place or ""
    if found.got_tenant is not None and found.got_tenant != found.tenant:
        got = f"{found.got_tenant} {got}".strip()
    moments = [
        Moment(found.started_ns, found.process, thread, "caller", "resolve"),
        Moment(
            found.ended_ns, found.process, thread, "target", f"answers {got}", found.got_version
        ),
    ]
    return witness.prove(evidence, found.check, found.tenant, moments, meaning)
