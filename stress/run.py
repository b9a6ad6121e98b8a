"""One run, from Scenario to Result, and its delivery."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from _timing.recorder import OUTCOMES
from stress.assemble import assemble
from stress.load import ring
from stress.load.stage import Stage
from stress.record import Record
from stress.report.deliver import deliver
from stress.report.history_file import Recorded
from stress.report.percentiles import with_percentiles
from stress.report.progress import Progress
from stress.report.result import Result
from stress.report.watching import choose
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
from stress.session import MakePhase, Session
from stress.verify.history import read

OPERATIONS = {
    ring.RESOLVE: "resolve",
    ring.LOAD: "load",
    ring.INVALIDATE: "invalidate",
    ring.COMMIT: "commit",
    ring.BORROW: "borrow",
    ring.STOP: "stop",
}
VERSIONED = (ring.RESOLVE, ring.COMMIT, ring.BORROW)

Keep = Callable[[Record], None]
"""Takes what a measurement left behind, before its result is made."""


def run(
    scenario: Scenario,
    progress: Progress,
    make_phase: MakePhase | None = None,
    keep: Keep = lambda _: None,
) -> Result:
    """Carry out one scenario. StressError where it cannot start; Ctrl-C: a partial Result."""
    with Session(scenario, progress) as session:
        record = session.measure(scenario, make_phase)
    keep(record)
    return with_percentiles(assemble(record), scenario.percentiles)


def execute(scenario: Scenario, output: Output, make_phase: MakePhase | None = None) -> int:
    """Run, deliver every view that was asked for, and give the exit code."""
    progress = choose(sys.stderr, output, os.environ)
    histories: list[Recorded] = []
    result = run(scenario, progress, make_phase, keeper(output, histories))
    progress.done(result.requests)
    deliver(result, output, histories)
    return result.verdict.exit_code


def keeper(output: Output, histories: list[Recorded]) -> Keep:
    """What keeps the recorded calls of each part where `--history` asks for them."""

    def keep(record: Record) -> None:
        if output.history is not None and record.stage is not None and record.stage.records:
            histories.append(_recorded(record, record.stage))

    return keep


def _recorded(record: Record, stage: Stage) -> Recorded:
    return Recorded(
        part=record.phase.name if record.phase is not None else record.scenario.name,
        start_ns=record.measured_from_ns,
        events=read(stage).events,
        tenant_ids=record.tenant_ids,
        pids=record.pids,
        operations=OPERATIONS,
        outcomes=dict(enumerate(OUTCOMES)),
        versioned=VERSIONED,
        answered=ring.RESOLVE,
    )
