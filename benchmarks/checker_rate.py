"""Judging a history: every check that sweeps one, over a million events of a checking phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.contest import Benchmark, Contender
from stress.load.ring import COMMIT, INVALIDATE, LOAD, RESOLVE
from stress.target.protocol import Facts
from stress.verify.catalog import CHECKS
from stress.verify.evidence import Calls, Evidence
from stress.verify.history import HISTORY_DTYPE, History, made_of

N = 1_000_000
PERIOD = 100  # events from one change of a tenant to the next
STEP_NS = 1_000  # between two events of the history
SWEEPS = (
    "bounded_staleness",
    "read_after_invalidate",
    "monotonic_reads",
    "single_flight",
    "expiry",
    "no_early_expiry",
)
# Peers that answer the same question on such a history (linearizability checkers) are exponential
# in the number of calls that overlap: there is nothing to put beside these.


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    yield iter(
        (
            sweeping("1,000,000 events of 100 tenants, six checks", 100),
            sweeping("1,000,000 events of 1,000 tenants, six checks", 1_000),
        )
    )


def sweeping(case: str, tenants: int) -> Benchmark:
    """All checks of a history, its cutting into strands included; the limit sorts it once."""
    evidence = clean(tenants)
    assert evidence.history is not None
    events = evidence.history.events

    def run() -> None:
        # What a history was cut into is kept with it: each round cuts it anew.
        fresh = replace(evidence, history=History(events, tenants))
        for check_id in SWEEPS:
            if CHECKS[check_id](fresh).violations:
                raise RuntimeError(f"{check_id} alarms on a clean history")

    return Benchmark(
        name="checker_rate",
        case=case,
        ours=Contender("six checks together, an event", run, N),
        peers=(),
        limit=Contender("sorting the history by tenant", sorting(events), N),
    )


def sorting(events: np.ndarray[Any, Any]) -> Callable[[], object]:
    """What no check of single tenants can do without."""
    return lambda: events[np.argsort(events["tenant"], kind="stable")]


def clean(tenants: int) -> Evidence:
    """A history without a violation: each tenant is changed, invalidated, loaded, then asked."""
    events = np.zeros(N, HISTORY_DTYPE)
    position = np.arange(N)
    turn = position // tenants
    events["tenant"] = position % tenants
    events["start_ns"] = position * STEP_NS
    # Over before the same tenant's next event begins.
    events["end_ns"] = events["start_ns"] + tenants * STEP_NS // 2
    events["version"] = turn // PERIOD + 1
    events["operation"] = RESOLVE
    events["process"], events["thread"] = position % 4, position % 7
    for step, operation in enumerate((COMMIT, INVALIDATE, LOAD)):
        events["operation"][turn % PERIOD == step] = operation
    loads = events["operation"] == LOAD
    events["version"][loads] = events["start_ns"][loads]
    # A call that met a load, for single_flight to have something to judge.
    met = turn % PERIOD == len((COMMIT, INVALIDATE, LOAD))
    events["start_ns"][met] -= tenants * STEP_NS * 3 // 4
    return Evidence(
        facts=Facts(kind="by hand", answer_type="Answer", offers_invalidate=True),
        scope="host",
        procs=4,
        tenants=tenants,
        cache_ttl_s=PERIOD * tenants * STEP_NS / 1e9,
        answers=N,
        wrong=0,
        invented=0,
        torn=0,
        calls=Calls(),
        loads=None,
        lifetime_s=N * STEP_NS / 1e9,
        reproduce="",
        history=made_of([events], tenants),
        strict_ttl=False,
    )
