"""From what a run left behind to its Result: figures, checks, thresholds, caveats, verdict."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from _timing.recorder import COLD, COUNTED, HIT, LEAD_IN, MISS, STEADY, WARMUP
from stress.judge import caveats, validity, verdict
from stress.judge.measures import RunMeasures
from stress.judge.thresholds import judge
from stress.load import figures, reports
from stress.load.figures import NS, Tally, tally
from stress.load.stage import Stage
from stress.record import Record
from stress.report.result import (
    Cache,
    Check,
    Cold,
    ColdParts,
    PhaseResult,
    Reference,
    Requests,
    Result,
    Role,
    Steady,
    Throughput,
)
from stress.scenario.command import told_target
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario
from stress.verify.catalog import run_checks
from stress.verify.collect import collect

# role index, name, role in the report
PHASES: tuple[tuple[int, str, Role], ...] = (
    (COLD, "cold", "cold"),
    (WARMUP, "warmup", "warmup"),
    (COUNTED, "counted", "counted"),
    (LEAD_IN, "lead_in", "warmup"),
    (STEADY, "steady", "steady"),
)


def assemble(record: Record) -> Result:
    """The Result of a run that ended in any way."""
    scenario = record.scenario
    stage = record.stage or Stage(1, 1, max(1, len(record.tenant_ids)))
    cold = _cold(record, stage)
    counted = tally(stage.slab, COUNTED)
    requests = _requests(scenario, counted)
    steady = _steady(record, stage, counted)
    throughput = _throughput(record, stage, counted)
    evidence = collect(record, stage)
    phases = _phases(stage, scenario)
    cache = _cache(record, stage, counted, evidence.loads)
    checks = [*run_checks(evidence)]
    if record.ending == "hung":
        checks = [_hung(record) if check.id == "liveness" else check for check in checks]
    identities: list[str] = []
    for phase in phases:
        identities += validity.broken_identities(phase.name, phase.requests, phase.cache)
    identities += validity.broken_examination(checks, phases)
    thresholds = []
    if record.ending == "finished" and not identities:
        reference = record.reference.stage if record.reference is not None else None
        measures = RunMeasures(
            stage,
            reference,
            cache,
            throughput,
            steady,
            evidence,
            checks,
            record.tenant_ids,
        )
        thresholds = judge(scenario.thresholds, measures)
    result = Result(
        verdict=verdict.decide(checks, thresholds, identities, record.ending, record.ended_by),
        scenario=_scenario(scenario, record),
        environment=record.environment,
        headline="counted",
        requests=requests,
        cache=cache,
        cold=cold,
        latency_ns=figures.latencies(stage.slab, COUNTED),
        throughput=throughput,
        steady=steady,
        reference=_reference(record),
        waiting=figures.waiting(stage.slab, COUNTED if steady is None or steady.is_counted_part else STEADY),
        processes=figures.processes(stage.slab, record.pids, record.worker_ends),
        tenants=figures.tenants(stage.slab, record.tenant_ids) if record.tenant_ids else [],
        errors=reports.errors(stage, record.measured_from_ns),
        series=record.series,
        phases=phases,
        thresholds=thresholds,
        checks=checks,
        checklist=[],
        caveats=[],
        identities=identities,
        stopped_by=record.ended_by,
        measured_s=_measured_s(record, stage),
    )
    return msgspec.structs.replace(result, caveats=caveats.find(result))


def _requests(scenario: Scenario, counted: Tally) -> Requests:
    scheduled = counted.started if scenario.requests is None else scenario.requests
    return Requests(
        scheduled=scheduled,
        total=counted.successful + counted.failed,
        successful=counted.successful,
        failed=counted.failed,
        skipped=scheduled - counted.started,
        unfinished=counted.unfinished,
    )


def _phases(stage: Stage, scenario: Scenario) -> list[PhaseResult]:
    phases = []
    for role, name, kind in PHASES:
        one = tally(stage.slab, role)
        if role == COUNTED:
            requests = _requests(scenario, one)
        else:
            requests = Requests(
                scheduled=one.started,
                total=one.finished,
                successful=one.successful,
                failed=one.failed,
                unfinished=one.unfinished,
            )
        if not requests.scheduled:
            continue
        wall_s = max(0, one.last_end_ns - one.first_start_ns) / NS
        phases.append(
            PhaseResult(
                name=name,
                role=kind,
                requests=requests,
                cache=_outcomes(one),
                latency_ns=figures.latencies(stage.slab, role),
                throughput=_rates(wall_s, one, 0.0),
            )
        )
    return phases


def _outcomes(one: Tally) -> Cache:
    return Cache(
        hits=one.hits,
        misses=one.misses,
        waits=one.waits,
        negatives=one.negatives,
        hit_rate=one.hits / one.finished if one.finished else None,
        loads=None,
        speedup=None,
        speedup_from=None,
        speedup_median=None,
        source="answer",
    )


def _cache(record: Record, stage: Stage, counted: Tally, loads: int | None) -> Cache:
    """Outcomes of the counted part; the speed-up from it where it has misses enough, else cold."""
    slab = stage.slab
    hit, miss = slab.histogram_sum(COUNTED, (HIT,)), slab.histogram_sum(COUNTED, (MISS,))
    origin: Literal["measured", "cold"] = "measured"
    role = COUNTED
    if miss.total_count < figures.MIN_BEYOND:
        miss, role, origin = slab.histogram_sum(COLD, (MISS,)), COLD, "cold"
    speedup = median = None
    if hit.total_count and miss.total_count:
        hit_mean = slab.sum_ns(COUNTED, (HIT,)) / hit.total_count
        speedup = slab.sum_ns(role, (MISS,)) / miss.total_count / max(1.0, hit_mean)
        median = miss.value_at_percentile(50) / max(1, hit.value_at_percentile(50))
    facts = record.facts
    says = facts is not None and (facts.says_source or facts.says_cache_hit)
    return Cache(
        hits=counted.hits,
        misses=counted.misses,
        waits=counted.waits,
        negatives=counted.negatives,
        hit_rate=counted.hits / counted.finished if counted.finished else None,
        loads=loads,
        speedup=speedup,
        speedup_from=origin if speedup is not None else None,
        speedup_median=median,
        source="answer" if says else "loader",
    )


def _cold(record: Record, stage: Stage) -> Cold | None:
    one = tally(stage.slab, COLD)
    if not one.finished:
        return None
    report = reports.cold_report(stage)
    miss = stage.slab.histogram_sum(COLD, (MISS,))
    loads = int(miss.total_count)
    query = decryption = rest = None
    if report is not None and report.query_ns is not None and loads and report.loads == loads:
        query = report.query_ns / loads
        decryption = (report.decryption_ns or 0) / loads
        mean = stage.slab.sum_ns(COLD, (MISS,)) / loads
        rest = max(0.0, mean - query - decryption)
    connects = report.connects_ns if report is not None else []
    return Cold(
        loads=loads,
        latency_ns=figures.latencies(stage.slab, COLD),
        parts_ns=ColdParts(
            control_plane_query=query,
            decryption=decryption,
            cache=rest,
            connection=sum(connects) / len(connects) if connects else None,
        ),
        connections=len(connects),
        wall_s=max(0, one.last_end_ns - one.first_start_ns) / NS,
    )


def _throughput(record: Record, stage: Stage, counted: Tally) -> Throughput:
    start = record.measured_from_ns
    wall_s = max(0, counted.last_end_ns - start) / NS if start and counted.finished else 0.0
    firsts = stage.slab.lanes["roles"][..., COUNTED]["first_start_ns"]
    last_start = int(firsts.max()) if firsts.size else 0
    return _rates(wall_s, counted, max(0, last_start - start) / NS if start else 0.0)


def _rates(wall_s: float, one: Tally, start_s: float) -> Throughput:
    return Throughput(
        wall_s=wall_s,
        requests_per_s=one.finished / wall_s if wall_s else None,
        successful_per_s=one.successful / wall_s if wall_s else None,
        start_s=start_s,
    )


def _steady(record: Record, stage: Stage, counted: Tally) -> Steady | None:
    """The steady part, or the counted part where it lasted at least as long."""
    one = tally(stage.slab, STEADY)
    if one.finished:
        return steady_of(stage, STEADY, one, one.first_start_ns, record.scenario.steady_s)
    wall_s = (counted.last_end_ns - record.measured_from_ns) / NS if counted.finished else 0.0
    if record.scenario.steady_s and counted.finished and wall_s >= record.scenario.steady_s:
        return steady_of(stage, COUNTED, counted, record.measured_from_ns, None)
    return None


def steady_of(
    stage: Stage, role: int, one: Tally, start_ns: int, planned_s: float | None
) -> Steady:
    """One steady part. Its wall time is never shorter than planned: lanes stop at one instant."""
    wall_s = max(0, one.last_end_ns - start_ns) / NS
    wall_s = max(wall_s, planned_s) if planned_s is not None else wall_s
    return Steady(
        wall_s=wall_s,
        requests=one.finished,
        requests_per_s=one.finished / wall_s,
        requests_per_cpu_s=one.finished / (one.cpu_ns / NS) if one.cpu_ns else None,
        hit_rate=one.hits / one.finished,
        latency_ns=figures.latencies(stage.slab, role),
        is_counted_part=role == COUNTED,
    )


def _reference(record: Record) -> Reference | None:
    reference = record.reference
    if reference is None:
        return None
    one = tally(reference.stage.slab, STEADY)
    if not one.finished:
        return None
    return Reference(
        pid=reference.pid,
        steady=steady_of(reference.stage, STEADY, one, one.first_start_ns, None),
        violations=sum(t.wrong + t.invented + t.torn for t in reference.tallies()),
    )


def _hung(record: Record) -> Check:
    return Check(
        id="liveness",
        status="fail",
        examined=1,
        violations=1,
        evidence=f"{record.ended_by}",
        notes=record.stacks[:4],
    )


def _measured_s(record: Record, stage: Stage) -> float:
    ends = [tally(stage.slab, role).last_end_ns for role in (COUNTED, STEADY)]
    if not record.measured_from_ns or not max(ends):
        return 0.0
    return max(0, max(ends) - record.measured_from_ns) / NS


def _scenario(scenario: Scenario, record: Record) -> dict[str, Any]:
    """The scenario as it was run; thresholds by their expressions, no path of this machine."""
    told = msgspec.to_builtins(scenario)
    told.pop("pg_bin")
    told["thresholds"] = [threshold.expression for threshold in scenario.thresholds]
    told["default_tenants"] = DEFAULT_EMBEDDED_TENANTS
    told["tenants"] = len(record.tenant_ids) or scenario.tenants
    told["target"] = told_target(scenario.target) if scenario.target else "resolver"
    return told

