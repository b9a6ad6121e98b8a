"""From the record of a run to the evidence of its checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from _timing.recorder import CHECK, COLD, COUNTED, LEAD_IN, STEADY, WARMUP
from stress.load import reports
from stress.load.figures import NS, tally
from stress.load.ring import EVERY_TENANT, INVALIDATE
from stress.load.stage import Stage
from stress.record import Record
from stress.scenario.command import command_of
from stress.scenario.scenario import Scenario
from stress.target.context import DEFAULT_LEASE_S
from stress.target.protocol import Facts
from stress.verify.evidence import Calls, Evidence
from stress.verify.history import History, read

NO_FACTS = Facts(kind="by-hand", answer_type="unknown", ttl_s=0.0, ttl_given=True)


def collect(record: Record, stage: Stage, *, told_apart: bool) -> Evidence:
    """Sum what the lanes counted, and read what the workers posted.

    told_apart: whether hits and misses could be.
    """
    every = [tally(stage.slab, role) for role in (COLD, WARMUP, COUNTED, LEAD_IN, STEADY, CHECK)]
    cold = reports.cold_report(stage)
    unknown = cold.unknown_calls if cold is not None else 0
    proofs = reports.proofs(stage)
    borrowed = reports.borrowed(stage)
    history = read(stage) if stage.records else None
    calls = Calls(
        hits=sum(t.hits for t in every),
        misses=sum(t.misses for t in every),
        waits=sum(t.waits for t in every),
        negatives=sum(t.negatives for t in every) + unknown,
        failed=sum(t.failed for t in every),
        unfinished=sum(t.unfinished for t in every),
        connects=len(proofs)
        + len(borrowed)
        + (len(cold.connects_ns) + cold.failed_connects if cold is not None else 0)
        + _operations_that_resolve(stage, record.facts),
    )
    facts = record.facts or NO_FACTS
    scope = facts.scope or _scope(stage)
    summed = reports.summed_stats(stage)
    stats = summed if scope == "process" else record.host_stats
    seen = int(stage.slab.load_cells["loads"].sum())
    reference = record.reference.tallies() if record.reference is not None else []
    return Evidence(
        facts=facts,
        scope=scope,
        procs=max(1, len(record.pids)),
        tenants=len(record.tenant_ids),
        cache_ttl_s=record.scenario.cache_ttl_s if facts.ttl_given else facts.ttl_s or 0.0,
        ttl_known=facts.ttl_s is not None,
        told_apart=told_apart,
        answers=sum(t.successful - t.negatives for t in every),
        wrong=sum(t.wrong for t in every),
        invented=sum(t.invented for t in every),
        torn=sum(t.torn for t in every),
        calls=calls,
        loads=_loads(stats, seen, calls, record.facts),
        lifetime_s=max(0, record.last_call_ns - record.target_built_ns) / NS,
        reproduce=_reproduce(record.scenario),
        reference_wrong=sum(t.wrong for t in reference),
        unknown_calls=unknown,
        failed_connects=(cold.failed_connects if cold is not None else 0)
        + sum(proof.right is None for proof in proofs)
        + sum(one.right is None for one in borrowed),
        takeovers=_count(stats, "takeovers"),
        stats=stats,
        stats_failed=record.stats_failed,
        violations=reports.violations(stage),
        proofs=proofs,
        sessions=record.sessions,
        scope_stated=facts.scope is not None or "scope" in (reports.first_stats(stage) or {}),
        worker_stats=summed,
        complete=record.ending == "finished",
        history=history,
        borrowed=borrowed,
        strict_ttl=record.scenario.target is None or record.scenario.strict_ttl,
        jitter=_jitter(stats),
        rotated=frozenset(getattr(record.phase, "rotated", ())),
        stops=bool(getattr(record.phase, "stops", False)),
        lease_s=_lease_s(stats),
        invalidated=_invalidated(history, len(record.tenant_ids)),
        tenant_ids=tuple(record.tenant_ids),
        shared=tuple(tuple(together) for together in record.shared),
    )


def _reproduce(scenario: Scenario) -> str:
    """The run's command for any check; the seed stands there even where it is the default one."""
    command = command_of(msgspec.to_builtins(scenario), checks=())
    seed = f" --seed {scenario.seed}"
    return command if seed in command else command + seed


def _operations_that_resolve(stage: Stage, facts: Facts | None) -> int:
    """Connections of the operation `query` that were a call of the target each."""
    if facts is None or facts.answer_connects:
        return 0
    return sum(times.attempts for times in stage.operations)


def _scope(stage: Stage) -> str:
    told = reports.first_stats(stage) or {}
    return "process" if told.get("scope") == "process" else "host"


def _loads(
    stats: Mapping[str, Any] | None, seen: int, calls: Calls, facts: Facts | None
) -> int | None:
    """Loads as the counted loader saw them, else the target's count, else its misses."""
    if seen:
        return seen
    if stats is not None and isinstance(stats.get("loads"), int):
        return int(stats["loads"])
    says = facts is not None and (facts.says_source or facts.says_cache_hit)
    return calls.misses if says else None


def _jitter(stats: Mapping[str, Any] | None) -> float | None:
    """The jitter that the target states, as a share of the TTL."""
    value = (stats or {}).get("jitter")
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1 else None


def _lease_s(stats: Mapping[str, Any] | None) -> float:
    """The lease that the target states, else the one it was given."""
    value = (stats or {}).get("lease")
    return float(value) if isinstance(value, (int, float)) and value > 0 else DEFAULT_LEASE_S


def _invalidated(history: History | None, tenants: int) -> int:
    """How many tenants' entries the phase's invalidations may have removed."""
    if history is None:
        return 0
    of = history.of(INVALIDATE)["tenant"]
    return int((of >= 0).sum() + tenants * (of == EVERY_TENANT).sum())


def _count(stats: Mapping[str, Any] | None, key: str) -> int:
    value = (stats or {}).get(key, 0)
    return value if isinstance(value, int) else 0
