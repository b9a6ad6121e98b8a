"""The parts of a Result that are read from a slab: phases, cold, steady and reference blocks."""

from __future__ import annotations

from typing import Literal

from _timing.recorder import CHECK, COLD, COUNTED, HIT, LEAD_IN, MISS, STEADY, WARMUP
from stress.load import figures, reports
from stress.load.figures import NS, Tally, tally
from stress.load.outcomes import Source
from stress.load.reference import ReferenceRun
from stress.load.stage import Stage
from stress.report.result import (
    Cache,
    Cold,
    ColdParts,
    PhaseResult,
    Reference,
    Requests,
    Role,
    Steady,
    Throughput,
)
from stress.target.statistics import count_in

# role index, name, role in the report
PHASES: tuple[tuple[int, str, Role], ...] = (
    (COLD, "cold", "cold"),
    (WARMUP, "warmup", "warmup"),
    (COUNTED, "counted", "counted"),
    (LEAD_IN, "lead_in", "warmup"),
    (STEADY, "steady", "steady"),
    (CHECK, "check", "check"),
)


def requests_of(scheduled: int | None, counted: Tally) -> Requests:
    """The accounting of the counted part. scheduled None: what was started, in a timed run."""
    scheduled = counted.started if scheduled is None else scheduled
    return Requests(
        scheduled=scheduled,
        total=counted.successful + counted.failed,
        successful=counted.successful,
        failed=counted.failed,
        skipped=scheduled - counted.started,
        unfinished=counted.unfinished,
    )


def phases_of(stage: Stage, scheduled: int | None) -> list[PhaseResult]:
    """Every part of the run that had a request."""
    phases = []
    for role, name, kind in PHASES:
        one = tally(stage.slab, role)
        if role == COUNTED:
            requests = requests_of(scheduled, one)
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


def cache_of(
    stage: Stage,
    headline: int,
    *,
    loads: int | None,
    caches: int,
    source: Source,
    loads_capped: bool | None,
) -> Cache:
    """Outcomes of the counted part; the speed-up from it where it has misses enough, else cold."""
    slab = stage.slab
    counted = tally(slab, headline)
    hit, miss = slab.histogram_sum(headline, (HIT,)), slab.histogram_sum(headline, (MISS,))
    origin: Literal["measured", "cold"] = "measured"
    role = headline
    if miss.total_count < figures.MIN_BEYOND:
        miss, role, origin = slab.histogram_sum(COLD, (MISS,)), COLD, "cold"
    speedup = median = None
    if hit.total_count and miss.total_count:
        hit_mean = slab.sum_ns(headline, (HIT,)) / hit.total_count
        speedup = slab.sum_ns(role, (MISS,)) / miss.total_count / max(1.0, hit_mean)
        median = miss.value_at_percentile(50) / max(1, hit.value_at_percentile(50))
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
        source=source,
        loads_capped=loads_capped,
        caches=caches,
        capacity=_capacity(stage),
        oldest_entry_s=_oldest_entry_s(stage, counted),
    )


def _capacity(stage: Stage) -> int | None:
    """What one cache has room for, as the target states it."""
    return count_in(reports.first_stats(stage), "capacity")


def _oldest_entry_s(stage: Stage, last: Tally) -> float | None:
    """From the first call of all to the last of the headline phase."""
    starts = [tally(stage.slab, role).first_start_ns for role in (COLD, WARMUP)]
    first = min((start for start in (*starts, last.first_start_ns) if start), default=0)
    return max(0, last.last_end_ns - first) / NS if last.finished else None


def cold_of(stage: Stage, round_trip_ns: float | None) -> Cold | None:
    """The cold block, where it took place. round_trip_ns: to the control plane and back."""
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
        round_trip_ns=round_trip_ns,
    )


def throughput_of(stage: Stage, role: int, start: int) -> Throughput:
    """Rates of a part, from the common start instant `start` to the last end."""
    counted = tally(stage.slab, role)
    wall_s = max(0, counted.last_end_ns - start) / NS if start and counted.finished else 0.0
    firsts = stage.slab.lanes["roles"][..., role]["first_start_ns"]
    last_start = int(firsts.max()) if firsts.size else 0
    return _rates(wall_s, counted, max(0, last_start - start) / NS if start else 0.0)


def _rates(wall_s: float, one: Tally, start_s: float) -> Throughput:
    return Throughput(
        wall_s=wall_s,
        requests_per_s=one.finished / wall_s if wall_s else None,
        successful_per_s=one.successful / wall_s if wall_s else None,
        start_s=start_s,
    )


def steady_part(stage: Stage, counted: Tally, start: int, planned_s: float | None) -> Steady | None:
    """The steady part, or the counted part where it lasted at least as long.

    planned_s: its length; None where the run was cut short.
    """
    one = tally(stage.slab, STEADY)
    if one.finished:
        return steady_of(stage, STEADY, one, one.first_start_ns, planned_s)
    wall_s = (counted.last_end_ns - start) / NS if counted.finished else 0.0
    if planned_s and counted.finished and wall_s >= planned_s:
        return steady_of(stage, COUNTED, counted, start, None)
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
        operations=figures.operations(stage, role),
    )


def reference_of(reference: ReferenceRun | None) -> Reference | None:
    """One process alone, where it was measured."""
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


def measured_s(stage: Stage, start: int) -> float:
    """From the start instant to the last end of a measured part."""
    ends = [tally(stage.slab, role).last_end_ns for role in (COUNTED, STEADY, CHECK)]
    if not start or not max(ends):
        return 0.0
    return max(0, max(ends) - start) / NS
