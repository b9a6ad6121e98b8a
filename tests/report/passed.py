"""The parts of a hand-made result, and a whole one of a run that passed."""

from __future__ import annotations

from typing import Any

from stress.report.result import (
    Cache,
    Caveat,
    Check,
    Cold,
    ColdParts,
    Environment,
    Latency,
    PhaseResult,
    Process,
    Reference,
    Requests,
    Result,
    SeriesPoint,
    Steady,
    Summary,
    Tenant,
    ThresholdResult,
    Throughput,
    Verdict,
    Waiting,
)

US, MS, S = 10**3, 10**6, 10**9

NOT_PROVOKED = tuple(f"other_{index}" for index in range(20))


def summary(
    count: int,
    mean: float,
    low: int,
    p50: int | None,
    p95: int | None,
    p99: int | None,
    p99_9: int | None,
    high: int,
) -> Latency:
    one = Summary(
        count=count,
        min=low,
        mean=mean,
        stddev=mean / 3,
        p50=p50,
        p95=p95,
        p99=p99,
        p99_9=p99_9,
        max=high,
        hdr="HISTFAAAAA==",
    )
    return Latency(response=one, service=one)


def target(expression: str, label: str, actual: float | None, **more: Any) -> ThresholdResult:
    unit, wanted = {
        "resolve{outcome:hit}:avg<1ms": ("ns", 1.0 * MS),
        "resolve{outcome:miss}:avg<50ms": ("ns", 50.0 * MS),
        "resolve:avg<50ms": ("ns", 50.0 * MS),
        "resolve:p(95)<50ms": ("ns", 50.0 * MS),
        "resolve:p(99)<100ms": ("ns", 100.0 * MS),
        "hit_rate:value>90%": ("fraction", 0.9),
        "cache_speedup:value>20": ("ratio", 20.0),
        "throughput:rate>100/s": ("1/s", 100.0),
        "failed:count==0": ("count", 0.0),
        "isolation_violations:count==0": ("count", 0.0),
    }[expression]
    values: dict[str, Any] = {"phase": "measured", "ok": True, "built_in": True, **more}
    return ThresholdResult(
        expression=expression, label=label, actual=actual, unit=unit, target=wanted, **values
    )


TARGETS = [
    target("resolve{outcome:hit}:avg<1ms", "Cache hit, average", 1.10 * US),
    target("resolve{outcome:miss}:avg<50ms", "Cache miss, average", 1.31 * MS, phase="cold"),
    target("resolve:avg<50ms", "Average", 1.10 * US),
    target("resolve:p(95)<50ms", "p95", 1.14 * US),
    target("resolve:p(99)<100ms", "p99", 8.01 * US),
    target("hit_rate:value>90%", "Cache hit rate", 1.0),
    target("cache_speedup:value>20", "Cache speedup", 1190.9, phase="cold"),
    target("throughput:rate>100/s", "Throughput", 2_840_512.0, phase="steady"),
    target("failed:count==0", "Failed requests", 0.0),
    target("isolation_violations:count==0", "Isolation violations", 0.0),
]

CHECKS = [
    Check(
        id="isolation",
        status="pass",
        examined=2_841_562,
        violations=0,
        evidence="2,841,562 answers, 0 wrong",
        upper_bound=3 / 2_841_562,
        notes=["40 proven on the live connection"],
    ),
    *(
        Check(id=name, status="pass", examined=examined, violations=0, evidence=evidence)
        for name, examined, evidence in (
            ("no_invention", 2_841_562, "2,841,562 answers"),
            ("untorn", 2_841_562, "2,841,562 answers"),
            ("load_economy", 10, "10 loads, 10 explained"),
            ("counter_identity", 2_841_562, "2,841,562 calls in 4 processes add up"),
            ("fork_safety", 40, "40 server sessions, none seen from two pids"),
            ("connection_leak", 40, "0 of 40 sessions left after the drain"),
        )
    ),
    *(
        Check(
            id=name,
            status="not_tested",
            examined=0,
            violations=0,
            evidence="",
            reason="this profile does not provoke it",
        )
        for name in NOT_PROVOKED
    ),
]

HITS = summary(1000, 1.10 * US, 402, 685, 1140, 8010, None, 184 * US)
STEADY_HITS = summary(2_840_512, 411.0, 301, 398, 512, 690, 2100, 3_840 * US)
ALONE_HITS = summary(781_300, 405.0, 300, 391, 510, 684, 2000, 3 * MS)
MISSES = summary(10, 1.31 * MS, 776 * US, None, None, None, None, 2_040 * US)


def passing() -> Result:
    requests = Requests(scheduled=1000, total=1000, successful=1000, failed=0)
    cache = Cache(
        hits=1000,
        misses=0,
        waits=0,
        negatives=0,
        hit_rate=1.0,
        loads=10,
        speedup=1190.9,
        speedup_from="cold",
        speedup_median=1870.2,
        source="answer",
    )
    counted = {"all": HITS, "hit": HITS}
    return Result(
        verdict=Verdict(status="pass", exit_code=0),
        scenario={
            "name": "heavy",
            "procs": 4,
            "threads": 20,
            "requests": 1000,
            "duration_s": None,
            "steady_s": 1.0,
            "tenants": 10,
            "keys": "uniform",
            "seed": 1,
            "cache_ttl_s": 300.0,
            "operation": "resolve",
            "target": "resolver",
        },
        environment=Environment(
            os="Linux",
            kernel="6.8.0-45-generic",
            cpu="A processor",
            cores=8,
            python="CPython 3.11.9",
            gil=True,
            clock="CLOCK_MONOTONIC",
            clock_overhead_ns=22.3,
            clock_resolution_ns=1,
            versions={"tenant-stress": "0.1.0"},
            backend="embedded PostgreSQL 16",
            load_average=0.4,
        ),
        headline="counted",
        requests=requests,
        cache=cache,
        cold=Cold(
            loads=10,
            latency_ns={"all": MISSES, "miss": MISSES},
            parts_ns=ColdParts(
                control_plane_query=1.275 * MS,
                decryption=3.00 * US,
                cache=31.8 * US,
                connection=4.91 * MS,
            ),
            connections=10,
            wall_s=0.0131,
        ),
        latency_ns=counted,
        throughput=Throughput(
            wall_s=0.00463, requests_per_s=216_000.0, successful_per_s=216_000.0, start_s=0.00411
        ),
        steady=Steady(
            wall_s=1.0,
            requests=2_840_512,
            requests_per_s=2_840_512.0,
            requests_per_cpu_s=None,
            hit_rate=1.0,
            latency_ns={"all": STEADY_HITS, "hit": STEADY_HITS},
        ),
        reference=Reference(
            pid=31869,
            steady=Steady(
                wall_s=1.0,
                requests=781_300,
                requests_per_s=781_300.0,
                requests_per_cpu_s=None,
                hit_rate=1.0,
                latency_ns={"all": ALONE_HITS, "hit": ALONE_HITS},
            ),
            violations=0,
        ),
        waiting=Waiting(
            gil_and_cpu_share=0.0214, own_mean_ns=402.3, own_p99_ns=600, longest_ns=3_840 * US
        ),
        processes=[
            Process(
                index=index,
                pid=31870 + index,
                requests=count,
                wall_s=1.0,
                requests_per_s=float(count),
                p50_ns=p50,
                p99_ns=p99,
                failed=0,
                skipped=0,
            )
            for index, (count, p50, p99) in enumerate(
                (
                    (711_204, 399, 688),
                    (709_880, 398, 691),
                    (710_017, 397, 690),
                    (709_411, 398, 692),
                )
            )
        ],
        tenants=[
            Tenant(
                id=f"tenant-{index:04}",
                requests=100,
                hits=100,
                misses=0,
                failed=0,
                p99_ns=None,
                max_ns=184 * US,
            )
            for index in range(1, 11)
        ],
        errors=[],
        series=[
            SeriesPoint(
                phase="steady", t_s=1.0, requests=2_841_512, hits=2_841_512, failed=0, p99_ns=690
            )
        ],
        phases=[
            PhaseResult(
                name="counted",
                role="counted",
                requests=requests,
                cache=cache,
                latency_ns=counted,
                throughput=None,
            )
        ],
        thresholds=TARGETS,
        checks=CHECKS,
        checklist=[],
        caveats=[
            Caveat(
                id="few_loads",
                message="The miss figures rest on 10 loads, one for each tenant.",
                cure="stress heavy --procs 4 --tenants 100",
            )
        ],
        measured_s=1.1,
    )
