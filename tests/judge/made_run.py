"""Results of runs as `assemble` makes them, with one thing planted in each."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from stress.judge import caveats
from stress.report.result import Caveat, Check, Cold, ColdParts, Error, Result, Tenant
from stress.scenario.scenario import Scenario
from tests.report.passed import CHECKS, MS, passing, summary, target

HIT_RATE = "hit_rate:value>90%"
MISS = "resolve{outcome:miss}:avg<50ms"


def run(**scenario: Any) -> Result:
    """A heavy run in which nothing is wrong: 1,000 requests in 1 s, all of them hits."""
    told = msgspec.to_builtins(Scenario(**{"tenants": 10, "target": "mine.py:Mine", **scenario}))
    told |= {"thresholds": [], "default_tenants": 10}
    base = passing()
    return replace(
        base,
        scenario=told,
        cache=replace(base.cache, caches=1, oldest_entry_s=1.5),
        cold=cold(),
        throughput=replace(base.throughput, wall_s=1.0),
        environment=replace(base.environment, cores=256),
        caveats=[],
    )


def cold(
    miss_ms: float = 1.0,
    query_ms: float | None = 0.9,
    decryption_ms: float | None = 0.003,
    round_trip_ms: float | None = 0.05,
) -> Cold:
    """40 cold loads, by the mean times of their parts."""
    ns = round(miss_ms * MS)
    misses = summary(40, ns, ns, None, None, None, None, ns)
    parts = None if query_ms is None else max(0.0, miss_ms - query_ms - (decryption_ms or 0.0))
    return Cold(
        loads=40,
        latency_ns={"all": misses, "miss": misses},
        parts_ns=ColdParts(
            control_plane_query=None if query_ms is None else query_ms * MS,
            decryption=None if decryption_ms is None else decryption_ms * MS,
            cache=None if parts is None else parts * MS,
            connection=None,
        ),
        connections=0,
        wall_s=0.04,
        round_trip_ns=None if round_trip_ms is None else round_trip_ms * MS,
    )


def missing(
    base: Result, misses: int, *, waits: int = 0, wanted: float = 0.9, **cache: Any
) -> Result:
    """The run with so many misses, its target of the hit rate judged."""
    total = base.requests.total
    hits = total - misses - waits
    rate = hits / total
    judged = replace(target(HIT_RATE, "Cache hit rate", rate), ok=rate > wanted, target=wanted)
    tenants = base.scenario["tenants"]
    return replace(
        base,
        cache=replace(base.cache, hits=hits, misses=misses, waits=waits, hit_rate=rate, **cache),
        thresholds=[judged],
        tenants=[tenant(f"tenant-{index}", total / tenants) for index in range(tenants)],
    )


def tenant(name: str | None, requests: float, tenants: int = 1) -> Tenant:
    """One line of the tenants' table."""
    return Tenant(
        id=name,
        requests=round(requests),
        hits=0,
        misses=0,
        failed=0,
        p99_ns=None,
        max_ns=None,
        tenants=tenants,
    )


def failing(base: Result, check_id: str, violations: int = 3, examined: int = 1000) -> Result:
    """The run with one check failed."""
    failed = Check(
        id=check_id, status="fail", examined=examined, violations=violations, evidence=""
    )
    return replace(base, checks=[*(one for one in CHECKS if one.id != check_id), failed])


def raising(base: Result, kind: str, message: str, count: int = 7) -> Result:
    """The run with calls that failed."""
    error = Error(
        type=kind, count=count, tenants=["tenant-1"], first_s=0.1, last_s=0.9, message=message
    )
    return replace(base, errors=[error])


def found(result: Result) -> dict[str, Caveat]:
    """The caveats of a result by their ids."""
    return {caveat.id: caveat for caveat in caveats.find(result)}
