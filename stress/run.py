"""One run, from Scenario to Result, in ten steps. Only this file knows every stage."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from _timing import monotonic_ns
from _timing.drive import note_load
from stress import environment
from stress.assemble import assemble
from stress.backend import embedded
from stress.backend.backend import Backend
from stress.errors import TargetError
from stress.load.crew import Crew, CrewStopped
from stress.load.interrupts import Interrupted, Interrupts
from stress.load.lanes import NS, Program
from stress.load.reference import run_reference
from stress.load.stage import Stage
from stress.load.ticker import Ticker, default_interval_s
from stress.load.worker import Job
from stress.record import Record
from stress.redact import Redactor
from stress.report.deliver import deliver
from stress.report.progress import PlainProgress
from stress.report.result import Result, SeriesPoint
from stress.scenario import keys
from stress.scenario.output import Output
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario
from stress.target import spec
from stress.target.context import Context, ControlPlane
from stress.target.probe import probe
from stress.target.protocol import Facts
from stress.verify.evidence import Sessions

DRAIN_S = 2.0
REFERENCE_STEADY_S = 1.0


def run(scenario: Scenario, progress: PlainProgress) -> Result:
    """Carry out one scenario. StressError where it cannot start; Ctrl-C: a partial Result."""
    return _Run(scenario, progress).perform()


class _Run:
    """The state of one run while it is carried out."""

    def __init__(self, scenario: Scenario, progress: PlainProgress) -> None:
        self._scenario = scenario
        self._progress = progress
        self._spec = scenario.target or spec.OURS
        self._where = f"--target {scenario.target}" if scenario.target else "resolver"
        self._record = Record(scenario, environment.describe("none started"))
        self._interrupts = Interrupts(progress.line)

    def perform(self) -> Result:
        """The ten steps."""
        spec.locate(self._spec)  # 1: nothing is started for a target that is not there
        with self._interrupts, ExitStack() as stack:
            try:
                backend = self._open_backend(stack)  # 2
                build, facts = self._find_target(backend)  # 3
                self._measure_reference(backend, build, facts)  # 4
                crew = self._fork_crew(backend, build, facts, stack)  # 5
                self._lead(crew, backend)  # 6 to 9
            except Interrupted as interrupted:
                self._record.end("interrupted", interrupted.by)
            except CrewStopped as stopped:
                if stopped.why == "broken":
                    what = f"a worker could not start it: {stopped.what}"
                    raise TargetError(self._where, what, "mend its after_fork()") from None
                self._record.end(stopped.why, stopped.what)
        return assemble(self._record)  # 10

    def _open_backend(self, stack: ExitStack) -> Backend:
        tenants = self._scenario.tenants or DEFAULT_EMBEDDED_TENANTS
        backend = embedded.start(
            tenants, pg_bin=self._scenario.pg_bin, progress=self._progress.line
        )
        stack.callback(self._close, backend.close)
        self._record.environment = environment.describe(backend.name)
        self._record.tenant_ids = [truth.tenant_id for truth in backend.tenants]
        self._redact = Redactor(backend.secrets())
        return backend

    def _find_target(self, backend: Backend) -> tuple[Callable[[Context], Any], Facts]:
        build = spec.load(self._spec)
        context = self._context(backend, None, self._scenario.procs)
        facts = probe(
            self._where,
            build,
            context,
            backend.tenants[0].tenant_id,
            self._redact,
            backend.after_fork_in_child,
            self._interrupts,
        )
        self._record.facts = facts
        return build, facts

    def _measure_reference(
        self, backend: Backend, build: Callable[[Context], Any], facts: Facts
    ) -> None:
        scenario = self._scenario
        steady_s = scenario.steady_s or (REFERENCE_STEADY_S if scenario.duration_s else 0.0)
        if scenario.procs == 1 or not scenario.reference or not steady_s:
            return
        stage = Stage(1, scenario.threads, len(backend.tenants))
        context = self._context(backend, stage, 1)
        program = self._program(counted=False, steady_s=steady_s)
        job = self._job(stage, lambda: build(context), facts, backend, program, context)
        crew = Crew(job, self._interrupts, scenario.graceful_stop_s)
        warmup = bool(scenario.warmup_passes or scenario.warmup_s)
        with self._guarded(crew):
            reference = run_reference(crew, warmup, scenario.warmup_s, steady_s)
            self._record.reference = reference

    def _fork_crew(
        self,
        backend: Backend,
        build: Callable[[Context], Any],
        facts: Facts,
        stack: ExitStack,
    ) -> Crew:
        scenario = self._scenario
        stage = Stage(scenario.procs, scenario.threads, len(backend.tenants))
        self._record.stage = stage
        context = self._context(backend, stage, scenario.procs)
        self._record.target_built_ns = monotonic_ns()
        try:
            target = build(context)
        except Exception as error:
            what = f"building it raised {type(error).__name__}"
            raise TargetError(self._where, what, "mend its constructor") from None
        if facts.offers_close:
            stack.callback(self._close, target.close)
        self._target = target
        program = self._program(counted=True, steady_s=scenario.steady_s)
        job = self._job(stage, lambda: target, facts, backend, program, context)
        interval = scenario.progress_s or default_interval_s(scenario.duration_s)
        self._ticker = Ticker(stage, interval, self._tell)
        return Crew(job, self._interrupts, scenario.graceful_stop_s, self._ticker)

    def _lead(self, crew: Crew, backend: Backend) -> None:
        scenario, record = self._scenario, self._record
        before = backend.sessions()
        with self._guarded(crew):
            crew.fork()
            record.pids = [member.pid for member in crew.members]
            if scenario.warmup_passes or scenario.warmup_s:
                crew.cold()  # 6
                crew.warm_up(scenario.warmup_s)  # 7
            crew.measure(scenario.duration_s, scenario.steady_s)  # 8
            record.measured_from_ns = crew.started_ns
            self._ticker.finish()
            crew.prove()  # 9
            record.proved = True
            record.last_call_ns = monotonic_ns()
            self._read_stats()
            proving = backend.sessions()
            crew.drain()
            after = backend.sessions_settled(before, DRAIN_S)
            record.sessions = Sessions(before=before, proving=proving, after=after)
            crew.leave()
        record.series = self._ticker.points

    @contextmanager
    def _guarded(self, crew: Crew) -> Iterator[None]:
        """Whatever ends a crew early, its workers are gone afterwards and their counts are kept."""
        record = self._record
        with self._interrupts.deferred():
            try:
                yield
            finally:
                crew.stop()
                record.stacks += crew.hung
                record.last_call_ns = record.last_call_ns or monotonic_ns()
                record.measured_from_ns = crew.started_ns
                record.worker_ends = [member.epitaph() for member in crew.members]

    def _read_stats(self) -> None:
        """The parent's view of a cache that is one for the host."""
        facts = self._record.facts
        if facts is None or not facts.offers_stats:
            return
        try:
            self._record.host_stats = dict(self._target.get_cache_stats())
        except Exception as error:
            self._record.stats_failed = f"get_cache_stats() raised {type(error).__name__}"

    def _context(self, backend: Backend, stage: Stage | None, procs: int) -> Context:
        """What a target by hand is given; loads through it are counted on the stage's slab."""
        scenario = self._scenario
        index = {truth.tenant_id: truth.index for truth in backend.tenants}

        def note(tenant_id: str, started_ns: int, ended_ns: int) -> None:
            if stage is not None and tenant_id in index:
                note_load(stage.slab, index[tenant_id], started_ns, ended_ns)

        return Context(
            control_plane_url=backend.control_plane_url,
            encryption_key=backend.encryption_key,
            cache_ttl=scenario.cache_ttl_s,
            procs=procs,
            threads=scenario.threads,
            control_plane=ControlPlane(
                backend.control_plane_url, backend.encryption_key, note=note
            ),
        )

    def _program(self, *, counted: bool, steady_s: float) -> Program:
        scenario = self._scenario
        return Program(
            requests=scenario.requests,
            steady_ns=round(steady_s * NS) if scenario.duration_s is None or not counted else 0,
            warmup_passes=scenario.warmup_passes,
            warmup_by_time=scenario.warmup_s is not None,
            counted=counted,
        )

    def _job(
        self,
        stage: Stage,
        build: Callable[[], Any],
        facts: Facts,
        backend: Backend,
        program: Program,
        context: Context,
    ) -> Job:
        scenario = self._scenario
        return Job(
            stage=stage,
            build=build,
            facts=facts,
            truths=list(backend.tenants),
            program=program,
            sequence=keys.sequence(scenario.keys, len(backend.tenants), scenario.seed),
            control_plane=context.control_plane,
            redact=self._redact,
            after_fork=backend.after_fork_in_child,
            parent_pid=os.getpid(),
        )

    def _tell(self, point: SeriesPoint, length_s: float, violations: int) -> None:
        self._progress.interval(
            point.t_s,
            self._scenario.duration_s,
            point.requests / length_s if length_s else 0.0,
            point.hits / point.requests if point.requests and point.hits is not None else None,
            point.p99_ns,
            point.failed,
            violations,
        )

    def _close(self, close: Callable[[], Any]) -> None:
        """Clean up undisturbed by a first Ctrl-C; a failing close is told, not fatal."""
        with self._interrupts.deferred():
            try:
                close()
            except Exception as error:
                self._progress.line(f"closing raised {type(error).__name__}")


def execute(scenario: Scenario, output: Output) -> int:
    """Run, deliver every view that was asked for, and give the exit code."""
    progress = PlainProgress(None if output.quiet else sys.stderr)
    result = run(scenario, progress)
    progress.done(result.requests)
    deliver(result, output)
    return result.verdict.exit_code
