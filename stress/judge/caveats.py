"""The caveats of a run: a fact with its figure, its consequence, and a cure that can be typed.

Fired by the data of the run alone; what is true of every run is said once in the report instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stress.judge import doubts
from stress.judge.troubleshooting import (
    connections,
    low_hit_rate,
    not_expiring,
    slow_misses,
    wrong_answers,
)
from stress.report.result import Caveat, Result

MAX_CAVEATS = 5

Rule = Callable[[Result], Caveat | None]

# By id, the worst first: what makes calls fail or answer wrongly, what makes targets be missed,
# what was not judged, and doubts about figures.
FAILURES: dict[str, Rule] = {
    "shared_state": wrong_answers.shared_state,
    "connection_leak": connections.connection_leak,
    "pool_exhausted": connections.pool_exhausted,
    "wall_clock_ttl": not_expiring.wall_clock_ttl,
    "ttl_miscalculated": not_expiring.ttl_miscalculated,
}
SLOWNESS: dict[str, Rule] = {
    "ttl_too_short": low_hit_rate.ttl_too_short,
    "too_many_tenants": low_hit_rate.too_many_tenants,
    "not_warmed": low_hit_rate.not_warmed,
    "control_plane_slow": slow_misses.control_plane_slow,
    "network_latency": slow_misses.network_latency,
    "decryption_cost": slow_misses.decryption_cost,
}
BLIND: dict[str, Rule] = {"shared_database": wrong_answers.shared_database}
UNJUDGED: dict[str, Rule] = {
    "outcomes_unknown": doubts.outcomes_unknown,
    "loads_capped": doubts.loads_capped,
    "loads_uncapped": doubts.loads_uncapped,
}
FIGURES: dict[str, Rule] = {
    "idle_lanes": doubts.idle_lanes,
    "short_run": doubts.short_run,
    "gil_wait": doubts.gil_wait,
    "few_samples": doubts.few_samples,
    "few_loads": doubts.few_loads,
}
MACHINE: dict[str, Rule] = {
    "busy_machine": doubts.busy_machine,
    "oversubscribed": doubts.oversubscribed,
}
RULES = {**FAILURES, **BLIND, **SLOWNESS, **UNJUDGED, **FIGURES, **MACHINE}
# A phase provokes misses and waits on purpose: its hit rate and its pace say nothing.
PHASE_RULES = {**FAILURES, **BLIND, **MACHINE}
CAUSES = frozenset({**FAILURES, **BLIND, **SLOWNESS})
"""Ids of what explains a failure, rather than doubts a figure."""

_RANK = {name: rank for rank, name in enumerate(RULES)}


def find(result: Result) -> list[Caveat]:
    """The caveats that fire, the worst first, at most MAX_CAVEATS."""
    rules = PHASE_RULES if result.headline == "check" else RULES
    found = (rule(result) for rule in rules.values())
    return worst(caveat for caveat in found if caveat is not None)


def worst(caveats: Iterable[Caveat]) -> list[Caveat]:
    """Each id once, its first one, in the order of RULES, at most MAX_CAVEATS."""
    first: dict[str, Caveat] = {}
    for caveat in caveats:
        first.setdefault(caveat.id, caveat)
    ranked = sorted(first.values(), key=lambda caveat: _RANK.get(caveat.id, len(_RANK)))
    return ranked[:MAX_CAVEATS]
