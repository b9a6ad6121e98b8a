"""A run as it goes on, read from the slab while it is written: its intervals, and glances at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from _timing import Histogram, monotonic_ns
from _timing.recorder import CHECK, COLD, COUNTED, OUTCOMES, STEADY, WARMUP
from stress.load import reports
from stress.load.figures import Tally, enough_for, tally
from stress.load.stage import Stage
from stress.report.result import Error, SeriesPoint

NS = 1_000_000_000
MAX_LINES = 12
LOOK_NS = NS // 4
ROLES = (COUNTED, STEADY, CHECK)  # the parts that are shown
PARTS = (
    (STEADY, "steady"),
    (CHECK, "check"),
    (COUNTED, "counted"),
    (WARMUP, "warm-up"),
    (COLD, "cold"),
)  # the last first

Emit = Callable[[SeriesPoint, float, int], None]
"""Called with the point, the interval's length in seconds, and all violations so far."""


@dataclass(frozen=True)
class Glance:
    """A run at one instant. Counts over the measured parts, those of `part` apart.

    part: as in PARTS, `start` before the first of them. p99_ns: up to the last interval's end.
    """

    part: str
    part_s: float
    part_requests: int
    tenants: int
    t_s: float
    requests: int
    hits: int
    failed: int
    checked: int
    violations: int
    p99_ns: int | None
    errors: list[Error]


Watch = Callable[[Glance], None]


def default_interval_s(duration_s: float | None) -> float:
    """At most MAX_LINES intervals in a run, rounded up to 1, 2 or 5 × 10ⁿ s."""
    if duration_s is None:
        return 1.0
    wanted = max(1.0, duration_s / MAX_LINES)
    scale = 1.0
    while True:
        for step in (1.0, 2.0, 5.0):
            if step * scale >= wanted:
                return step * scale
        scale *= 10


class Ticker:
    """Emits one SeriesPoint for each interval of the measured parts, and a Glance more often."""

    def __init__(
        self,
        stage: Stage,
        interval_s: float,
        emit: Emit,
        name: str = "counted",
        watch: Watch | None = None,
    ) -> None:
        """watch: called from the fork on, every LOOK_NS; None where nobody watches."""
        self._name = name
        self._stage = stage
        self._slab = stage.slab
        self._interval_ns = round(interval_s * NS)
        self._emit = emit
        self._watch = watch
        self._looked_ns = 0
        self._start_ns = 0
        self._last_ns = 0
        self._finished = False
        self._seen = (0, 0, 0)  # finished, hits and failed at the last point
        self._last_counts: np.ndarray[Any, np.dtype[np.int64]] | None = None
        self._whole_p99_ns: int | None = None
        self._errors: list[Error] = []
        self._errors_of = 0  # how many had failed when they were read
        self.points: list[SeriesPoint] = []

    def __call__(self) -> None:
        """Called often by the controller's loop; does something when it is time."""
        if self._finished:
            return
        now = monotonic_ns()
        if not self._start_ns:
            first = Tally.sum([tally(self._slab, role) for role in ROLES]).first_start_ns
            self._start_ns = self._last_ns = first
        if self._start_ns and now - self._last_ns >= self._interval_ns:
            self._point(now)
        if self._watch is not None and now - self._looked_ns >= LOOK_NS:
            self._looked_ns = now
            self._watch(self._glance(now))

    def finish(self) -> None:
        """The last, possibly shorter interval; nothing where it holds no request."""
        if self._start_ns:
            self._point(monotonic_ns(), last=True)
        self._finished = True

    def _glance(self, now: int) -> Glance:
        part, one = "start", Tally.sum([])
        for role, name in PARTS:
            found = tally(self._slab, role)
            if found.first_start_ns:
                part, one = name, found
                break
        so_far = Tally.sum([tally(self._slab, role) for role in ROLES])
        if so_far.failed != self._errors_of:
            self._errors_of = so_far.failed
            self._errors = reports.errors(self._stage, self._start_ns)
        return Glance(
            part=part,
            part_s=max(0, now - one.first_start_ns) / NS if one.first_start_ns else 0.0,
            part_requests=one.finished,
            tenants=self._stage.tenants,
            t_s=max(0, now - self._start_ns) / NS if self._start_ns else 0.0,
            requests=so_far.finished,
            hits=so_far.hits,
            failed=so_far.failed,
            checked=so_far.successful - so_far.negatives,
            violations=so_far.wrong + so_far.invented + so_far.torn,
            p99_ns=self._whole_p99_ns,
            errors=self._errors,
        )

    def _point(self, now: int, *, last: bool = False) -> None:
        so_far = Tally.sum([tally(self._slab, role) for role in ROLES])
        seen, self._seen = self._seen, (so_far.finished, so_far.hits, so_far.failed)
        requests = so_far.finished - seen[0]
        if last and not requests:
            return
        phase = "steady" if tally(self._slab, STEADY).finished else self._name
        point = SeriesPoint(
            phase=phase,
            t_s=(now - self._start_ns) / NS,
            requests=requests,
            hits=so_far.hits - seen[1],
            failed=so_far.failed - seen[2],
            p99_ns=self._p99(),
        )
        violations = so_far.wrong + so_far.invented + so_far.torn
        length_s = (now - self._last_ns) / NS
        self._last_ns = now
        self.points.append(point)
        self._emit(point, length_s, violations)

    def _p99(self) -> int | None:
        """The 99th percentile of this interval alone: the difference of two snapshots.

        That of all intervals so far is kept on the way.
        """
        every = range(len(OUTCOMES))
        merged = self._slab.histogram_sum(ROLES[0], every)
        for role in ROLES[1:]:
            merged.add(self._slab.histogram_sum(role, every))
        self._whole_p99_ns = int(merged.value_at_percentile(99)) if enough_for(merged, 99) else None
        counts: np.ndarray[Any, np.dtype[np.int64]] = np.array(merged.counts, dtype=np.int64)
        before, self._last_counts = self._last_counts, counts
        interval = Histogram(counts=(counts if before is None else counts - before).data)
        return int(interval.value_at_percentile(99)) if enough_for(interval, 99) else None
