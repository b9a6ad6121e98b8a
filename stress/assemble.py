"""From what a run left behind to its Result: figures, checks, thresholds, caveats, verdict."""

from __future__ import annotations

from typing import Any

import msgspec

from _timing.recorder import CHECK, COUNTED, STEADY
from stress.environment import wall_clock_offset_ns
from stress.judge import caveats, validity, verdict
from stress.judge.lifetimes import lifetimes
from stress.judge.measures import RunMeasures
from stress.judge.thresholds import judge
from stress.load import blocks, figures, reports
from stress.load.figures import tally
from stress.load.outcomes import SEEN, source_of, without
from stress.load.stage import Stage
from stress.record import Record
from stress.report.result import Check, Result
from stress.scenario.command import told_path, told_target
from stress.scenario.scenario import Scenario
from stress.verify.catalog import run_checks
from stress.verify.collect import collect
from stress.verify.evidence import Evidence


def assemble(record: Record) -> Result:
    """The Result of a run that ended in any way."""
    scenario = record.scenario
    stage = record.stage or Stage(1, 1, max(1, len(record.tenant_ids)))
    cold = blocks.cold_of(stage, record.round_trip_ns)
    headline = COUNTED if record.phase is None else CHECK
    counted = tally(stage.slab, headline)
    requests = blocks.requests_of(scenario.requests, counted)
    start = record.measured_from_ns
    planned_s = scenario.steady_s if record.ending == "finished" else None
    steady = blocks.steady_part(stage, counted, start, planned_s)
    throughput = blocks.throughput_of(stage, headline, start)
    source = source_of(stage, record.facts)
    evidence = collect(record, stage, told_apart=source in SEEN)
    phases = blocks.phases_of(stage, scenario.requests)
    caches = 1 if evidence.scope == "host" and evidence.scope_stated else evidence.procs
    cache = blocks.cache_of(
        stage,
        headline,
        loads=evidence.loads,
        caches=caches,
        source=source if evidence.told_apart else "loader",
        loads_capped=_capped(record, evidence),
    )
    checks = run_checks(evidence, scenario.checks)
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
        verdict=verdict.decide(
            checks, thresholds, identities, record.ending, record.ended_by, scenario.checks
        ),
        scenario=_scenario(scenario, record),
        environment=record.environment,
        headline="counted" if record.phase is None else "check",
        requests=requests,
        cache=cache,
        cold=cold,
        latency_ns=figures.latencies(stage.slab, headline),
        operations=figures.operations(stage, headline),
        throughput=throughput,
        steady=steady,
        reference=blocks.reference_of(record.reference),
        waiting=figures.waiting(
            stage.slab, headline if steady is None or steady.is_counted_part else STEADY
        ),
        processes=figures.processes(stage.slab, headline, record.pids, record.worker_ends),
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
        measured_s=blocks.measured_s(stage, start),
        lifetimes=lifetimes(evidence),
        wall_clock_step_ns=wall_clock_offset_ns() - record.wall_offset_ns,
    )
    if not evidence.told_apart and record.tenant_ids:
        per_process = evidence.scope == "process" or not evidence.scope_stated
        result = without(result, stage, source, per_process)
    return msgspec.structs.replace(result, caveats=caveats.find(result))


def _capped(record: Record, evidence: Evidence) -> bool | None:
    """Whether --max-loads held calls of the measured part back; False: it could not."""
    if not record.loads_limited:
        return None
    if evidence.loads is None:
        return False
    return True if record.loads_waited else None


def _hung(record: Record) -> Check:
    return Check(
        id="liveness",
        status="fail",
        examined=1,
        violations=1,
        evidence=f"{record.ended_by}",
        notes=record.stacks[:4],
    )


def _scenario(scenario: Scenario, record: Record) -> dict[str, Any]:
    """The scenario as it was run; thresholds by their expressions, no path of this machine."""
    told: dict[str, Any] = msgspec.to_builtins(scenario)
    told.pop("pg_bin")
    if record.phase is not None:
        told["duration_s"] = record.phase.duration_s
    told["thresholds"] = [threshold.expression for threshold in scenario.thresholds]
    told["default_tenants"] = record.default_tenants
    if scenario.tenants_table is not None:
        told["tenants_table"] = told_path(scenario.tenants_table)
    told["tenants"] = len(record.tenant_ids) or scenario.tenants
    told["target"] = told_target(scenario.target) if scenario.target else "resolver"
    return told
