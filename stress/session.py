"""One backend and one target, open for one run or for several: profiles and checking phases.

Each measurement forks its own crew and leaves a Record; whatever ends it early, the Record holds
what there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import msgspec

from _timing import monotonic_ns
from stress import environment
from stress.backend.backend import Backend
from stress.backend.rotation import refresh
from stress.errors import TargetError
from stress.ground import Ground, find
from stress.load.crew import Crew, CrewStopped
from stress.load.interrupts import Interrupted, Interrupts
from stress.load.lanes import NS, Program
from stress.load.phase import Phase
from stress.load.reference import run_reference
from stress.load.round_trip import round_trip_ns
from stress.load.stage import Stage
from stress.load.ticker import Glance, Ticker, default_interval_s
from stress.load.worker import Job
from stress.record import Record
from stress.report.progress import Progress
from stress.report.result import SeriesPoint
from stress.scenario import keys
from stress.scenario.scenario import Scenario
from stress.subject import Subject
from stress.target.context import Context
from stress.verify.evidence import Sessions

DRAIN_S = 2.0
REFERENCE_STEADY_S = 1.0
LIVE_INTERVAL_S = 1.0

MakePhase = Callable[[Backend, Scenario], Phase]


class Session:
    """A context manager: leaving it closes the target, then the backend, whatever happened."""

    def __init__(
        self,
        scenario: Scenario,
        progress: Progress,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """variables: where a control plane may be named; None: the environment's."""
        self._scenario = scenario
        self._variables = os.environ if variables is None else variables
        self._progress = progress
        self._interrupts = Interrupts(progress.line, progress.close)
        self._stack = ExitStack()
        self._environment = environment.describe("none started")
        self._aimed = ExitStack()
        self._subject = Subject(scenario)
        self._ground: Ground | None = None

    def __enter__(self) -> Session:
        self._stack.enter_context(self._interrupts)
        self._stack.callback(self._progress.close)  # while the handlers are still there
        return self

    def __exit__(self, *_: object) -> None:
        self._aimed.close()
        self._stack.close()

    def aim(self, scenario: Scenario) -> None:
        """At the target of this scenario, from the next measurement on; the backend stays, and what
        earlier phases changed in its rows is read again."""
        self._aimed.close()
        self._subject = Subject(scenario)
        if self._ground is not None:
            refresh(self._ground.backend)

    def measure(self, scenario: Scenario, make_phase: MakePhase | None = None) -> Record:
        """Carry out one scenario, a profile's or a phase's. TargetError, BackendError in one line.

        The record's `ending` says whether it came to its end.
        """
        record = Record(scenario, self._environment)
        try:
            self._progress.begin(scenario)
            self._open(record)
            assert self._ground is not None
            self._measure_reference(record)
            phase = make_phase(self._ground.backend, scenario) if make_phase is not None else None
            with ExitStack() as closing:
                self._lead(record, phase, closing)
        except Interrupted as interrupted:
            record.end("interrupted", interrupted.by)
        except CrewStopped as stopped:
            if stopped.why == "broken":
                what = f"a worker could not start it: {stopped.what}"
                raise TargetError(self._subject.where, what, "mend its after_fork()") from None
            record.end(stopped.why, stopped.what)
        return record

    def _open(self, record: Record) -> None:
        """The backend and the probe, the first time."""
        if self._interrupts.asked is not None:
            raise Interrupted(self._interrupts.asked)
        if self._ground is None:
            self._subject.locate()  # nothing is started for a target that is not there
            self._ground = find(self._scenario, self._variables, self._progress.line)
            self._stack.callback(self._close, self._ground.close)
            name = self._ground.backend.name
            self._environment = msgspec.structs.replace(
                self._environment, backend=name, shared_databases=self._ground.shared() or None
            )
        record.environment = self._environment
        record.tenant_ids = self._ground.tenant_ids
        record.default_tenants = self._ground.default_tenants(self._scenario)
        record.shared = self._ground.shared()
        record.loads_limited = self._ground.bucket is not None
        if self._subject.facts is None:
            self._subject.open(self._ground, self._interrupts, self._aimed)
        record.facts = self._subject.facts

    def _measure_reference(self, record: Record) -> None:
        """One process alone, in a child forked before the run's own target exists."""
        scenario = record.scenario
        steady_s = scenario.steady_s or (REFERENCE_STEADY_S if scenario.duration_s else 0.0)
        if scenario.procs == 1 or not scenario.reference or not steady_s:
            return
        assert self._ground is not None
        stage = Stage(1, scenario.threads, len(record.tenant_ids))
        context = self._ground.context(stage, scenario, 1)
        program = _program(scenario, counted=False, steady_s=steady_s)
        build = partial(self._subject.built, context)
        job = self._job(stage, scenario, build, program, context, None)
        said = "one process alone, for comparison"
        tick = partial(self._progress.doing, said)
        crew = Crew(job, self._interrupts, scenario.graceful_stop_s, tick)
        warmup = bool(scenario.warmup_passes or scenario.warmup_s)
        with self._guarded(crew, record):
            record.reference = run_reference(crew, warmup, scenario.warmup_s, steady_s)

    def _lead(self, record: Record, phase: Phase | None, closing: ExitStack) -> None:
        """Build the target, fork the crew, lead it through its gates."""
        assert self._ground is not None
        scenario, backend = record.scenario, self._ground.backend
        assert record.facts is not None
        events = phase.events if phase is not None else 0
        stage = Stage(scenario.procs, scenario.threads, len(record.tenant_ids), events)
        record.stage, record.phase = stage, phase
        context = self._ground.context(stage, scenario, scenario.procs)
        record.target_built_ns = monotonic_ns()
        target = None
        if record.facts.build == "parent":
            target = self._subject.built(context)
            if record.facts.offers_close:
                closing.callback(self._close, target.close)
        program = _program(scenario, counted=True, steady_s=scenario.steady_s)
        build = partial(self._subject.built, context) if target is None else lambda: target
        job = self._job(stage, scenario, build, program, context, phase)
        interval = scenario.progress_s or (
            LIVE_INTERVAL_S if self._progress.live else default_interval_s(scenario.duration_s)
        )
        name = "counted" if phase is None else "check"
        total_s = scenario.duration_s if phase is None else phase.duration_s
        tell = partial(self._tell, scenario)
        ticker = Ticker(stage, interval, tell, name, self._watch(total_s))
        crew = Crew(job, self._interrupts, scenario.graceful_stop_s, ticker)
        before, before_ns = backend.sessions(), monotonic_ns()
        if phase is None:
            record.round_trip_ns = round_trip_ns(context.control_plane_url)
        record.series = ticker.points
        with self._guarded(crew, record):
            crew.fork()
            record.pids = [member.pid for member in crew.members]
            if phase is None and (scenario.warmup_passes or scenario.warmup_s):
                crew.cold()
                crew.warm_up(scenario.warmup_s)
            waited = self._ground.loads_waited
            crew.measure(total_s, scenario.steady_s)
            record.loads_waited = self._ground.loads_waited - waited
            ticker.finish()
            crew.prove()
            record.last_call_ns = monotonic_ns()
            self._read_stats(record, target)
            proving, proving_ns = backend.sessions(), monotonic_ns()
            crew.drain()
            after = backend.sessions_settled(before, DRAIN_S)
            record.sessions = Sessions(
                before, proving, after, before_ns, proving_ns, after_ns=monotonic_ns()
            )
            crew.leave()

    @contextmanager
    def _guarded(self, crew: Crew, record: Record) -> Iterator[None]:
        """Whatever ends a crew early, its workers are gone afterwards and their counts are kept."""
        with self._interrupts.deferred():
            try:
                yield
            finally:
                crew.stop()
                record.stacks += crew.hung
                record.last_call_ns = record.last_call_ns or monotonic_ns()
                record.measured_from_ns = crew.started_ns
                record.worker_ends = [member.epitaph() for member in crew.members]

    def _read_stats(self, record: Record, target: Any) -> None:
        """The parent's view of a cache that is one for the host."""
        if record.facts is None or not record.facts.offers_stats or target is None:
            return
        try:
            record.host_stats = dict(target.get_cache_stats())
        except Exception as error:
            record.stats_failed = f"get_cache_stats() raised {type(error).__name__}"

    def _job(
        self,
        stage: Stage,
        scenario: Scenario,
        build: Callable[[], Any],
        program: Program,
        context: Context,
        phase: Phase | None,
    ) -> Job:
        ground, facts = self._ground, self._subject.facts
        assert ground is not None
        assert facts is not None
        committed = ground.committed(phase.committed() if phase is not None else {})
        return Job(
            stage=stage,
            build=build,
            facts=facts,
            tenant_ids=ground.tenant_ids,
            committed=committed,
            whose=ground.whose(committed),
            mates=ground.mates(),
            allowed=ground.allowed(scenario, stage.procs),
            operation=scenario.operation,
            release=scenario.target_release or ("close" if facts.fresh else None),
            bucket=ground.bucket,
            program=program,
            sequence=keys.sequence(scenario.keys, stage.tenants, scenario.seed),
            control_plane=context.control_plane,
            watch=lambda: self._subject.listening(context, in_phase=phase is not None),
            phase=phase,
            redact=ground.redact,
            after_fork=ground.backend.after_fork_in_child,
            parent_pid=os.getpid(),
        )

    def _tell(
        self, scenario: Scenario, point: SeriesPoint, length_s: float, violations: int
    ) -> None:
        self._progress.interval(
            point.t_s,
            scenario.duration_s,
            point.requests / length_s if length_s else 0.0,
            point.hits / point.requests if point.requests and point.hits is not None else None,
            point.p99_ns,
            point.failed,
            violations,
        )

    def _watch(self, total_s: float | None) -> Callable[[Glance], None] | None:
        return (lambda seen: self._progress.glance(seen, total_s)) if self._progress.live else None

    def _close(self, close: Callable[[], Any]) -> None:
        """Clean up undisturbed by a first Ctrl-C; a failing close is told, not fatal."""
        with self._interrupts.deferred():
            try:
                close()
            except Exception as error:
                self._progress.line(f"closing raised {type(error).__name__}")


def _program(scenario: Scenario, *, counted: bool, steady_s: float) -> Program:
    return Program(
        requests=scenario.requests,
        steady_ns=round(steady_s * NS) if scenario.duration_s is None or not counted else 0,
        warmup_passes=scenario.warmup_passes,
        warmup_by_time=scenario.warmup_s is not None,
        counted=counted,
    )
