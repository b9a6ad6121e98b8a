"""The measured parts of a result: counts, latencies, rates, by phase, process and tenant."""

from __future__ import annotations

from typing import Literal

from stress.report.part import Part


class Requests(Part, frozen=True, kw_only=True):
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


class Cache(Part, frozen=True, kw_only=True):
    """Outcomes of the headline phase; None where outcomes could not be seen.

    hit_rate = hits / total. speedup = mean miss / mean hit, by service time.
    source says how hits and misses were told apart. caches: 1 where it is one for the host, else
    (or where the target does not say) one for each process. capacity: entries that one of them has
    room for, as the target states it. oldest_entry_s: from the run's first call to the last of this
    phase: no entry is older. loads_capped: whether --max-loads held calls back; False: a cap was
    asked for, but the loads are not seen; None: no cap.
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
    caches: int | None = None
    capacity: int | None = None
    oldest_entry_s: float | None = None
    loads_capped: bool | None = None


class Lifetimes(Part, frozen=True, kw_only=True):
    """How long entries lived: from a tenant's load to its next, with no invalidation between.

    reloads: how many such pairs there were; without one their times are None. spread_s: the middle
    half of them lies within so much (the interquartile range). alive_s: the longest
    time from a tenant's last load to its last answer: that entry lived at least as long.
    """

    reloads: int
    shortest_s: float | None
    median_s: float | None
    longest_s: float | None
    spread_s: float | None
    alive_s: float | None


class Summary(Part, frozen=True, kw_only=True):
    """One latency distribution. A percentile with fewer than 10 samples beyond it is None.

    `hdr` is an HdrHistogram V2 compressed payload in base64. percentiles: those that were asked
    for, by their number as text; None where nobody asked for others than the default.
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
    percentiles: dict[str, int | None] | None = None


class Latency(Part, frozen=True, kw_only=True):
    """Response time (from the intended start) and service time (from the actual start)."""

    response: Summary
    service: Summary


Latencies = dict[str, Latency]
"""Keys: all, hit, miss, wait, negative, error. An outcome without requests has no key."""


class ColdParts(Part, frozen=True, kw_only=True):
    """Average parts of a cold load, ns: query + decryption + cache = mean miss. None: not seen."""

    control_plane_query: float | None
    decryption: float | None
    cache: float | None
    connection: float | None


class Cold(Part, frozen=True, kw_only=True):
    """Each tenant's first load, one at a time, in one worker.

    round_trip_ns: median time of a `SELECT 1` on a connection to the control plane of the tester's
    own, taken just before.
    """

    loads: int
    latency_ns: Latencies
    parts_ns: ColdParts
    connections: int
    wall_s: float
    round_trip_ns: float | None = None


class Throughput(Part, frozen=True, kw_only=True):
    """wall_s = last end - common start; start_s = how much of it was starting the threads."""

    wall_s: float
    requests_per_s: float | None
    successful_per_s: float | None
    start_s: float


class Steady(Part, frozen=True, kw_only=True):
    """The time-limited part behind a counted run, or that run itself where it was long enough."""

    wall_s: float
    requests: int
    requests_per_s: float
    requests_per_cpu_s: float | None
    hit_rate: float | None
    latency_ns: Latencies
    is_counted_part: bool = False
    operations: Latencies | None = None
    """As in the result: of this part."""


class Reference(Part, frozen=True, kw_only=True):
    """One process alone, measured before the others start; its numbers enter no sum."""

    pid: int
    steady: Steady
    violations: int


class Waiting(Part, frozen=True, kw_only=True):
    """How much of the callers' time was waiting for the GIL or a processor, from the hits.

    gil_and_cpu_share is a fraction of the summed hit time; own_* is the target's own time.
    """

    gil_and_cpu_share: float | None
    own_mean_ns: float | None
    own_p99_ns: int | None
    longest_ns: int | None


class Process(Part, frozen=True, kw_only=True):
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


class Tenant(Part, frozen=True, kw_only=True):
    """One tenant's share of the headline phase. id None: all tenants that are not listed."""

    id: str | None
    requests: int
    hits: int | None
    misses: int | None
    failed: int
    p99_ns: int | None
    max_ns: int | None
    tenants: int = 1


class SeriesPoint(Part, frozen=True, kw_only=True):
    """One interval of the progress line."""

    phase: str
    t_s: float
    requests: int
    hits: int | None
    failed: int
    p99_ns: int | None
