"""Every call of a checking phase, from all lanes, on one clock.

Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a host share: histories merge
without skew. Checks compare intervals [start, end], so that legal concurrency is never reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from stress.load.ring import EVENT_DTYPE
from stress.load.stage import Stage

HISTORY_DTYPE = np.dtype([*EVENT_DTYPE.descr, ("process", "i4"), ("thread", "i4")])

Events = npt.NDArray[np.void]


@dataclass(frozen=True)
class History:
    """events: HISTORY_DTYPE, by their starts. dropped: events that did not fit into a ring."""

    events: Events
    tenants: int
    dropped: int = 0
    strands: dict[bool, tuple[Any, ...]] = field(default_factory=dict, repr=False, compare=False)
    """What `strands.cut` has made of it already, whole and by process."""

    def of(self, operation: int) -> Events:
        """The events of one operation."""
        found: Events = self.events[self.events["operation"] == operation]
        return found


def read(stage: Stage) -> History:
    """Merge the rings of a stage."""
    parts = []
    for position, ring in enumerate(stage.rings):
        events = ring.events()
        merged = np.empty(len(events), HISTORY_DTYPE)
        for name in EVENT_DTYPE.names or ():
            merged[name] = events[name]
        merged["process"] = position // stage.threads
        merged["thread"] = position % stage.threads
        parts.append(merged)
    return made_of(parts, stage.tenants, sum(ring.dropped for ring in stage.rings))


def made_of(parts: Sequence[Events], tenants: int, dropped: int = 0) -> History:
    """A History of these events, in the order of their starts."""
    events = np.concatenate(parts) if parts else np.empty(0, HISTORY_DTYPE)
    return History(events[np.argsort(events["start_ns"], kind="stable")], tenants, dropped)
