"""What one lane (a thread of a worker) does, from the cold block to the end of the steady part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from _timing import monotonic_ns
from _timing.drive import Lane, Plan
from _timing.recorder import COUNTED, LEAD_IN, STEADY, WARMUP
from stress.load.stage import GATE_COLD, GATE_MEASURE, GATE_STEADY, GATE_WARMUP, Stage

MARK_POLL_S = 0.0002
LEAD_IN_SHARE = 10  # the lead-in is a tenth of the steady time
NS = 1_000_000_000

Sequence = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Program:
    """What the lanes of a crew are to do. requests None: until the gate's end instant."""

    requests: int | None
    steady_ns: int
    warmup_passes: int
    warmup_by_time: bool
    counted: bool = True


class LaneRunner:
    """Runs one lane; the callable to hand to a thread."""

    def __init__(
        self,
        stage: Stage,
        lane: Lane,
        plan: Plan,
        program: Program,
        sequence: Sequence,
        position: int,
        cold: Callable[[Lane], None] | None,
        begin: Callable[[int], None] = lambda _role: None,
        mark: Callable[[str], None] | None = None,
    ) -> None:
        """begin is told the role of the requests that follow; mark when the measured part begins
        and ends, by one lane of each process."""
        self._stage = stage
        self._lane = lane
        self._plan = plan
        self._program = program
        self._position = position
        self._cold = cold
        self._begin = begin
        self._marks = mark is not None and program.counted
        self._mark = mark if mark is not None and lane.thread == 0 else lambda _at: None
        # Requests k, k+W, k+2W … of the one sequence; contiguous, so that it is read in order.
        own = sequence[position :: stage.lanes] if position < len(sequence) else sequence
        self._keys = np.ascontiguousarray(own)

    def __call__(self) -> None:
        """From the cold gate to the last request; returns early when the run is stopped."""
        lane = self._lane
        if self._cold is not None:
            lane.arrive(GATE_COLD)
            if lane.wait(GATE_COLD) < 0:
                return
            self._cold(lane)
        if not self._warm_up():
            return
        self._mark("begin")
        lane.arrive(GATE_MEASURE)
        started = lane.wait(GATE_MEASURE)
        if started < 0:
            return
        if self._program.counted:
            self._count(started)
            if self._program.requests is None:
                return
        self._go_on(started)

    def _warm_up(self) -> bool:
        program, lane = self._program, self._lane
        if program.warmup_by_time:
            keys, count = self._keys, -1
        elif self._lane.thread == 0 and program.warmup_passes:
            keys = np.arange(self._stage.tenants, dtype=np.int32)
            count = self._stage.tenants * program.warmup_passes
        else:
            return True
        lane.arrive(GATE_WARMUP)
        started = lane.wait(GATE_WARMUP)
        if started < 0:
            return False
        end = self._stage.slab.gate_end(GATE_WARMUP) if program.warmup_by_time else 0
        self._begin(WARMUP)
        lane.run(self._plan, WARMUP, keys, count=count, start_ns=started, end_ns=end)
        return True

    def _count(self, started: int) -> None:
        """Exactly this lane's share of the requests, or requests until the end instant."""
        requests, lanes = self._program.requests, self._stage.lanes
        if requests is None:
            count, end = -1, self._stage.slab.gate_end(GATE_MEASURE)
        else:
            count, end = max(0, -(-(requests - self._position) // lanes)), 0
        self._begin(COUNTED)
        self._lane.run(self._plan, COUNTED, self._keys, count=count, start_ns=started, end_ns=end)
        if requests is not None:
            # Going straight on would slow the lanes that still have counted requests.
            self._lane.wait_lanes(GATE_MEASURE, lanes)
        self._mark("end")
        if self._marks and self._lane.thread == 0:
            self._lane.arrive(GATE_STEADY)

    def _go_on(self, started: int) -> None:
        """The steady part, by the same lanes without a new barrier."""
        steady = self._program.steady_ns
        slab, lane = self._stage.slab, self._lane
        if not steady:
            return
        if self._position == 0:
            while self._marks and slab.gate_ready(GATE_STEADY) < self._stage.procs:
                if slab.stopping:
                    return
                time.sleep(MARK_POLL_S)  # every process reads its counters before anybody goes on
            now = monotonic_ns()
            if self._program.counted and now - started >= steady:
                slab.refuse_gate(GATE_STEADY)
            else:
                slab.open_gate(GATE_STEADY, now, now + steady + steady // LEAD_IN_SHARE)
        begin = lane.wait(GATE_STEADY)
        if begin < 0:
            return
        end = slab.gate_end(GATE_STEADY)
        lead_end = end - steady
        self._begin(LEAD_IN)
        lane.run(self._plan, LEAD_IN, self._keys, start_ns=begin, end_ns=lead_end)
        self._begin(STEADY)
        lane.run(self._plan, STEADY, self._keys, start_ns=lead_end, end_ns=end)
