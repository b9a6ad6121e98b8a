"""What the checks of a history have in common: its strands, and how old an answer may be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stress.verify.checks.untested import NOT_PROVOKED
from stress.verify.evidence import Evidence
from stress.verify.strands import Strand, cut

NS = 1_000_000_000
SLACK_NS = 5_000_000  # between a call's clock readings and what happened inside it


def strands(evidence: Evidence) -> Sequence[Strand]:
    """Every tenant, once for the host, or once for each process that has a cache of its own."""
    if evidence.history is None:
        return ()
    return cut(evidence.history, by_process=evidence.scope == "process")


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


def overlapping(
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    since: npt.NDArray[np.int64],
    until: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Which spans [since, until] have a point in common with any of the spans [starts, ends].

    starts: in ascending order, their ends in any.
    """
    if not len(starts):
        return np.zeros(len(since), bool)
    latest = np.maximum.accumulate(ends)
    at = np.searchsorted(starts, until, side="right") - 1
    found: npt.NDArray[np.bool_] = (at >= 0) & (latest[np.maximum(at, 0)] >= since)
    return found


def uncaused(strand: Strand) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """From each load to the next: how long the first one's entry lived, in nanoseconds, and whether
    no invalidation explains the second."""
    loads, invalidations = strand.loads, strand.invalidations
    # The TTL may count from any moment since the call began: the longest life is what counts.
    called, ended = loads["version"][:-1], loads["end_ns"][1:]
    gaps = loads["start_ns"][1:] - called
    # An invalidation ends the life of what was loaded, or was being loaded, before it returned.
    caused = overlapping(invalidations["start_ns"], invalidations["end_ns"], called, ended)
    return gaps, ~caused
