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

SCHEMA_VERSION = 1

Outcome = Literal["hit", "miss", "wait", "negative", "error"]
Role = Literal["reference", "cold", "warmup", "counted", "steady", "check"]
VerdictStatus = Literal["pass", "fail", "invalid", "interrupted"]
CheckStatus = Literal["pass", "fail", "not_tested"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a result."""


class Verdict(_Part, frozen=True, kw_only=True):
    """What the run says, and why. `reasons` holds sentences, the weightiest first.

    invalid: its times and rates cannot be trusted and no view shows them; true of every run whose
    status is invalid, and of one that fails by a violation which was found in an invalid run.
    """

    status: VerdictStatus
    exit_code: int
    reasons: list[str] = []
    partial: bool = False
    invalid: bool = False


class Requests(_Part, frozen=True, kw_only=True):
    """The accounting of the headline phase.

    scheduled = successful + failed + skipped + unfinished, total = successful + failed.
    """

    scheduled: int
    total: int
    successful: int
    failed: int
    skipped: int = 0
    unfinished: int = 0
    late: int = 0


class Cache(_Part, frozen=True, kw_only=True):
    """Outcomes of the headline phase; None where outcomes could not be seen.

    hit_rate = hits / total. speedup = mean miss / mean hit, by service time.
    source says how hits and misses were told apart.
    """

    hits: int | None
    misses: int | None
    waits: int | None
    negatives: int | None
    hit_rate: float | None
    loads: int | None
    speedup: float | None
    speedup_from: Literal["measured", "cold"] | None
    speedup_median: float | None
    source: Literal["answer", "loader", "statements", "counters", "unknown"]


class Summary(_Part, frozen=True, kw_only=True):
    """One latency distribution. A percentile with fewer than 10 samples beyond it is None.

    `hdr` is an HdrHistogram V2 compressed payload in base64.
    """

    count: int
    min: int | None
    mean: float | None
    stddev: float | None
    p50: int | None
    p95: int | None
    p99: int | None
    p99_9: int | None
    max: int | None
    hdr: str


class Latency(_Part, frozen=True, kw_only=True):
    """Response time (from the intended start) and service time (from the actual start)."""

    response: Summary
    service: Summary


Latencies = dict[str, Latency]
"""Keys: all, hit, miss, wait, negative, error. An outcome without requests has no key."""


class ColdParts(_Part, frozen=True, kw_only=True):
    """Average parts of a cold load, ns. query + decryption + cache = mean miss; None if not offered."""

    control_plane_query: float | None
    decryption: float | None
    cache: float | None
    connection: float | None


class Cold(_Part, frozen=True, kw_only=True):
    """Each tenant's first load, one at a time, in one worker."""

    loads: int
    latency_ns: Latencies
    parts_ns: ColdParts
    connections: int
    wall_s: float


class Throughput(_Part, frozen=True, kw_only=True):
    """wall_s = last end - common start; start_s = how much of it was starting the threads."""

    wall_s: float
    requests_per_s: float | None
    successful_per_s: float | None
    start_s: float


class Steady(_Part, frozen=True, kw_only=True):
    """The time-limited part behind a counted run (or the counted part itself, where it was long enough)."""

    wall_s: float
    requests: int
    requests_per_s: float
    requests_per_cpu_s: float | None
    hit_rate: float | None
    latency_ns: Latencies
    is_counted_part: bool = False


class Reference(_Part, frozen=True, kw_only=True):
    """One process alone, measured before the others start; its numbers enter no sum."""

    pid: int
    steady: Steady
    violations: int


class Waiting(_Part, frozen=True, kw_only=True):
    """How much of the callers' time was waiting for the GIL or a processor, from the hits.

    gil_and_cpu_share is a fraction of the summed hit time; own_* is the target's own time.
    """

    gil_and_cpu_share: float | None
    own_mean_ns: float | None
    own_p99_ns: int | None
    longest_ns: int | None


class Process(_Part, frozen=True, kw_only=True):
    """One worker. Times and rates are of the steady part where there is one."""

    index: int
    pid: int
    requests: int
    wall_s: float
    requests_per_s: float | None
    p50_ns: int | None
    p99_ns: int | None
    failed: int
    skipped: int
    ended: str = "joined"


class Tenant(_Part, frozen=True, kw_only=True):
    """One tenant's share of the headline phase. id None: all tenants that are not listed."""

    id: str | None
    requests: int
    hits: int | None
    misses: int | None
    failed: int
    p99_ns: int | None
    max_ns: int | None
    tenants: int = 1


class Error(_Part, frozen=True, kw_only=True):
    """One kind of failure, shown once; times in seconds since the start of the measured part."""

    type: str
    count: int
    tenants: list[str]
    first_s: float
    last_s: float
    message: str
    traceback: str | None = None


class SeriesPoint(_Part, frozen=True, kw_only=True):
    """One interval of the progress line."""

    phase: str
    t_s: float
    requests: int
    hits: int | None
    failed: int
    p99_ns: int | None


class ThresholdResult(_Part, frozen=True, kw_only=True):
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


class PhaseResult(_Part, frozen=True, kw_only=True):
    """One phase of the run with its own figures."""

    name: str
    role: Role
    requests: Requests
    cache: Cache | None
    latency_ns: Latencies
    throughput: Throughput | None
    thresholds: list[ThresholdResult] = []


class WitnessEvent(_Part, frozen=True, kw_only=True):
    """One line of a witness; t_ns counts from its first event."""

    t_ns: int
    process: int | None
    thread: int | None
    actor: str
    what: str
    version: str | None = None


class Witness(_Part, frozen=True, kw_only=True):
    """The calls that prove a violation."""

    tenant: str
    events: list[WitnessEvent]
    rule: str
    effect: str
    likely: str
    reproduce: str


class Check(_Part, frozen=True, kw_only=True):
    """One verification. `evidence` says in words what `examined` counted; reason: why not tested."""

    id: str
    status: CheckStatus
    examined: int
    violations: int
    evidence: str
    upper_bound: float | None = None
    reason: str | None = None
    witness: Witness | None = None
    notes: list[str] = []


class ChecklistLine(_Part, frozen=True, kw_only=True):
    """One line of the verification checklist."""

    line: str
    status: CheckStatus
    evidence: str


class Caveat(_Part, frozen=True, kw_only=True):
    """A doubt about a figure: a fact with its figure, its consequence, and the command that removes it."""

    id: str
    message: str
    cure: str


class Environment(_Part, frozen=True, kw_only=True):
    """Where the run took place. No host name, no user name, no path."""

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


class Result(_Part, frozen=True, kw_only=True):
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
    identities: list[str] = []
    """Accounting identities that were found broken, both sides printed; empty in a sound run."""

    stopped_by: str | None = None
    """What ended the run early, in words: `Ctrl-C`, `SIGTERM`, `worker 2 died`."""

    measured_s: float = 0.0
    """Wall time from the start instant to the last end, all measured phases together."""
