"""Whether hits and misses of a target could be told apart, and its result where they could not.

The first that works: what the answer says, loads through the counted loader, statements seen on the
calling thread, the target's own counters. Else they are unknown: never a hit by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from stress.load import reports
from stress.load.stage import Stage
from stress.report.result import Cache, Cold, Latencies, PhaseResult, Reference, Result, Steady
from stress.target.protocol import Facts

Source = Literal["answer", "loader", "statements", "counters", "unknown"]
SEEN: frozenset[Source] = frozenset(("answer", "loader", "statements"))
UNKNOWN = "hits and misses of this target cannot be told apart"
TOLD_APART = ("hit", "miss", "wait")


def source_of(stage: Stage, facts: Facts | None) -> Source:
    """How hits and misses of a run were told apart."""
    if facts is not None and (facts.says_source or facts.says_cache_hit):
        return "answer"
    if int(stage.slab.load_cells["loads"].sum()):
        if facts is not None and facts.loads_by_statement and not facts.loads_through_context:
            return "statements"
        return "loader"
    own = set(facts.statistics) if facts is not None else set()
    return "counters" if {"hits", "misses"} <= own else "unknown"


def without(result: Result, stage: Stage, source: Source, per_process: bool) -> Result:
    """The result without what would be a guess; with the target's own counters where it has them.

    per_process: whether each worker has counters of its own.
    """
    hits, misses = _counted(stage, per_process) if source == "counters" else (None, None)
    total = result.requests.total
    cache = msgspec.structs.replace(
        _blank(result.cache),
        hits=hits,
        misses=misses,
        hit_rate=hits / total if hits is not None and total else None,
        source=source,
    )
    return msgspec.structs.replace(
        result,
        cache=cache,
        latency_ns=_kept(result.latency_ns),
        cold=_cold(result.cold),
        steady=_steady(result.steady),
        reference=_reference(result.reference),
        waiting=None,
        phases=[_phase(phase) for phase in result.phases],
    )


def _counted(stage: Stage, per_process: bool) -> tuple[int | None, int | None]:
    """Hits and misses of the measured part, by the counters before and after it."""
    found = [reports.counters(mailbox) for mailbox in stage.mailboxes]
    if not per_process:
        found = found[:1]
    if any(one is None for one in found) or not found:
        return None, None

    def grown(name: str) -> int | None:
        growth = [
            after[name] - before[name]
            for before, after in filter(None, found)
            if name in before and name in after
        ]
        return sum(growth) if len(growth) == len(found) else None

    return grown("hits"), grown("misses")


def _blank(cache: Cache) -> Cache:
    return msgspec.structs.replace(
        cache,
        hits=None,
        misses=None,
        waits=None,
        hit_rate=None,
        speedup=None,
        speedup_from=None,
        speedup_median=None,
    )


def _kept(latencies: Latencies) -> Latencies:
    return {key: one for key, one in latencies.items() if key not in TOLD_APART}


def _cold(cold: Cold | None) -> Cold | None:
    if cold is None:
        return None
    return msgspec.structs.replace(cold, loads=0, latency_ns=_kept(cold.latency_ns))


def _steady(steady: Steady | None) -> Steady | None:
    if steady is None:
        return None
    return msgspec.structs.replace(steady, hit_rate=None, latency_ns=_kept(steady.latency_ns))


def _reference(reference: Reference | None) -> Reference | None:
    steady = _steady(reference.steady) if reference is not None else None
    if reference is None or steady is None:
        return None
    return msgspec.structs.replace(reference, steady=steady)


def _phase(phase: PhaseResult) -> PhaseResult:
    return msgspec.structs.replace(
        phase,
        cache=None if phase.cache is None else _blank(phase.cache),
        latency_ns=_kept(phase.latency_ns),
    )


def ints(stats: Mapping[str, Any]) -> dict[str, int]:
    """The counters among a target's statistics."""
    return {key: value for key, value in stats.items() if type(value) is int}
