"""One run, from Scenario to Result, and its delivery."""

from __future__ import annotations

import os
import sys

from stress.assemble import assemble
from stress.report.deliver import deliver
from stress.report.percentiles import with_percentiles
from stress.report.progress import Progress
from stress.report.result import Result
from stress.report.watching import choose
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
from stress.session import MakePhase, Session


def run(scenario: Scenario, progress: Progress, make_phase: MakePhase | None = None) -> Result:
    """Carry out one scenario. StressError where it cannot start; Ctrl-C: a partial Result."""
    with Session(scenario, progress) as session:
        record = session.measure(scenario, make_phase)
    return with_percentiles(assemble(record), scenario.percentiles)


def execute(scenario: Scenario, output: Output, make_phase: MakePhase | None = None) -> int:
    """Run, deliver every view that was asked for, and give the exit code."""
    progress = choose(sys.stderr, output, os.environ)
    result = run(scenario, progress, make_phase)
    progress.done(result.requests)
    deliver(result, output)
    return result.verdict.exit_code
