"""How a target is understood, without any load: what the probe found, and what cannot be tested."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from stress.ground import find
from stress.load.interrupts import Interrupts
from stress.load.outcomes import UNKNOWN
from stress.scenario.command import told_target
from stress.scenario.metrics import CHECK_IDS
from stress.scenario.scenario import Scenario
from stress.subject import Subject
from stress.target.kinds import TOLD
from stress.target.protocol import Facts
from stress.verify.catalog import CHECKS, NEED_TTL

NOT_BUILT = "no phase provokes it yet"


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """rows: what is known, as (label, text). untested: by check id the reason and the cure."""

    target: str
    rows: list[tuple[str, str]]
    untested: dict[str, tuple[str, str]]
    facts: Facts


def inspect(scenario: Scenario, progress: Callable[[str], None]) -> Inspection:
    """Start the backend, build the target once in a child, and resolve one tenant twice.

    TargetError, UsageError or BackendError in one line.
    """
    subject = Subject(scenario)
    subject.locate()
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts(progress, lambda: None))
        ground = find(scenario, os.environ, progress)
        stack.callback(ground.close)
        facts = subject.open(ground, interrupts, stack)
    return Inspection(
        target="our resolver" if scenario.target is None else told_target(scenario.target),
        rows=_rows(facts, scenario),
        untested=_untested(facts, ours=scenario.target is None),
        facts=facts,
    )


def _rows(facts: Facts, scenario: Scenario) -> list[tuple[str, str]]:
    where = {
        "parent": "once, in the parent, before the workers fork",
        "worker": "in each worker, after the fork",
    }
    rows = [("taken", TOLD[facts.kind]), ("built", where[facts.build])]
    given = [f"{name}: {source}" for name, source in facts.parameters.items()]
    if given:
        rows.append(("parameters", "; ".join(given)))
    rows.append(("method", f"{facts.method}(tenant_id)"))
    rows.append(("answer", _answer(facts)))
    rows.append(("hit or miss", _outcomes(facts)))
    ttl = "not known" if facts.ttl_s is None else f"{facts.ttl_s:g} s, by {facts.ttl_from}"
    rows.append(("TTL", ttl))
    rows.append(("scope", _scope(facts, scenario)))
    optional = [
        ("invalidate_cache()", facts.offers_invalidate),
        ("get_cache_stats()", facts.offers_stats),
        ("close()", facts.offers_close),
        ("after_fork()", facts.offers_after_fork),
    ]
    rows.append(("offers", ", ".join(name for name, there in optional if there) or "nothing more"))
    if facts.statistics:
        rows.append(("its counters", ", ".join(facts.statistics)))
    return rows


def _answer(facts: Facts) -> str:
    if facts.failure is not None:
        return f"resolve raised {facts.failure}"
    named = [
        word
        for word, there in (
            ("the tenant", facts.has_tenant_id),
            ("the database", facts.has_url),
            ("the version", facts.has_version),
        )
        if there
    ]
    told = f"{facts.answer_type}, read as {facts.answer_form}: names {' and '.join(named)}"
    return told + ("; connections can be had of it" if facts.answer_connects else "")


def _outcomes(facts: Facts) -> str:
    if facts.says_source or facts.says_cache_hit:
        return "the answer says it"
    if facts.loads_through_context:
        return "by loads through the counted loader"
    if facts.loads_by_statement:
        return "by statements to the control plane on the calling thread"
    if {"hits", "misses"} <= set(facts.statistics):
        return "by its own counters"
    return "unknown: no load was seen, and nothing says it"


def _scope(facts: Facts, scenario: Scenario) -> str:
    if scenario.target_scope is not None:
        return f"{scenario.target_scope}, by --target-scope"
    if facts.scope is not None:
        return f"{facts.scope}, by its statistics"
    return "not stated: judged as one cache for the host"


def _untested(facts: Facts, *, ours: bool) -> dict[str, tuple[str, str]]:
    """For each check what the target lacks for it; empty where it can be tested."""
    # Ours is listened to in checking phases alone, not by the probe.
    seen = ours or facts.loads_through_context or facts.loads_by_statement
    says = facts.says_source or facts.says_cache_hit
    found: dict[str, tuple[str, str]] = {}
    for check_id in CHECK_IDS:
        if check_id not in CHECKS:
            found[check_id] = (NOT_BUILT, "")
        elif check_id in _CONNECTIONS and not facts.connects:
            found[check_id] = ("its answers offer no connection", "answer with what has connect()")
        elif check_id == "connection_leak" and not facts.offers_close:
            found[check_id] = ("its pools cannot be drained", "give it close()")
        elif check_id == "read_after_invalidate" and not facts.offers_invalidate:
            found[check_id] = ("it cannot invalidate", "give it invalidate_cache(tenant_id=None)")
        elif check_id in NEED_TTL and facts.ttl_s is None:
            found[check_id] = ("its TTL is not known", "--target-ttl 300s")
        elif check_id in _LOADS and not seen:
            found[check_id] = ("its loads are not seen", "load in the calling thread")
        elif check_id == "counter_identity" and not facts.offers_stats:
            found[check_id] = ("it has no statistics", "give it get_cache_stats()")
        elif check_id == "counter_identity" and not (seen or says or _sums(facts)):
            found[check_id] = (UNKNOWN, "give its statistics requests")
        elif check_id == "counter_identity" and not _sums(facts):
            found[check_id] = ("its statistics count no calls", "give them requests or hits")
    return found


def _sums(facts: Facts) -> bool:
    return "requests" in facts.statistics or "hits" in facts.statistics


_CONNECTIONS = ("connection_leak", "fork_safety", "stale_connection", "clean_session")
_LOADS = ("load_economy", "single_flight", "expiry", "no_early_expiry")
