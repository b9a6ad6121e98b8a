"""The result of a run: one frozen value that every view prints and the JSON file holds.

Schema version 1. Durations are integers in nanoseconds where the name ends in `_ns` (means and
standard deviations are floats), seconds where it ends in `_s`; shares are fractions of 1.
A figure that could not be measured is None, never 0.

History of the schema
    1   first version
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stress.report.figures import (
    Cache,
    Cold,
    ColdParts,
    Latencies,
    Latency,
    Lifetimes,
    Process,
    Reference,
    Requests,
    SeriesPoint,
    Steady,
    Summary,
    Tenant,
    Throughput,
    Waiting,
)
from stress.report.findings import (
    Caveat,
    Check,
    ChecklistLine,
    CheckStatus,
    Error,
    ThresholdResult,
    Verdict,
    VerdictStatus,
    Witness,
    WitnessEvent,
)
from stress.report.part import Part

# Everything that makes up a result is imported from here.
__all__ = [
    "SCHEMA_VERSION",
    "Cache",
    "Caveat",
    "Check",
    "CheckStatus",
    "ChecklistLine",
    "Cold",
    "ColdParts",
    "Environment",
    "Error",
    "Latencies",
    "Latency",
    "Lifetimes",
    "Outcome",
    "PhaseResult",
    "Process",
    "Reference",
    "Requests",
    "Result",
    "Role",
    "SeriesPoint",
    "Steady",
    "Summary",
    "Tenant",
    "ThresholdResult",
    "Throughput",
    "Verdict",
    "VerdictStatus",
    "Waiting",
    "Witness",
    "WitnessEvent",
]

SCHEMA_VERSION = 1

Outcome = Literal["hit", "miss", "wait", "negative", "error"]
Role = Literal["reference", "cold", "warmup", "counted", "steady", "check"]


class PhaseResult(Part, frozen=True, kw_only=True):
    """One phase of the run with its own figures."""

    name: str
    role: Role
    requests: Requests
    cache: Cache | None
    latency_ns: Latencies
    throughput: Throughput | None
    thresholds: list[ThresholdResult] = msgspec.field(default_factory=list)


class Environment(Part, frozen=True, kw_only=True):
    """Where the run took place. No host name, no user name, no path.

    shared_databases: tenants that have one database and one user in common, class by class; None
    where nobody compared them.
    """

    os: str
    kernel: str
    cpu: str
    cores: int
    python: str
    gil: bool
    clock: str
    clock_overhead_ns: float
    clock_resolution_ns: int
    versions: dict[str, str]
    backend: str
    load_average: float | None = None
    shared_databases: list[list[str]] | None = None


class Result(Part, frozen=True, kw_only=True):
    """Everything one run found."""

    schema_version: int = SCHEMA_VERSION
    verdict: Verdict
    scenario: dict[str, Any]
    environment: Environment
    headline: str
    requests: Requests
    cache: Cache
    cold: Cold | None
    latency_ns: Latencies
    throughput: Throughput
    steady: Steady | None
    reference: Reference | None
    waiting: Waiting | None
    processes: list[Process]
    tenants: list[Tenant]
    errors: list[Error]
    series: list[SeriesPoint]
    phases: list[PhaseResult]
    thresholds: list[ThresholdResult]
    checks: list[Check]
    checklist: list[ChecklistLine]
    caveats: list[Caveat]
    identities: list[str] = msgspec.field(default_factory=list)
    """Accounting identities that were found broken, both sides printed; empty in a sound run."""

    operations: Latencies | None = None
    """With --operation query, of the headline phase; keys: connect, query, release (giving the
    connection back). latency_ns is the resolve alone, throughput counts whole requests."""

    stopped_by: str | None = None
    """What ended the run early, in words: `Ctrl-C`, `SIGTERM`, `worker 2 died`."""

    measured_s: float = 0.0
    """Wall time from the start instant to the last end, all measured phases together."""

    lifetimes: Lifetimes | None = None
    """How long entries lived, where every call was recorded."""

    wall_clock_step_ns: int | None = None
    """How far the wall clock was set, or jumped, against the monotonic clock during the run."""
