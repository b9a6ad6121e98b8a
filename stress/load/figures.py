"""From the slab to figures: counts, latency summaries, rates, per process and per tenant.

Reads only; a killed worker's part reads like any other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from _timing import Histogram
from _timing.rank import rank
from _timing.recorder import ERROR, HIT, MISS, NEGATIVE, OUTCOMES, STEADY, WAIT, Slab
from stress.load.operations import OPERATIONS, merged
from stress.load.stage import Stage
from stress.report.result import Latencies, Latency, Process, Summary, Tenant, Waiting

NS = 1_000_000_000
MIN_BEYOND = 10  # samples beyond a percentile, below which it says nothing
BUSIEST = 20
WORST = 3


@dataclass(frozen=True)
class Tally:
    """The counters of one role over some lanes. Times on the monotonic clock, 0 for none."""

    started: int
    finished: int
    hits: int
    misses: int
    waits: int
    negatives: int
    failed: int
    wrong: int
    invented: int
    torn: int
    first_start_ns: int
    last_end_ns: int
    cpu_ns: int
    off_ns: int

    @property
    def unfinished(self) -> int:
        """Started, no recorded end."""
        return self.started - self.finished

    @property
    def successful(self) -> int:
        """Ended, and not in an error."""
        return self.finished - self.failed

    @staticmethod
    def sum(parts: Sequence[Tally]) -> Tally:
        """Several tallies as one: counts added, from the first start to the last end."""
        starts = [part.first_start_ns for part in parts if part.first_start_ns]
        added = {
            name: sum(getattr(part, name) for part in parts) for name in Tally.__dataclass_fields__
        }
        added["first_start_ns"] = min(starts, default=0)
        added["last_end_ns"] = max((part.last_end_ns for part in parts), default=0)
        return Tally(**added)


def tally(slab: Slab, role: int, processes: Sequence[int] | None = None) -> Tally:
    """Sum the lanes' counters of one role."""
    lanes = slab.lanes if processes is None else slab.lanes[list(processes)]
    counters = lanes["roles"][..., role]
    outcomes = counters["outcomes"].reshape(-1, len(OUTCOMES)).sum(axis=0)
    starts = counters["first_start_ns"][counters["first_start_ns"] > 0]
    return Tally(
        started=int(counters["started"].sum()),
        finished=int(counters["finished"].sum()),
        hits=int(outcomes[HIT]),
        misses=int(outcomes[MISS]),
        waits=int(outcomes[WAIT]),
        negatives=int(outcomes[NEGATIVE]),
        failed=int(outcomes[ERROR]),
        wrong=int(counters["wrong"].sum()),
        invented=int(counters["invented"].sum()),
        torn=int(counters["torn"].sum()),
        first_start_ns=int(starts.min()) if starts.size else 0,
        last_end_ns=int(counters["last_end_ns"].max()),
        cpu_ns=int(counters["cpu_ns"].sum()),
        off_ns=int(counters["off_ns"].sum()),
    )


def enough_for(histogram: Histogram, percentile: float) -> bool:
    """Whether at least MIN_BEYOND samples lie beyond the percentile's rank."""
    count = histogram.total_count
    return bool(count - rank(percentile, count) >= MIN_BEYOND)


def summary(histogram: Histogram, total_ns: int) -> Summary:
    """One distribution; a percentile that too few samples support is None.

    total_ns: the exact sum of its values, of which the mean is made; the counters only know theirs
    to three digits.
    """
    count = int(histogram.total_count)

    def at(percentile: float) -> int | None:
        if not count or not enough_for(histogram, percentile):
            return None
        return int(histogram.value_at_percentile(percentile))

    return Summary(
        count=count,
        min=int(histogram.min) if count else None,
        mean=total_ns / count if count else None,
        stddev=float(histogram.stddev()) if count else None,
        p50=at(50),
        p95=at(95),
        p99=at(99),
        p99_9=at(99.9),
        max=int(histogram.max) if count else None,
        hdr=histogram.encode().decode("ascii"),
    )


def latencies(slab: Slab, role: int, processes: Sequence[int] | None = None) -> Latencies:
    """Every outcome that occurred, and all together. In a closed loop response is service time."""
    found: Latencies = {}
    for key, outcomes in (
        ("all", range(len(OUTCOMES))),
        *((n, (i,)) for i, n in enumerate(OUTCOMES)),
    ):
        histogram = slab.histogram_sum(role, outcomes, processes)
        one = summary(histogram, slab.sum_ns(role, outcomes, processes))
        if one.count:
            found[key] = Latency(response=one, service=one)
    return found


def operations(stage: Stage, role: int) -> Latencies | None:
    """Times of connect, query and release; None where requests only resolve."""
    found: Latencies = {}
    for index, name in enumerate(OPERATIONS):
        one = summary(*merged(stage.operations, role, index))
        if one.count:
            found[name] = Latency(response=one, service=one)
    return found or None


def waiting(slab: Slab, role: int) -> Waiting:
    """How much of the hits' time was waiting for the GIL or a processor."""
    callers = slab.histogram_sum(role, (HIT,))
    if not callers.total_count:
        return Waiting(gil_and_cpu_share=None, own_mean_ns=None, own_p99_ns=None, longest_ns=None)
    own = slab.own_histogram(role)
    total = slab.sum_ns(role, (HIT,))
    off = tally(slab, role).off_ns
    return Waiting(
        gil_and_cpu_share=min(1.0, off / total) if total else None,
        own_mean_ns=max(0.0, total - off) / callers.total_count,
        own_p99_ns=int(own.value_at_percentile(99)) if enough_for(own, 99) else None,
        longest_ns=int(callers.max),
    )


def processes(
    slab: Slab, headline: int, pids: Sequence[int], ended: Sequence[str]
) -> list[Process]:
    """One line for each worker, of the steady part where there is one."""
    lines = []
    for index, pid in enumerate(pids):
        counted = tally(slab, headline, [index])
        steady = tally(slab, STEADY, [index])
        role, shown = (STEADY, steady) if steady.finished else (headline, counted)
        histogram = slab.histogram_sum(role, range(len(OUTCOMES)), [index])
        wall_s = max(0, shown.last_end_ns - shown.first_start_ns) / NS
        lines.append(
            Process(
                index=index,
                pid=pid,
                requests=shown.finished,
                wall_s=wall_s,
                requests_per_s=shown.finished / wall_s if wall_s else None,
                p50_ns=int(histogram.value_at_percentile(50))
                if enough_for(histogram, 50)
                else None,
                p99_ns=int(histogram.value_at_percentile(99))
                if enough_for(histogram, 99)
                else None,
                failed=counted.failed + steady.failed,
                skipped=0,
                ended=ended[index],
            )
        )
    return lines


def tenants(slab: Slab, ids: Sequence[str]) -> list[Tenant]:
    """The busiest, the worst by their longest call, and one line for all others."""
    cells = slab.tenant_cells
    totals = {name: cells[name].sum(axis=0) for name in ("requests", "hits", "misses", "failed")}
    longest = cells["max_ns"].max(axis=0)
    by_requests = np.argsort(-totals["requests"], kind="stable")[:BUSIEST]
    by_longest = np.argsort(-longest, kind="stable")[:WORST]
    chosen = list(dict.fromkeys([*by_requests.tolist(), *by_longest.tolist()]))
    lines = [
        Tenant(
            id=ids[index],
            requests=int(totals["requests"][index]),
            hits=int(totals["hits"][index]),
            misses=int(totals["misses"][index]),
            failed=int(totals["failed"][index]),
            p99_ns=_tenant_p99(slab, index),
            max_ns=int(longest[index]) or None,
        )
        for index in chosen
    ]
    others = np.setdiff1d(np.arange(len(ids)), chosen)
    if others.size:
        lines.append(
            Tenant(
                id=None,
                requests=int(totals["requests"][others].sum()),
                hits=int(totals["hits"][others].sum()),
                misses=int(totals["misses"][others].sum()),
                failed=int(totals["failed"][others].sum()),
                p99_ns=None,
                max_ns=int(longest[others].max()) or None,
                tenants=int(others.size),
            )
        )
    return lines


def _tenant_p99(slab: Slab, index: int) -> int | None:
    histogram = slab.tenant_histogram(index)
    if histogram is None or not enough_for(histogram, 99):
        return None
    return int(histogram.value_at_percentile(99))
