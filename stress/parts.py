"""The parts of a verification: what each of them provokes, how long it takes, its scenario."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from stress.scenario import thresholds
from stress.scenario.phases import EXPIRY_TTL_S, PHASES, of_phase
from stress.scenario.profiles import PROFILES
from stress.scenario.scenario import Scenario
from stress.session import MakePhase
from stress.verify.phases import prepare

# What every part sees, whatever it provokes.
SEEN = frozenset(
    ("isolation", "no_invention", "untorn", "counter_identity", "fork_safety", "connection_leak")
)


@dataclass(frozen=True)
class Part:
    """One profile or phase. provokes: checks that it alone can judge. seconds: about how long."""

    name: str
    make_phase: MakePhase | None
    provokes: frozenset[str]
    seconds: float


PARTS = (
    Part("light", None, frozenset(), 2.0),
    Part("medium", None, frozenset(), 2.0),
    Part("heavy", None, frozenset({"load_economy"}), 3.5),
    Part(
        "expiry",
        prepare.expiry,
        frozenset({"expiry", "no_early_expiry", "stale_connection"}),
        7.0,
    ),
    Part(
        "concurrent",
        prepare.concurrent,
        frozenset(
            {
                "read_after_invalidate",
                "bounded_staleness",
                "monotonic_reads",
                "single_flight",
                "clean_session",
            }
        ),
        5.0,
    ),
    Part("takeover", prepare.takeover, frozenset({"liveness"}), 6.0),
)


def wanted(checks: Collection[str]) -> list[Part]:
    """The parts that a verification of these checks needs; all where none is named."""
    if not checks:
        return list(PARTS)
    found = [part for part in PARTS if part.provokes & set(checks)]
    # What every part sees is best seen where overlaps are made.
    return found or [part for part in PARTS if part.name == "concurrent"]


def scenario_of(name: str, scenario: Scenario) -> Scenario:
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
            thresholds=thresholds.merge(_built_in(name, scenario), _own(scenario)),
        )
    own = thresholds.merge(thresholds.built_in(name), ())
    if name == "expiry":
        scenario = msgspec.structs.replace(
            scenario, cache_ttl_s=EXPIRY_TTL_S, threads=PHASES["expiry"].threads
        )
    # The verification alone has that part: what reproduces it is the verification.
    name = name if name in PHASES else "verify"
    return of_phase(name, msgspec.structs.replace(scenario, thresholds=own))


def _built_in(name: str, scenario: Scenario) -> Sequence[thresholds.Threshold]:
    """Where checks are named, what was asked for is those and not the speed."""
    found = thresholds.built_in(name)
    return thresholds.only_isolation(found) if scenario.checks else found


def _own(scenario: Scenario) -> list[thresholds.Threshold]:
    """The user's thresholds: they are judged in each of the load profiles."""
    return [threshold for threshold in scenario.thresholds if not threshold.built_in]
