"""A crew: the workers of one stage, forked, led through the gates, watched, and joined.

The controller only reads the slab, apart from opening gates and the stop flag. A worker that dies
is noticed within one poll, a hung call by the time it has been in flight.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from _timing import monotonic_ns
from stress.load.interrupts import Interrupts
from stress.load.process import DUMP_STACKS
from stress.load.stage import (
    GATE_COLD,
    GATE_DRAIN,
    GATE_LEAVE,
    GATE_MEASURE,
    GATE_PROVE,
    GATE_WARMUP,
)
from stress.load.worker import EXIT_TARGET_FAILED, Job, run_worker

NS = 1_000_000_000
POLL_S = 0.005
# Sleeping lanes need this long to be woken at one instant; chosen after all were ready.
START_LEAD_NS = 30_000_000
HANG_S = 30.0
LOOK_S = 1.0
STACKS_S = 0.5
KILL_S = 2.0

Tick = Callable[[], None]


Why = Literal["interrupted", "died", "hung", "broken"]


class CrewStopped(Exception):
    """The crew ended early; `what` says it in words. broken: a target did not start."""

    def __init__(self, why: Why, what: str) -> None:
        super().__init__(why, what)
        self.why = why
        self.what = what


class Stillness:
    """How long a number has not grown; looked at once a second, for it costs a little.

    Calls outside the loops, such as that of an unknown tenant, hang unseen otherwise.
    """

    def __init__(self, number: Callable[[], int]) -> None:
        self._number = number
        self._seen = -1
        self._since = self._looked = time.monotonic()

    def seconds(self) -> float:
        """Since it grew last."""
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked = now
            if (found := self._number()) != self._seen:
                self._seen, self._since = found, now
        return now - self._since


@dataclass
class Member:
    """One worker. `status` is what waitpid said once it has ended."""

    index: int
    pid: int
    status: int | None = None
    ended_ns: int | None = None

    @property
    def alive(self) -> bool:
        """Not yet ended, as far as was noticed."""
        return self.status is None

    def epitaph(self) -> str:
        """How it ended, in the words of the report."""
        if self.status is None:
            return "running"
        if self.status < 0:
            return f"killed by signal {-self.status}"
        return "joined" if self.status == 0 else f"exited with status {self.status}"


@dataclass
class Crew:
    """The workers of one job. Call the stages in their order; `leave` or `stop` ends it."""

    job: Job
    interrupts: Interrupts
    graceful_stop_s: float
    tick: Tick = lambda: None
    members: list[Member] = field(default_factory=list)
    started_ns: int = 0
    hung: list[str] = field(default_factory=list)

    def fork(self) -> None:
        """Start every worker from this, the only thread."""
        sys.stdout.flush()
        sys.stderr.flush()
        for index in range(self.job.stage.procs):
            pid = os.fork()
            if pid == 0:
                self._be_worker(index)
            self.members.append(Member(index, pid))

    def _be_worker(self, index: int) -> None:
        status = 1
        try:
            status = run_worker(self.job, index)
        except BaseException:
            self.job.stage.mailboxes[index].post(
                "crashed", text=self.job.redact(traceback.format_exc(limit=-3))
            )
        finally:
            # Never back into the parent's stack, its exit handlers or its buffers.
            os._exit(status)

    def cold(self) -> None:
        """Worker 0's first lane does the cold block."""
        self._until(lambda: self._ready(GATE_COLD, 1))
        self.job.stage.slab.open_gate(GATE_COLD, monotonic_ns(), 0)

    def warm_up(self, seconds: float | None) -> None:
        """Passes over all tenants in every worker, or a closed loop of that time."""
        stage = self.job.stage
        wanted = stage.procs if seconds is None else stage.lanes
        self._until(lambda: self._ready(GATE_WARMUP, wanted))
        start = monotonic_ns() + START_LEAD_NS
        end = 0 if seconds is None else start + round(seconds * NS)
        stage.slab.open_gate(GATE_WARMUP, start, end)

    def measure(self, duration_s: float | None, steady_s: float) -> None:
        """All lanes start at one instant; returns when the last has finished its last request."""
        stage = self.job.stage
        self._until(lambda: self._ready(GATE_MEASURE, stage.lanes))
        start = monotonic_ns() + START_LEAD_NS
        end = 0 if duration_s is None else start + round(duration_s * NS)
        self.started_ns = start
        stage.slab.open_gate(GATE_MEASURE, start, end)
        # A counted run has no end of its own; there the time in flight alone shows a hang.
        limit = None if duration_s is None else duration_s + steady_s * 1.2 + self.graceful_stop_s
        self._until(lambda: self._ready(GATE_PROVE, stage.procs), limit)

    def prove(self) -> None:
        """Workers ask their live connections and post their statistics."""
        self.job.stage.slab.open_gate(GATE_PROVE, monotonic_ns(), 0)
        self._until(lambda: self._ready(GATE_DRAIN, self.job.stage.procs), HANG_S)

    def drain(self) -> None:
        """Workers give every connection back, and stay."""
        self.job.stage.slab.open_gate(GATE_DRAIN, monotonic_ns(), 0)
        self._until(lambda: self._ready(GATE_LEAVE, self.job.stage.procs), HANG_S)

    def leave(self) -> None:
        """Workers exit; joined here."""
        self.job.stage.slab.open_gate(GATE_LEAVE, monotonic_ns(), 0)
        deadline = time.monotonic() + HANG_S
        while any(member.alive for member in self.members) and time.monotonic() < deadline:
            self._reap()
            time.sleep(POLL_S)
        self._kill()

    def stop(self) -> None:
        """End early: no new request, those in flight have the graceful stop, then SIGKILL."""
        self.job.stage.slab.set_stop()
        self._signal(signal.SIGCONT)  # a phase may have stopped one: it is to end like the others
        deadline = time.monotonic() + self.graceful_stop_s
        while any(member.alive for member in self.members) and time.monotonic() < deadline:
            self._reap()
            self.tick()
            time.sleep(POLL_S)
        if any(member.alive for member in self.members):
            self._take_stacks()
        self._kill()

    def _ready(self, gate: int, wanted: int) -> bool:
        return self.job.stage.slab.gate_ready(gate) >= wanted

    def _until(self, done: Callable[[], bool], limit_s: float | None = None) -> None:
        """Poll until done. CrewStopped: interrupted, a worker ended, a call hung, or too late."""
        deadline = None if limit_s is None else time.monotonic() + limit_s
        still = Stillness(self._progress)
        while not done():
            if self.interrupts.asked is not None:
                raise CrewStopped("interrupted", self.interrupts.asked)
            self._reap()
            self._raise_for_the_dead()
            if still.seconds() > self._still_s():
                raise CrewStopped("hung", f"nothing has happened for {self._still_s():.0f} s")
            hung = self._oldest_in_flight_s()
            if hung > HANG_S or (deadline is not None and time.monotonic() > deadline):
                what = f"a call has not returned for {hung:.0f} s"
                raise CrewStopped("hung", what if hung >= 1 else "a worker did not finish in time")
            self.tick()
            time.sleep(POLL_S)

    def _progress(self) -> int:
        """A number that grows with whatever the lanes and workers do."""
        stage = self.job.stage
        finished = int(stage.slab.lanes["roles"]["finished"].sum())
        gates = sum(stage.slab.gate_ready(gate) for gate in range(GATE_LEAVE + 1))
        return finished + gates + sum(mailbox.used for mailbox in stage.mailboxes)

    def _still_s(self) -> float:
        """How long nothing may happen: a load may have to wait for its token."""
        bucket = self.job.bucket
        return HANG_S if bucket is None else max(HANG_S, 3 / bucket.per_s)

    def _oldest_in_flight_s(self) -> float:
        since = self.job.stage.slab.oldest_in_flight_ns()
        return (monotonic_ns() - since) / NS if since else 0.0

    def _reap(self) -> None:
        for member in self.members:
            if not member.alive:
                continue
            pid, status = os.waitpid(member.pid, os.WNOHANG)
            if pid:
                member.status = os.waitstatus_to_exitcode(status)
                member.ended_ns = monotonic_ns()

    def _raise_for_the_dead(self) -> None:
        for member in self.members:
            if member.status is None:
                continue
            if member.status == EXIT_TARGET_FAILED:
                broken = next(self.job.stage.mailboxes[member.index].messages("broken"), None)
                what = f"{broken['type']}: {broken['message']}" if broken else "unknown"
                raise CrewStopped("broken", what)
            raise CrewStopped("died", self._obituary(member))

    def _obituary(self, member: Member) -> str:
        at = ""
        if self.started_ns and member.ended_ns is not None and member.ended_ns > self.started_ns:
            at = f" at {(member.ended_ns - self.started_ns) / NS:.1f} s"
        who = f"worker {member.index} (pid {member.pid})"
        if member.status is not None and member.status < 0:
            likely = "Likely: out of memory (kernel log), or somebody's kill"
            return f"{who} was {member.epitaph()}{at}. {likely}"
        crashed = next(self.job.stage.mailboxes[member.index].messages("crashed"), None)
        if crashed is not None:
            return f"{who} crashed{at}: {crashed['text']}"
        return f"{who} {member.epitaph()}{at}"

    def _take_stacks(self) -> None:
        self._signal(DUMP_STACKS)
        time.sleep(STACKS_S)
        for member in self.members:
            for message in self.job.stage.mailboxes[member.index].messages("stacks"):
                self.hung.append(f"process {member.index}\n{message['text']}")

    def _signal(self, number: int) -> None:
        for member in self.members:
            if member.alive:
                os.kill(member.pid, number)

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)
        deadline = time.monotonic() + KILL_S
        while any(member.alive for member in self.members) and time.monotonic() < deadline:
            self._reap()
            time.sleep(POLL_S)
