"""The whole verification: three load profiles and three checking phases, on one backend."""

from __future__ import annotations

import math
import os
import sys
import time

import msgspec

from stress.assemble import assemble
from stress.judge.combine import combine
from stress.parts import scenario_of, wanted
from stress.report.deliver import deliver
from stress.report.history_file import Recorded
from stress.report.percentiles import with_percentiles
from stress.report.progress import Progress
from stress.report.result import Caveat, Result
from stress.report.watching import choose
from stress.run import Keep, keeper
from stress.scenario.command import command_of
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
from stress.scenario.units import duration_text
from stress.session import Session


def verify(scenario: Scenario, progress: Progress, keep: Keep = lambda _: None) -> Result:
    """Carry out every part; an early end of one ends the whole, and what there is is reported.

    keep takes the record of each part.
    """
    results: dict[str, Result] = {}
    left_out: list[str] = []
    parts = wanted(scenario.checks)
    begun = time.monotonic()
    with Session(scenario, progress) as session:
        for number, part in enumerate(parts, 1):
            left_s = (scenario.budget_s or math.inf) - (time.monotonic() - begun)
            if results and part.seconds > left_s:
                left_out.append(part.name)
                continue
            progress.part(part.name, number, len(parts))
            record = session.measure(scenario_of(part.name, scenario), part.make_phase)
            keep(record)
            results[part.name] = assemble(record)
            if record.ending != "finished":
                break
    whole = combine(results, record.ending, record.ended_by)
    caveats = [*_budget_spent(scenario, left_out), *whole.caveats]
    whole = msgspec.structs.replace(whole, caveats=caveats)
    return with_percentiles(whole, scenario.percentiles)


def _budget_spent(scenario: Scenario, left_out: list[str]) -> list[Caveat]:
    """Parts that were not run, and so their lines NOT TESTED."""
    if not left_out or scenario.budget_s is None:
        return []
    unlimited = msgspec.structs.replace(scenario, budget_s=None)
    return [
        Caveat(
            id="budget_spent",
            message=f"--budget {duration_text(scenario.budget_s)} left no time for "
            f"{', '.join(left_out)}: what they test is NOT TESTED.",
            cure=command_of(msgspec.to_builtins(unlimited)),
        )
    ]


def execute(scenario: Scenario, output: Output) -> int:
    """Verify, deliver every view that was asked for, and give the exit code."""
    progress = choose(sys.stderr, output, os.environ)
    histories: list[Recorded] = []
    result = verify(scenario, progress, keeper(output, histories))
    deliver(result, output, histories)
    return result.verdict.exit_code
