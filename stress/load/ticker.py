"""The interval series of a run, read from the slab while it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from _timing import Histogram, monotonic_ns
from _timing.recorder import CHECK, COUNTED, OUTCOMES, STEADY
from stress.load.figures import Tally, enough_for, tally
from stress.load.stage import Stage
from stress.report.result import SeriesPoint

NS = 1_000_000_000
MAX_LINES = 12
ROLES = (COUNTED, STEADY, CHECK)  # the parts that are shown

Emit = Callable[[SeriesPoint, float, int], None]
"""Called with the point, the interval's length in seconds, and all violations so far."""


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
    """Emits one SeriesPoint for each interval of the measured parts."""

    def __init__(self, stage: Stage, interval_s: float, emit: Emit, name: str = "counted") -> None:
        self._name = name
        self._slab = stage.slab
        self._interval_ns = round(interval_s * NS)
        self._emit = emit
        self._start_ns = 0
        self._last_ns = 0
        self._seen = (0, 0, 0)  # finished, hits and failed at the last point
        self._last_counts: np.ndarray[Any, np.dtype[np.int64]] | None = None
        self.points: list[SeriesPoint] = []

    def __call__(self) -> None:
        """Called often by the controller's loop; does something once in each interval."""
        now = monotonic_ns()
        if not self._start_ns:
            first = Tally.sum([tally(self._slab, role) for role in ROLES]).first_start_ns
            if not first:
                return
            self._start_ns = self._last_ns = first
        if now - self._last_ns >= self._interval_ns:
            self._point(now)

    def finish(self) -> None:
        """The last, possibly shorter interval; nothing where it holds no request."""
        if self._start_ns:
            self._point(monotonic_ns(), last=True)

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
        """The 99th percentile of this interval alone: the difference of two snapshots."""
        every = range(len(OUTCOMES))
        merged = self._slab.histogram_sum(ROLES[0], every)
        for role in ROLES[1:]:
            merged.add(self._slab.histogram_sum(role, every))
        counts: np.ndarray[Any, np.dtype[np.int64]] = np.array(merged.counts, dtype=np.int64)
        before, self._last_counts = self._last_counts, counts
        interval = Histogram(counts=(counts if before is None else counts - before).data)
        return int(interval.value_at_percentile(99)) if enough_for(interval, 99) else None
