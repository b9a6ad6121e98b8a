"""A worker stopped in the middle of a load: another must take over, and the first is too late.

The first worker's first lane loads a tenant and is held after its statement has read the row; the
second worker's first lane stops that process there (SIGSTOP). Its other lanes are parked before, so
that it is stopped in the load and nowhere else.

Meanwhile the row gets a new version and is invalidated, and lanes of the second worker ask: they
wait until the lease ends, and one of them takes over. Then the stopped worker is continued
(SIGCONT), comes back with what it once read, and everybody asks what is there now.

Who stops the worker continues it, at the latest by its alarm: also where a call never returns.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field

from _timing import monotonic_ns
from stress.backend.rotation import Writer
from stress.load.actor import Actor, Hold
from stress.target.answers import Record
from stress.target.context import DEFAULT_LEASE_S
from stress.target.places import Place
from stress.verify.phases.signals import Signals

NS = 1_000_000_000
STOPPED, HELPER = 0, 1  # processes
PREPARED, LOADING, CHANGED, RETURNED, PID, STOPPED_NS, CONTINUED_NS, PARKED = range(8)
STEP_NS = 2 * NS  # within which each step is done, or the overlap is given up
SETTLE_NS = 20_000_000  # from the signal until no thread of the process runs any more
ALARM_AFTER_LEASE_S = 1.5
ASKERS = 4  # lanes of the second worker that ask; every other one before the invalidation
ASK_PAUSE_NS = 1_000_000
ASK_TIMES = 20
IDLE_POLL_NS = 10_000_000
VERSIONS = 4


@dataclass
class Takeover:
    """index: whose load it is. versions, places: of the rows. writes: whether that row may get a
    new version. lease_s: after which the others may take over."""

    procs: int
    threads: int
    index: int
    places: list[Place]
    versions: list[object]
    writer: Writer | None = None
    lease_s: float = DEFAULT_LEASE_S
    name: str = "takeover"
    stops: bool = True
    duration_s: float = field(init=False)
    events: int = field(init=False, default=1000)
    _signals: Signals = field(init=False)

    def __post_init__(self) -> None:
        self.duration_s = self.lease_s + 0.2 if self.procs > 1 else 0.1
        self._signals = Signals(PARKED + self.threads)

    def committed(self) -> dict[int, list[Record]]:
        """The new versions of the one tenant."""
        version = self.versions[self.index]
        if self.writer is None or not isinstance(version, int):
            return {}
        place = self.places[self.index]
        return {self.index: [Record(version + step, place) for step in range(1, VERSIONS)]}

    def lane(self, actor: Actor, start_ns: int) -> None:
        """One lane's part; the lanes of further workers ask at the end only."""
        if not self._possible(actor):
            actor.resolve(actor.position % actor.tenants)
            return
        end_ns = start_ns + round((self.lease_s + ALARM_AFTER_LEASE_S) * NS) + STEP_NS
        if actor.process == STOPPED:
            self._be_stopped(actor, end_ns)
        elif actor.process == HELPER and actor.thread == 0:
            self._help(actor)
        else:
            if actor.process == HELPER and actor.thread < ASKERS:
                self._ask_meanwhile(actor)
            self._wait(actor, RETURNED, end_ns, IDLE_POLL_NS)
        for _ in range(ASK_TIMES):
            if actor.stopping:
                break
            actor.resolve(self.index)
            actor.sleep_until(monotonic_ns() + ASK_PAUSE_NS)

    def _possible(self, actor: Actor) -> bool:
        """Whether another process can take over at all."""
        return self.procs > 1 and actor.can_invalidate and actor.says("scope") != "process"

    def _be_stopped(self, actor: Actor, end_ns: int) -> None:
        self._signals.say(PARKED + actor.thread, 1)
        if actor.thread > 0:
            self._wait(actor, RETURNED, end_ns, IDLE_POLL_NS)
            return
        self._signals.say(PID, os.getpid())
        if self._wait(actor, PREPARED, self._soon()):
            actor.resolve(self.index, Hold(lambda: self._hold(actor, end_ns)))
        self._signals.say(RETURNED, 1)

    def _hold(self, actor: Actor, end_ns: int) -> None:
        """On the thread that loads, after its statement: this is where it is stopped."""

        def all_parked() -> bool:
            return self._signals.how_many(PARKED, self.threads, 1) == self.threads

        if actor.wait_for(all_parked, self._soon()):
            self._signals.say(LOADING, 1)
            self._wait(actor, CONTINUED_NS, end_ns)

    def _help(self, actor: Actor) -> None:
        alarm = threading.Timer(self.lease_s + ALARM_AFTER_LEASE_S, self._continue)
        alarm.daemon = True
        try:
            actor.invalidate(self.index)
            self._signals.say(PREPARED, 1)
            if not self._wait(actor, LOADING, self._soon() + STEP_NS):
                return
            alarm.start()
            self._signals.say(STOPPED_NS, monotonic_ns())
            os.kill(self._signals.said(PID), signal.SIGSTOP)
            actor.sleep_until(monotonic_ns() + SETTLE_NS)
            self._change(actor)
            actor.invalidate(self.index)
            self._signals.say(CHANGED, 1)
            actor.resolve(self.index)
        finally:
            alarm.cancel()
            self._continue()
        stopped_ns, continued_ns = self._signals.said(STOPPED_NS), self._signals.said(CONTINUED_NS)
        actor.stopped(STOPPED, self.index, stopped_ns, continued_ns)
        self._wait(actor, RETURNED, self._soon())

    def _continue(self) -> None:
        """Let the stopped worker run on; the second time it does nothing."""
        if not self._signals.said(CONTINUED_NS):
            self._signals.say(CONTINUED_NS, monotonic_ns())
            if self._signals.said(STOPPED_NS):
                os.kill(self._signals.said(PID), signal.SIGCONT)

    def _change(self, actor: Actor) -> None:
        if self.writer is not None:
            began = monotonic_ns()
            version = self.writer.raise_version(actor.tenant_ids[self.index])
            actor.committed(self.index, version, began)
            self.writer.close()

    def _ask_meanwhile(self, actor: Actor) -> None:
        cell = CHANGED if actor.thread % 2 else STOPPED_NS
        if self._wait(actor, cell, self._soon() + 2 * STEP_NS):
            actor.resolve(self.index)

    def _wait(self, actor: Actor, cell: int, until_ns: int, poll_ns: int = ASK_PAUSE_NS) -> bool:
        return actor.wait_for(lambda: self._signals.said(cell) != 0, until_ns, poll_ns)

    def _soon(self) -> int:
        return monotonic_ns() + STEP_NS
