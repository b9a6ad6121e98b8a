"""A worker stopped in the middle of a load: another must take over, and the first is too late.

The first worker's first lane loads a tenant and is stopped (SIGSTOP) after its statement has read
the row; its other lanes are parked before, so that the process is stopped in the load and nowhere
else. Meanwhile the row gets a new version and is invalidated, and lanes of the second worker ask:
they wait until the lease ends, and one of them takes over. Then the stopped worker is continued
(SIGCONT), comes back with what it once read, and everybody asks what is there now.

The stopped worker is continued by the second worker's first lane, at the latest by that lane's
alarm: also where a call never returns.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
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
PREPARED, LOADING, CHANGED, RETURNED, PID, STOPPED_NS, PARKED = range(7)
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
        if actor.thread > 0:
            self._signals.say(PARKED + actor.thread, 1)
            self._wait(actor, RETURNED, end_ns, IDLE_POLL_NS)
            return
        self._signals.say(PID, os.getpid())
        self._signals.say(PARKED, 1)
        if self._wait(actor, PREPARED, self._soon()):
            actor.resolve(self.index, Hold(lambda: self._stop(actor)))
        self._signals.say(RETURNED, 1)

    def _stop(self, actor: Actor) -> None:
        """On the thread that loads, after its statement."""

        def all_parked() -> bool:
            return self._signals.how_many(PARKED, self.threads, 1) == self.threads

        if actor.wait_for(all_parked, self._soon()) and not actor.stopping:
            self._signals.say(STOPPED_NS, monotonic_ns())
            self._signals.say(LOADING, 1)
            os.kill(os.getpid(), signal.SIGSTOP)
            # It may run on for an instant, and only here.
            actor.sleep_until(monotonic_ns() + SETTLE_NS)

    def _help(self, actor: Actor) -> None:
        actor.invalidate(self.index)
        self._signals.say(PREPARED, 1)
        if not self._wait(actor, LOADING, self._soon() + STEP_NS):
            return
        pid = self._signals.said(PID)
        alarm = threading.Timer(self.lease_s + ALARM_AFTER_LEASE_S, _continue, (pid,))
        alarm.daemon = True
        alarm.start()
        try:
            actor.sleep_until(monotonic_ns() + SETTLE_NS)
            self._change(actor)
            actor.invalidate(self.index)
            self._signals.say(CHANGED, 1)
            actor.resolve(self.index)
        finally:
            alarm.cancel()
            _continue(pid)
        actor.stopped(STOPPED, self.index, self._signals.said(STOPPED_NS))
        self._wait(actor, RETURNED, self._soon())

    def _change(self, actor: Actor) -> None:
        if self.writer is not None:
            began = monotonic_ns()
            version = self.writer.raise_version(actor.tenant_ids[self.index])
            actor.committed(self.index, version, began)
            self.writer.close()

    def _ask_meanwhile(self, actor: Actor) -> None:
        cell = CHANGED if actor.thread % 2 else LOADING
        if self._wait(actor, cell, self._soon() + 2 * STEP_NS):
            actor.resolve(self.index)

    def _wait(self, actor: Actor, cell: int, until_ns: int, poll_ns: int = ASK_PAUSE_NS) -> bool:
        return actor.wait_for(lambda: self._signals.said(cell) != 0, until_ns, poll_ns)

    def _soon(self) -> int:
        return monotonic_ns() + STEP_NS


def _continue(pid: int) -> None:
    """Let a stopped worker run on; nothing happens to one that was not stopped."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
