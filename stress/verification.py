"""The whole verification: three load profiles and two checking phases, on one backend."""

from __future__ import annotations

import os
import sys

import msgspec

from stress.assemble import assemble
from stress.judge.combine import combine
from stress.report.deliver import deliver
from stress.report.percentiles import with_percentiles
from stress.report.progress import Progress
from stress.report.result import Result
from stress.report.watching import choose
from stress.scenario import thresholds
from stress.scenario.output import Output
from stress.scenario.phases import EXPIRY_TTL_S, PHASES, of_phase
from stress.scenario.profiles import PROFILES
from stress.scenario.scenario import Scenario
from stress.session import MakePhase, Session
from stress.verify.phases import prepare

PARTS: tuple[tuple[str, MakePhase | None], ...] = (
    ("light", None),
    ("medium", None),
    ("heavy", None),
    ("expiry", prepare.expiry),
    ("concurrent", prepare.concurrent),
)


def verify(scenario: Scenario, progress: Progress) -> Result:
    """Carry out every part; an early end of one ends the whole, and what there is is reported."""
    results: dict[str, Result] = {}
    with Session(scenario, progress) as session:
        for number, (name, make_phase) in enumerate(PARTS, 1):
            progress.part(name, number, len(PARTS))
            record = session.measure(_part(name, scenario), make_phase)
            results[name] = assemble(record)
            if record.ending != "finished":
                break
    whole = combine(results, record.ending, record.ended_by)
    return with_percentiles(whole, scenario.percentiles)


def execute(scenario: Scenario, output: Output) -> int:
    """Verify, deliver every view that was asked for, and give the exit code."""
    progress = choose(sys.stderr, output, os.environ)
    result = verify(scenario, progress)
    deliver(result, output)
    return result.verdict.exit_code


def _part(name: str, scenario: Scenario) -> Scenario:
    """The scenario of one part, with the options of the whole."""
    if name in PROFILES:
        profile = PROFILES[name]
        default = Scenario()
        return msgspec.structs.replace(
            scenario,
            name=name,
            threads=profile.threads,
            requests=profile.requests,
            duration_s=None,
            steady_s=default.steady_s,
            warmup_passes=default.warmup_passes,
            reference=name == "heavy",
            graceful_stop_s=default.graceful_stop_s,
            thresholds=thresholds.merge(thresholds.built_in(name), _own(scenario)),
        )
    own = thresholds.merge(thresholds.built_in(name), ())
    if name == "expiry":
        scenario = msgspec.structs.replace(
            scenario, cache_ttl_s=EXPIRY_TTL_S, threads=PHASES["expiry"].threads
        )
    return of_phase(name, msgspec.structs.replace(scenario, thresholds=own))


def _own(scenario: Scenario) -> list[thresholds.Threshold]:
    """The user's thresholds: they are judged in each of the load profiles."""
    return [threshold for threshold in scenario.thresholds if not threshold.built_in]
