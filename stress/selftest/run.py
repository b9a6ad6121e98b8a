"""Runs every case on one embedded server, and delivers the table."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TextIO

import msgspec

from stress.assemble import assemble
from stress.load.interrupts import Interrupted
from stress.report.files import STANDARD_OUTPUT, hand_over
from stress.report.page import look_of
from stress.report.progress import Progress
from stress.report.watching import choose
from stress.scenario.output import Output
from stress.scenario.phases import of_phase
from stress.scenario.scenario import Scenario
from stress.selftest.catalog import Case, wanted
from stress.selftest.outcome import Outcome, Run, exit_code, outcome, run_of
from stress.selftest.reference import LeasedCache
from stress.selftest.table import render
from stress.session import MakePhase, Session
from stress.verify.phases import prepare

PROCS, THREADS, TENANTS = 2, 4, 4
REQUESTS = 2000
TTL_S = 0.25
HANG_S = 0.5
"""A hung call ends a run when it is so much behind; no other case waits for it."""


@dataclass(frozen=True)
class Plan:
    """What `stress selftest` is to do. checks: only the defects of these; empty: all."""

    checks: tuple[str, ...] = ()
    repeat: int = 1
    seed: int = 1
    pg_bin: str | None = None


def run_all(plan: Plan, progress: Progress) -> tuple[list[Outcome], int, bool]:
    """Outcomes, how many cases were planned, and whether it was interrupted.

    Repetitions go round by round, so that whatever the machine does falls on all cases alike.
    """
    cases = wanted(plan.checks)
    runs: dict[Case, list[Run]] = {case: [] for case in cases}
    base = Scenario(
        procs=PROCS, threads=THREADS, tenants=TENANTS, seed=plan.seed, pg_bin=plan.pg_bin
    )
    total = len(cases) * plan.repeat
    interrupted = False
    with Session(base, progress, variables={}) as session:
        try:
            for number in range(total):
                case = cases[number % len(cases)]
                progress.part(f"{case.name} ({case.part})", number + 1, total)
                runs[case].append(_run(session, case, base))
        except Interrupted:  # in a measurement or between two of them
            interrupted = True
    done = [outcome(case, found) for case, found in runs.items() if found]
    return done, len(cases), interrupted


def execute(plan: Plan, output: Output) -> int:
    """Run, deliver the file and the table, and give the exit code."""
    begun = time.monotonic()
    progress = choose(sys.stderr, output, os.environ)
    outcomes, planned, interrupted = run_all(plan, progress)
    code = exit_code(outcomes, interrupted=interrupted)
    stream = sys.stdout
    if output.json is not None:
        stream = _write(outcomes, output.json)
    look = look_of(stream, output.color)
    stream.write(
        render(
            outcomes,
            planned=planned,
            seconds=time.monotonic() - begun,
            code=code,
            color=look.color,
            unicode=look.unicode,
            quiet=output.quiet,
        )
    )
    stream.flush()
    return code


def _run(session: Session, case: Case, base: Scenario) -> Run:
    """One measurement. Interrupted where it was."""
    begun = time.monotonic()
    scenario = scenario_of(case, base)
    session.aim(scenario)
    record = session.measure(scenario, _phase_of(case))
    if record.ending == "interrupted":
        raise Interrupted(record.ended_by or "a signal")
    return run_of(case, assemble(record), time.monotonic() - begun)


def scenario_of(case: Case, base: Scenario) -> Scenario:
    """The shortest run of its part in which the defect still shows every time."""
    # The verification alone has the part in which a worker is stopped.
    name = "verify" if case.part == "takeover" else case.part
    base = msgspec.structs.replace(base, name=name, target=case.target)
    if case.part == "heavy":
        return msgspec.structs.replace(base, requests=REQUESTS, steady_s=0.0, reference=False)
    if case.part == "expiry":
        base = msgspec.structs.replace(base, cache_ttl_s=TTL_S)
    scenario = of_phase(name, base)
    if case.check == "liveness" and case.part == "concurrent":
        scenario = msgspec.structs.replace(scenario, graceful_stop_s=HANG_S)
    return scenario


def _phase_of(case: Case) -> MakePhase | None:
    if case.part == "heavy":
        return None
    if case.part == "expiry":
        return prepare.expiry
    if case.part == "takeover":
        return lambda backend, scenario: replace(
            prepare.takeover(backend, scenario), lease_s=LeasedCache.LEASE_S
        )
    return lambda backend, scenario: replace(
        prepare.concurrent(backend, scenario), rounds=case.rounds
    )


def _write(outcomes: Sequence[Outcome], path: str) -> TextIO:
    """The list as a file, or on standard output; where the table goes then."""
    data = msgspec.json.format(msgspec.json.encode(list(outcomes)), indent=2) + b"\n"
    hand_over("--json", path, data)
    return sys.stderr if path == STANDARD_OUTPUT else sys.stdout
