"""The commands that check rather than measure: their defaults, and their scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from stress.scenario import build
from stress.scenario.given import Given
from stress.scenario.profiles import Profile
from stress.scenario.scenario import Scenario

EXPIRY_TTL_S = 2.0
# A phase's lanes sleep between their calls; on a busy machine the last may be late.
GRACE_S = 20.0


@dataclass(frozen=True)
class PhaseDefaults:
    """A checking command. procs and threads per process unless given; one line for the help."""

    name: str
    procs: int
    threads: int
    summary: str


PHASES = {
    phase.name: phase
    for phase in (
        PhaseDefaults("expiry", 1, 10, "cache expiration, TTL 2 s"),
        PhaseDefaults("concurrent", 2, 20, "many tenants at once: thread safety and isolation"),
        PhaseDefaults("verify", 2, 20, "the whole checklist, each line PASS, FAIL or NOT TESTED"),
    )
}
OPTIONS = (
    "procs",
    "threads",
    "tenants",
    "seed",
    "cache_ttl",
    "target",
    "threshold",
    "no_thresholds",
    "json",
    "history",
    "quiet",
    "no_color",
    "pg_bin",
    "progress",
    "target_kind",
    "target_build",
    "target_method",
    "target_arg",
    "target_ttl",
    "target_scope",
    "target_release",
    "strict_ttl",
    "tenants_table",
    "max_connections",
    "max_loads",
    "allow_writes",
    "percentiles",
    "check",
    "budget",
)
"""The options of these commands, by name."""


def scenario(name: str, values: Mapping[str, Sequence[Given[Any]]]) -> Scenario:
    """The Scenario of a checking command from its options."""
    defaults = PHASES[name]
    base = build.scenario(Profile(name, 1, defaults.threads, defaults.summary), values)
    changes: dict[str, Any] = {}
    if not values.get("procs"):
        changes["procs"] = defaults.procs
    if name == "expiry" and not values.get("cache_ttl"):
        changes["cache_ttl_s"] = EXPIRY_TTL_S
    return of_phase(name, msgspec.structs.replace(base, **changes))


def of_phase(name: str, base: Scenario) -> Scenario:
    """`base` as the scenario of a phase: no part of a load profile; its time is the phase's."""
    return msgspec.structs.replace(
        base,
        name=name,
        requests=None,
        duration_s=None,
        steady_s=0.0,
        warmup_passes=0,
        warmup_s=None,
        reference=False,
        graceful_stop_s=max(base.graceful_stop_s, GRACE_S),
    )
