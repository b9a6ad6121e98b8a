"""Witness: the two or three calls that prove a violation, as a time line.

Only what was seen from outside: when calls began and ended, and the loads and commits in between.
The last moment is the one that contradicts the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stress.report.result import Witness, WitnessEvent
from stress.verify.evidence import Borrowed, Evidence, Proof


@dataclass(frozen=True)
class Meaning:
    """What a check says of a violation, beside its calls: one sentence or two each."""

    rule: str
    effect: str
    likely: str


@dataclass(frozen=True)
class Moment:
    """One instant of a time line; whoever did it, as far as that is known."""

    at_ns: int
    process: int | None
    thread: int | None
    actor: str
    what: str
    version: str | None = None


def began(event: Any, what: str, actor: str = "caller") -> Moment:
    """The start of a history's event."""
    return _moment(event, "start_ns", actor, what, None)


def ended(event: Any, what: str, actor: str = "target", *, version: int | None = None) -> Moment:
    """The end of a history's event. version: what came of it."""
    return _moment(event, "end_ns", actor, what, version)


def call(event: Any, what: str, came: str, *, version: int | None = None) -> list[Moment]:
    """A whole call: what was asked, and what came back."""
    return [began(event, what), ended(event, came, version=version)]


def answer(event: Any, came: str = "answers") -> list[Moment]:
    """A resolve with the version that it was answered."""
    return call(event, "resolve", came, version=int(event["version"]))


def load(event: Any) -> list[Moment]:
    """A statement to the control plane."""
    return [
        began(event, "load begins", "control plane"),
        ended(event, "load has the row", "control plane"),
    ]


def commit(event: Any) -> Moment:
    """A write to the control plane."""
    return ended(event, "commits", "control plane", version=int(event["version"]))


def borrowed(found: Borrowed | Proof, came: str) -> list[Moment]:
    """A connection that was handed out and asked; its thread is not known."""
    return [
        Moment(found.started_ns, found.process, None, "caller", "connect"),
        Moment(found.ended_ns, found.process, None, "server", came),
    ]


def prove(
    evidence: Evidence, check_id: str, tenant: str, moments: Sequence[Moment], meaning: Meaning
) -> Witness:
    """The moments in their order, counted from the first."""
    ordered = sorted(moments, key=lambda moment: moment.at_ns)
    first = ordered[0].at_ns if ordered else 0
    return Witness(
        tenant=tenant,
        events=[
            WitnessEvent(
                t_ns=moment.at_ns - first,
                process=moment.process,
                thread=moment.thread,
                actor=moment.actor,
                what=moment.what,
                version=moment.version,
            )
            for moment in ordered
        ],
        rule=meaning.rule,
        effect=meaning.effect,
        likely=meaning.likely,
        reproduce=again(evidence, check_id),
    )


def again(evidence: Evidence, check_id: str) -> str:
    """The command that shows it again; a phase judges this check alone, a profile has no choice."""
    if evidence.history is None or not evidence.reproduce:
        return evidence.reproduce
    return f"{evidence.reproduce} --check {check_id}"


def _moment(event: Any, at: str, actor: str, what: str, version: int | None) -> Moment:
    return Moment(
        at_ns=int(event[at]),
        process=int(event["process"]),
        thread=int(event["thread"]),
        actor=actor,
        what=what,
        version=None if version is None or version < 0 else str(version),
    )
