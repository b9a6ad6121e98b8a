"""Hand-made results: the figures of a run as they could be, one function for each ending."""

from __future__ import annotations

from msgspec.structs import replace

from stress.report.result import (
    Cache,
    Caveat,
    Error,
    Requests,
    Result,
    Throughput,
    Verdict,
    Witness,
    WitnessEvent,
)
from tests.report.passed import CHECKS, HITS, MS, US, passing, summary
from tests.report.verified import unverified, verified

__all__ = ["ALL", "CHECKS", "HITS", "WITNESS", "passing"]


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
        verified,
        unverified,
    )
}
