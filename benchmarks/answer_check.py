"""What it costs that every answer is checked and recorded: the drive loop against calls alone."""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from _timing import monotonic_ns
from _timing.drive import Lane, Plan
from _timing.recorder import COUNTED, Layout, Slab
from benchmarks.contest import Benchmark, Contender, Goal
from benchmarks.harness_overhead import READS, clock_reads
from benchmarks.resolve_hit import TENANTS, warm_resolver
from resolver import TenantResolver
from stress.target.answers import Answers, Record
from stress.target.places import Place

N = 20_000
MOST_NS = 60.0
"""The goal: what may come to each request beside the call itself."""


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    with warm_resolver() as resolver:
        yield iter((every_answer(resolver),))


def every_answer(resolver: TenantResolver) -> Benchmark:
    """Hits on ten tenants in turn. The calls alone are `map` drained in C."""
    ids = TENANTS * (N // len(TENANTS))
    bare = Contender(
        "the calls alone",
        lambda: deque(map(resolver.resolve, ids), maxlen=0),
        N,
        "neither timed nor checked nor counted",
    )
    return Benchmark(
        name="answer_check",
        case="one hit: timed, compared with the committed row, recorded",
        ours=Contender("drive loop with its judge", drive_loop(resolver), N),
        peers=(bare,),
        limit=Contender("two clock reads", clock_reads, READS // 2),
        goal=Goal(bare, MOST_NS, "ns"),
    )


def judge(load_cells: Any, ids: Sequence[str] = TENANTS) -> Answers:
    """The judge of a run over the tenants of `resolve_hit.fill`; what it finds wrong is raised."""

    def found(*what: Any) -> None:
        raise RuntimeError(f"an answer is not right: {what}")

    committed = [[Record(1, Place("127.0.0.1", 5432, one, one))] for one in ids]
    return Answers(ids, committed, load_cells, found, found)


def drive_loop(resolver: TenantResolver) -> Callable[[], None]:
    """A lane as a worker of `stress` runs it, told of our resolver's answers what a probe finds."""
    layout = Layout(1, 1, len(TENANTS))
    slab = Slab(mmap.mmap(-1, layout.size), layout)
    lane = Lane(slab, 0, 0)
    plan = Plan(
        resolver.resolve,
        TENANTS,
        judge(slab.load_cells),
        has_tenant_id=True,
        has_url=True,
        has_version=True,
        says_source=True,
        says_cache_hit=True,
    )
    keys = np.arange(len(TENANTS), dtype=np.int32)

    def run() -> None:
        done = lane.run(plan, COUNTED, keys, count=N, start_ns=monotonic_ns())
        if done != N:
            raise RuntimeError(f"the drive loop made {done} of {N} requests")

    return run
