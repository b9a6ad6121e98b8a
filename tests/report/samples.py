"""Hand-made results: the figures of a run as they could be, one function for each ending."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stress.report.result import (
    Cache,
    Caveat,
    Check,
    Cold,
    ColdParts,
    Environment,
    Error,
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
    Witness,
    WitnessEvent,
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


def light() -> Result:
    """100 requests: percentiles that the maximum settles."""
    base = passing()
    hits = summary(100, 1.26 * US, 441, 682, None, None, None, 18_700)
    few = {"p95": 18_700.0, "p99": 18_700.0}
    return replace(
        base,
        scenario={**base.scenario, "name": "light", "procs": 1, "threads": 5, "requests": 100},
        requests=Requests(scheduled=100, total=100, successful=100, failed=0),
        latency_ns={"all": hits, "hit": hits},
        processes=base.processes[:1],
        reference=None,
        thresholds=[
            replace(one, actual=few[one.label], by_max=True) if one.label in few else one
            for one in base.thresholds
        ],
        caveats=[
            Caveat(
                id="few_samples",
                message="100 requests give no p95 and no p99.",
                cure="stress light -n 1000",
            )
        ],
    )


def not_judged() -> Result:
    """100 requests, one of them slower than a target on a percentile."""
    base = light()
    note = "1 of 100 requests was slower than the target: too few to tell."
    return replace(
        base,
        verdict=Verdict(
            status="fail", exit_code=99, reasons=[f"p99: {note} (resolve:p(99)<100ms)"]
        ),
        thresholds=[
            replace(one, actual=231.0 * MS, ok=None, by_max=False, note=note)
            if one.label == "p99"
            else one
            for one in base.thresholds
        ],
    )


def slow() -> Result:
    """One target missed."""
    base = passing()
    return replace(
        base,
        verdict=Verdict(
            status="fail", exit_code=99, reasons=["p99 missed its target (resolve:p(99)<100ms)"]
        ),
        thresholds=[
            replace(one, actual=231.0 * MS, ok=False) if one.label == "p99" else one
            for one in base.thresholds
        ],
    )


def failing_requests() -> Result:
    """Failed requests of two kinds, and the threshold on them missed."""
    base = passing()
    failed = summary(214, 2.1 * MS, MS, 2 * MS, 3 * MS, None, None, 4 * MS)
    return replace(
        base,
        verdict=Verdict(
            status="fail",
            exit_code=99,
            reasons=["Failed requests missed its target (failed:count==0)"],
        ),
        requests=Requests(scheduled=1000, total=1000, successful=786, failed=214),
        latency_ns={**base.latency_ns, "error": failed},
        processes=[replace(process, failed=53) for process in base.processes],
        errors=[
            Error(
                type="ControlPlaneUnavailable",
                count=213,
                tenants=[f"tenant-{index:04}" for index in range(1, 6)],
                first_s=0.22,
                last_s=0.91,
                message="connection refused",
                traceback='Traceback (most recent call last):\n  File "cache.py", line 7, in load\n'
                "ControlPlaneUnavailable: connection refused\n",
            ),
            Error(
                type="KeyError",
                count=1,
                tenants=["tenant-0007"],
                first_s=0.5,
                last_s=0.5,
                message="'tenant-0007'",
            ),
        ],
        thresholds=[
            replace(one, actual=214.0, ok=False) if one.label == "Failed requests" else one
            for one in base.thresholds
        ],
    )


WITNESS = Witness(
    tenant="tenant-0007",
    events=[
        WitnessEvent(t_ns=0, process=2, thread=11, actor="caller", what="resolve"),
        WitnessEvent(
            t_ns=1_310,
            process=2,
            thread=11,
            actor="target",
            what="answers tenant-0003 app_3@tenant_0003",
            version="4",
        ),
    ],
    rule="An answer names the database of the tenant that was asked for, and of no other.",
    effect="One customer reads, or overwrites, another customer's data.",
    likely="State shared between calls, or a cache key that two tenants have in common.",
    reproduce="stress heavy --target mypkg:factory --procs 4 --tenants 100 --keys zipf:0.99",
)


def violating() -> Result:
    """A tenant got another tenant's database."""
    base = passing()
    broken = replace(
        CHECKS[0],
        status="fail",
        violations=3,
        evidence="2,841,562 answers, 3 wrong",
        upper_bound=None,
        witness=WITNESS,
    )
    return replace(
        base,
        verdict=Verdict(
            status="fail",
            exit_code=90,
            reasons=["3 violations: isolation. A tenant was given another tenant's database."],
        ),
        scenario={**base.scenario, "target": "mypkg:factory"},
        checks=[broken, *CHECKS[1:]],
        thresholds=[
            replace(one, actual=3.0, ok=False) if one.label == "Isolation violations" else one
            for one in base.thresholds
        ],
    )


OBITUARY = (
    "worker 2 (pid 31872) was killed by signal 9 at 11.2 s. "
    "Likely: out of memory (kernel log), or somebody's kill"
)


def died() -> Result:
    """A worker was killed in a run of 30 s."""
    base = passing()
    return replace(
        base,
        verdict=Verdict(
            status="invalid",
            exit_code=93,
            reasons=[f"W{OBITUARY[1:]}."],
            partial=True,
            invalid=True,
        ),
        scenario={**base.scenario, "requests": None, "duration_s": 30.0},
        requests=Requests(
            scheduled=9_731_224, total=9_731_204, successful=9_731_204, failed=0, unfinished=20
        ),
        processes=[
            replace(process, ended="killed by signal 9" if process.index == 2 else "joined")
            for process in base.processes
        ],
        thresholds=[],
        stopped_by=OBITUARY,
        measured_s=11.2,
    )


def died_violating() -> Result:
    """A worker was killed, and a violation had been found: the violation decides."""
    base = died()
    verdict = violating().verdict
    return replace(
        base,
        verdict=replace(
            verdict, reasons=[*verdict.reasons, f"W{OBITUARY[1:]}."], partial=True, invalid=True
        ),
        checks=violating().checks,
    )


def broken_identity() -> Result:
    """The accounting does not add up."""
    base = passing()
    return replace(
        base,
        verdict=Verdict(
            status="invalid",
            exit_code=93,
            reasons=["The accounting of the run is broken; its figures cannot be trusted."],
            invalid=True,
        ),
        requests=Requests(scheduled=1000, total=999, successful=999, failed=0),
        thresholds=[],
        identities=["counted: 1,000 scheduled, but 999 successful + 0 failed + 0 skipped = 999"],
    )


def interrupted() -> Result:
    """Ctrl-C at 11.2 s of 30 s."""
    base = passing()
    return replace(
        base,
        verdict=Verdict(
            status="interrupted", exit_code=130, reasons=["stopped by Ctrl-C"], partial=True
        ),
        scenario={**base.scenario, "requests": None, "duration_s": 30.0},
        steady=None,
        thresholds=[],
        stopped_by="Ctrl-C",
        measured_s=11.2,
        throughput=Throughput(
            wall_s=11.2, requests_per_s=90.2, successful_per_s=90.2, start_s=0.004
        ),
    )


def nothing_yet() -> Result:
    """Ctrl-C before the first request: all there is, is empty."""
    base = interrupted()
    return replace(
        base,
        scenario={**passing().scenario, "tenants": None},
        requests=Requests(scheduled=1000, total=0, successful=0, failed=0, skipped=1000),
        cache=Cache(
            hits=0,
            misses=0,
            waits=0,
            negatives=0,
            hit_rate=None,
            loads=None,
            speedup=None,
            speedup_from=None,
            speedup_median=None,
            source="unknown",
        ),
        cold=None,
        latency_ns={},
        throughput=Throughput(wall_s=0.0, requests_per_s=None, successful_per_s=None, start_s=0.0),
        reference=None,
        waiting=None,
        processes=[],
        tenants=[],
        series=[],
        phases=[],
        checks=[
            replace(check, status="not_tested", reason="no answer came back") for check in CHECKS
        ],
        caveats=[],
        measured_s=0.0,
    )


ALL = {
    made.__name__: made
    for made in (
        passing,
        light,
        not_judged,
        slow,
        failing_requests,
        violating,
        died,
        died_violating,
        broken_identity,
        interrupted,
        nothing_yet,
    )
}
