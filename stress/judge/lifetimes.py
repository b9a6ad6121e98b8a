"""How long entries lived, read from the history of a checking phase."""

from __future__ import annotations

import numpy as np

from stress.report.result import Lifetimes
from stress.verify.checks.sweep import NS, strands, unusable
from stress.verify.evidence import Evidence


def lifetimes(evidence: Evidence) -> Lifetimes | None:
    """From one load of a tenant to the next; None where the history is missing or has gaps.

    A pair of loads with an invalidation anywhere between their starts is left out: it is not the
    TTL that ended that life.
    """
    if unusable(evidence) is not None:
        return None
    lives: list[int] = []
    alive = 0
    for strand in strands(evidence):
        starts = strand.loads["start_ns"]
        if not len(starts):
            continue
        ended = np.sort(strand.invalidations["start_ns"])
        before = np.searchsorted(ended, starts)
        free = before[1:] == before[:-1]
        lives += np.diff(starts)[free].tolist()
        later = strand.answers["start_ns"][strand.answers["start_ns"] > starts[-1]]
        if len(later) and before[-1] == len(ended):
            alive = max(alive, int(later[-1] - starts[-1]))
    found = sorted(lives)
    return Lifetimes(
        reloads=len(found),
        shortest_s=found[0] / NS if found else None,
        median_s=float(np.median(found)) / NS if found else None,
        longest_s=found[-1] / NS if found else None,
        spread_s=float(np.subtract(*np.percentile(found, [75, 25]))) / NS if found else None,
        alive_s=alive / NS if alive else None,
    )
