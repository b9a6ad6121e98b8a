"""The judged parts of a result: verdict, thresholds, checks with witnesses, errors, caveats."""

from __future__ import annotations

from typing import Literal

import msgspec

from stress.report.part import Part

VerdictStatus = Literal["pass", "fail", "invalid", "interrupted"]
CheckStatus = Literal["pass", "fail", "not_tested"]


class Verdict(Part, frozen=True, kw_only=True):
    """What the run says, and why. `reasons` holds sentences, the weightiest first.

    invalid: its times and rates cannot be trusted and no view shows them; true of every run whose
    status is invalid, and of one that fails by a violation which was found in an invalid run.
    """

    status: VerdictStatus
    exit_code: int
    reasons: list[str] = msgspec.field(default_factory=list)
    partial: bool = False
    invalid: bool = False


class Error(Part, frozen=True, kw_only=True):
    """One kind of failure, shown once; times in seconds since the start of the measured part."""

    type: str
    count: int
    tenants: list[str]
    first_s: float
    last_s: float
    message: str
    traceback: str | None = None


class ThresholdResult(Part, frozen=True, kw_only=True):
    """One judged threshold. `ok` None: not evaluated, which counts as not met.

    by_max: too few samples for the percentile, but the slowest request meets it.
    """

    expression: str
    phase: str
    actual: float | None
    unit: str
    target: float
    ok: bool | None
    by_max: bool = False
    built_in: bool = False
    label: str
    note: str | None = None


class WitnessEvent(Part, frozen=True, kw_only=True):
    """One line of a witness; t_ns counts from its first event."""

    t_ns: int
    process: int | None
    thread: int | None
    actor: str
    what: str
    version: str | None = None


class Witness(Part, frozen=True, kw_only=True):
    """The calls that prove a violation."""

    tenant: str
    events: list[WitnessEvent]
    rule: str
    effect: str
    likely: str
    reproduce: str


class Check(Part, frozen=True, kw_only=True):
    """One verification. `evidence` says in words what `examined` counted; reason: why untested."""

    id: str
    status: CheckStatus
    examined: int
    violations: int
    evidence: str
    upper_bound: float | None = None
    reason: str | None = None
    witness: Witness | None = None
    notes: list[str] = msgspec.field(default_factory=list)


class ChecklistLine(Part, frozen=True, kw_only=True):
    """One line of the verification checklist."""

    line: str
    status: CheckStatus
    evidence: str


class Caveat(Part, frozen=True, kw_only=True):
    """A doubt about a figure: a fact with its figure, its consequence, and what removes it."""

    id: str
    message: str
    cure: str
