"""A history cut into strands: one tenant's events within one cache, by time.

Sorted once by tenant, process and operation; a strand then is made of slices. O(n log n) for any
number of tenants, and shared by all checks of a history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from _timing.recorder import ERROR, NEGATIVE
from stress.load.ring import COMMIT, EVERY_TENANT, INVALIDATE, LOAD, RESOLVE
from stress.verify.history import Events, History


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


def cut(history: History, *, by_process: bool) -> tuple[Strand, ...]:
    """Every tenant that has events, once for the host, or once for each process of the history."""
    if by_process not in history.strands:
        history.strands[by_process] = tuple(_cut(history.events, by_process))
    return history.strands[by_process]


def _cut(events: Events, by_process: bool) -> Iterator[Strand]:
    every = events[events["tenant"] == EVERY_TENANT]
    groups = np.zeros(len(events), np.int64)
    processes: list[int | None] = [None]
    if by_process:
        processes = [int(process) for process in np.unique(events["process"])]
        groups = events["process"].astype(np.int64)
    # One stable sort: the order of the starts stays within every operation of every cache.
    keys = (events["tenant"].astype(np.int64) << 32) + (groups << 8) + events["operation"]
    order = np.argsort(keys, kind="stable")
    sorted_keys, ordered = keys[order], events[order]
    for tenant in np.unique(events["tenant"]).tolist():
        if tenant == EVERY_TENANT:
            continue

        def slice_of(group: int, operation: int, tenant: int = tenant) -> Events:
            key = (tenant << 32) + (group << 8) + operation
            first, last = np.searchsorted(sorted_keys, (key, key + 1))
            found: Events = ordered[first:last]
            return found

        commits = _by_start([slice_of(group or 0, COMMIT) for group in processes])
        for group in processes:
            answers = slice_of(group or 0, RESOLVE)
            answered = (answers["outcome"] != ERROR) & (answers["outcome"] != NEGATIVE)
            invalidations = slice_of(group or 0, INVALIDATE)
            if len(every):
                mine = every if group is None else every[every["process"] == group]
                invalidations = _by_start([invalidations, mine])
            yield Strand(
                tenant=tenant,
                answers=answers if answered.all() else answers[answered],
                loads=slice_of(group or 0, LOAD),
                invalidations=invalidations,
                commits=commits,
            )


def _by_start(parts: list[Events]) -> Events:
    """These events together, in the order of their starts."""
    full = [part for part in parts if len(part)]
    if len(full) < 2:
        return full[0] if full else parts[0]
    together = np.concatenate(full)
    found: Events = together[np.argsort(together["start_ns"], kind="stable")]
    return found
