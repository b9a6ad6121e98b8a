"""What the checks of a history have in common: one tenant's events within one cache, by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from _timing.recorder import ERROR, NEGATIVE
from stress.load.ring import COMMIT, EVERY_TENANT, INVALIDATE, LOAD, RESOLVE
from stress.verify.checks.untested import NOT_PROVOKED
from stress.verify.evidence import Evidence
from stress.verify.history import Events

NS = 1_000_000_000
SLACK_NS = 5_000_000  # between a call's clock readings and what happened inside it


@dataclass(frozen=True)
class Strand:
    """One tenant in one cache: its answers, loads, invalidations, and the commits to its row.

    answers hold neither failures nor not-found; all are in the order of their starts.
    """

    tenant: int
    answers: Events
    loads: Events
    invalidations: Events
    commits: Events


def strands(evidence: Evidence) -> Iterator[Strand]:
    """Every tenant, once for the host, or once for each process that has a cache of its own."""
    history = evidence.history
    if history is None:
        return
    events = history.events
    processes: list[int | None] = [None]
    if evidence.scope == "process":
        processes = [int(process) for process in np.unique(events["process"])]
    for tenant in history.each_tenant():
        mine = events[(events["tenant"] == tenant) | (events["tenant"] == EVERY_TENANT)]
        commits = mine[mine["operation"] == COMMIT]
        for process in processes:
            own = mine if process is None else mine[mine["process"] == process]
            resolved = own[own["operation"] == RESOLVE]
            answered = (resolved["outcome"] != ERROR) & (resolved["outcome"] != NEGATIVE)
            yield Strand(
                tenant=tenant,
                answers=resolved[answered],
                loads=own[own["operation"] == LOAD],
                invalidations=own[own["operation"] == INVALIDATE],
                commits=commits,
            )


def unusable(evidence: Evidence) -> str | None:
    """Why the history of this run cannot carry a check; None where it can."""
    if evidence.history is None:
        return NOT_PROVOKED
    if evidence.history.dropped:
        return f"{evidence.history.dropped:,} events did not fit into the history"
    if not evidence.complete:
        return "the run did not end by itself"
    return None


def longest_load_ns(strand: Strand) -> int:
    """L: the longest load that was seen of this tenant."""
    loads = strand.loads
    return int((loads["end_ns"] - loads["start_ns"]).max()) if len(loads) else 0


def oldest_allowed_ns(evidence: Evidence, strand: Strand) -> int:
    """How old an answer may be: D + e where the TTL counts from the load's start, else L more."""
    allowed = round(evidence.cache_ttl_s * NS) + SLACK_NS
    return allowed if evidence.strict_ttl else allowed + longest_load_ns(strand)
