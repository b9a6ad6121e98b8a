"""One worker process, from the fork to its exit."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from _timing.drive import Lane, Plan, note_load
from stress.backend.allowance import Allowance
from stress.load.actor import Actor
from stress.load.bucket import LoadBucket
from stress.load.cold import MAX_CONNECTIONS, ColdBlock
from stress.load.connections import Connector
from stress.load.findings import Findings, frames_of
from stress.load.lanes import LaneRunner, Program, Sequence
from stress.load.outcomes import ints
from stress.load.phase import Phase, PhaseLane
from stress.load.process import set_up
from stress.load.prove import prove, sample
from stress.load.query import QueryOperation
from stress.load.stage import GATE_DRAIN, GATE_LEAVE, GATE_PROVE, Stage
from stress.load.whose import Whose
from stress.redact import Redactor
from stress.target.answers import Answers, Record
from stress.target.context import ControlPlane
from stress.target.loads import LoadWatch
from stress.target.protocol import Facts

EXIT_TARGET_FAILED = 3
EXIT_LANE_CRASHED = 4


@dataclass(frozen=True)
class Job:
    """What every worker of a crew is given; inherited through the fork, never pickled.

    `build` gives the target: the object made before the fork, or one made here. mates: tenants that
    share one database. allowed, bucket: limits of a server that somebody else runs.
    """

    stage: Stage
    build: Callable[[], Any]
    facts: Facts
    tenant_ids: list[str]
    committed: list[list[Record]]
    whose: list[Whose]
    mates: dict[int, list[int]]
    allowed: Allowance | None
    operation: str
    release: str | None
    bucket: LoadBucket | None
    program: Program
    sequence: Sequence
    control_plane: ControlPlane
    watch: Callable[[], LoadWatch | None]
    phase: Phase | None
    redact: Redactor
    after_fork: Callable[[], None]
    parent_pid: int


def run_worker(job: Job, process: int) -> int:
    """Do everything one worker does; returns its exit status."""
    mailbox = job.stage.mailboxes[process]
    try:
        set_up(job.parent_pid, mailbox)
        if job.bucket is not None:
            job.bucket.after_fork_in_child()
        job.after_fork()
        target = job.build()
        if job.facts.offers_after_fork:
            target.after_fork()
    except Exception as error:
        findings = Findings(mailbox, [], job.redact)
        mailbox.post("broken", type=type(error).__name__, message=findings.describe(error))
        return EXIT_TARGET_FAILED
    Worker(job, process, target).run()
    return 0


class Worker:
    """The lanes of one process and what follows them: proofs, statistics, drain."""

    def __init__(self, job: Job, process: int, target: Any) -> None:
        self._job = job
        self._process = process
        self._target = target
        self._mailbox = job.stage.mailboxes[process]
        self._ids = job.tenant_ids
        self._committed = job.committed
        self._findings = Findings(self._mailbox, self._ids, job.redact)
        self._connector = (
            Connector(target, job.facts, self._release) if job.facts.connects else None
        )

    def run(self) -> None:
        """Start the lanes, wait for them, then prove, report and leave as the gates open."""
        job, slab = self._job, self._job.stage.slab
        operation = self._operation()
        plan = self._plan(operation or self._answers())
        watch = job.watch()
        lanes = [Lane(slab, self._process, thread) for thread in range(job.stage.threads)]
        threads = [
            threading.Thread(
                target=self._guarded(self._listening(lane, plan, watch, operation)),
                name=f"lane-{lane.thread}",
                daemon=True,
            )
            for lane in lanes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)  # in slices, so that the main thread serves its signals
        lanes[0].arrive(GATE_PROVE)
        if lanes[0].wait(GATE_PROVE) >= 0:
            self._prove()
        self._report()
        lanes[0].arrive(GATE_DRAIN)
        lanes[0].wait(GATE_DRAIN)
        if job.facts.offers_close:
            self._close()
        lanes[0].arrive(GATE_LEAVE)
        lanes[0].wait(GATE_LEAVE)

    def _guarded(self, run: Callable[[], None]) -> Callable[[], None]:
        """A lane that cannot go on ends its process: the others would wait for it, and the run
        must say that it is invalid."""

        def guarded() -> None:
            try:
                run()
            except BaseException as error:
                text = f"{type(error).__name__} in {frames_of(error)}"
                self._mailbox.post("crashed", text=text)
                os._exit(EXIT_LANE_CRASHED)

        return guarded

    def _answers(self) -> Answers:
        return Answers(
            self._ids,
            self._committed,
            self._job.stage.slab.load_cells,
            self._findings.failure,
            self._findings.violation,
            mates=self._job.mates,
            pace=None if self._job.bucket is None else self._pace,
            release=self._release,
        )

    def _release(self, connection: Any) -> None:
        """Give a driver's own connection back, if each call gives another one."""
        method = self._job.release
        if method is None:
            return
        if callable(give := getattr(connection, method, None)):
            give()
        else:  # the pool's, which is the target or belongs to it
            getattr(getattr(self._target, "thing", self._target), method)(connection)

    def _pace(self) -> None:
        """A call has loaded: wait until the next load may come."""
        bucket, slab = self._job.bucket, self._job.stage.slab
        if bucket is not None:
            bucket.take(lambda: bool(slab.stopping))

    def _operation(self) -> QueryOperation | None:
        """What a request does besides the resolve."""
        job = self._job
        if job.operation != "query" or self._connector is None:
            return None
        times = job.stage.operations[self._process]
        times.after_fork_in_child()
        return QueryOperation(
            self._answers(), self._connector, job.whose, self._committed, times, self._findings
        )

    def _plan(self, judge: Answers | QueryOperation) -> Plan:
        facts = self._job.facts
        return Plan(
            self._target.resolve,
            self._ids,
            judge,
            has_tenant_id=facts.has_tenant_id,
            has_url=facts.has_url,
            has_version=facts.has_version,
            says_source=facts.says_source,
            says_cache_hit=facts.says_cache_hit,
        )

    def _listening(
        self, lane: Lane, plan: Plan, watch: LoadWatch | None, operation: QueryOperation | None
    ) -> Callable[[], None]:
        """The lane's run, its statements told to the slab where the loop makes the calls."""
        run = self._runner(lane, plan, watch, operation)
        if watch is None or isinstance(run, PhaseLane):
            return run
        slab = self._job.stage.slab

        def listen() -> None:
            watch.following(
                lambda: lane.in_flight_tenant,
                lambda tenant, began, ended: note_load(slab, tenant, began, ended),
            )
            run()

        return listen

    def _runner(
        self, lane: Lane, plan: Plan, watch: LoadWatch | None, operation: QueryOperation | None
    ) -> LaneRunner | PhaseLane:
        job = self._job
        position = self._process * job.stage.threads + lane.thread
        if job.phase is not None and watch is not None:
            actor = Actor(
                job.stage,
                lane,
                job.stage.rings[position],
                self._target,
                job.facts,
                self._answers(),
                self._ids,
                watch,
                self._connector,
                self._findings,
                job.whose,
                job.allowed,
            )
            return PhaseLane(lane, actor, job.phase)
        cold = None
        if position == 0 and (job.program.warmup_passes or job.program.warmup_by_time):
            cold = ColdBlock(
                plan if operation is None else self._plan(self._answers()),
                self._ids,
                self._target,
                self._connector,
                job.control_plane,
                self._findings,
                self._mailbox,
                MAX_CONNECTIONS if job.allowed is None else job.allowed.tenants,
            )
        begin = operation.begin if operation is not None else lambda _role: None
        return LaneRunner(
            job.stage, lane, plan, job.program, job.sequence, position, cold, begin, self._marks()
        )

    def _marks(self) -> Callable[[str], None] | None:
        """Posts the target's own counters, where nothing else tells hits from misses."""
        facts = self._job.facts
        if facts.says_source or facts.says_cache_hit or "hits" not in facts.statistics:
            return None

        def mark(at: str) -> None:
            with suppress(Exception):  # counter_identity says so
                values = ints(dict(self._target.get_cache_stats()))
                self._mailbox.post("counters", at=at, values=values)

        return mark

    def _prove(self) -> None:
        job = self._job
        if self._connector is None:
            return
        prove(
            self._connector,
            sample(self._process, job.stage.procs, len(self._ids), job.allowed),
            job.whose,
            self._committed,
            self._findings,
            self._mailbox,
        )

    def _report(self) -> None:
        self._findings.finish()
        if self._job.facts.offers_stats:
            try:
                stats = {
                    str(key): value
                    for key, value in dict(self._target.get_cache_stats()).items()
                    if value is None or isinstance(value, (bool, int, float, str))
                }
            except Exception as error:
                self._mailbox.post("stats_failed", message=self._findings.describe(error))
            else:
                self._mailbox.post("stats", values=stats)

    def _close(self) -> None:
        try:
            self._target.close()
        except Exception as error:
            self._mailbox.post("close_failed", message=self._findings.describe(error))
