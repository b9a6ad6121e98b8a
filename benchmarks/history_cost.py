"""What it costs that a checking phase records every call: its closed loop with and without."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _timing.drive import Lane
from benchmarks.answer_check import judge
from benchmarks.contest import Benchmark, Contender, Goal
from benchmarks.resolve_hit import TENANTS, warm_resolver
from resolver import TenantResolver
from stress.load.actor import Actor
from stress.load.findings import Findings
from stress.load.ring import RESOLVE, Ring, ring_bytes
from stress.load.stage import Stage
from stress.redact import Redactor
from stress.target.loads import LoadWatch
from stress.target.protocol import Facts

N = 2_000
MOST_PERCENT = 15.0
"""The goal: how much of the closed loop's throughput recording may take."""


class NoRing(Ring):
    """Records nothing."""

    def append(self, *_: Any, **__: Any) -> None:
        """Forget it."""


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    with warm_resolver() as resolver, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        watch = LoadWatch(f"sqlite:///{Path(folder) / 'none.db'}", "tenants")
        yield iter((recording(resolver, watch),))


def recording(resolver: TenantResolver, watch: LoadWatch) -> Benchmark:
    """One lane of a phase over our resolver, hits on ten tenants; each answer is compared in full,
    as a phase does."""
    memory = memoryview(mmap.mmap(-1, ring_bytes(N)))

    def fresh() -> Ring:
        memory[:16] = bytes(16)  # count and dropped
        return Ring(memory)

    off = Contender(
        "history off",
        lane(resolver, watch, lambda: NoRing(memory)),
        N,
        "the same lane and judge; what it called is kept nowhere",
    )
    return Benchmark(
        name="history_cost",
        case="one call of a checking phase",
        ours=Contender("history on", lane(resolver, watch, fresh), N),
        peers=(off,),
        limit=Contender("writing one event", writing(fresh), N),
        goal=Goal(off, MOST_PERCENT, "%"),
    )


def lane(
    resolver: TenantResolver, watch: LoadWatch, ring: Callable[[], Ring]
) -> Callable[[], None]:
    """An actor that asks for one tenant after the other."""
    stage = Stage(1, 1, len(TENANTS))
    its = Lane(stage.slab, 0, 0)
    facts = Facts(kind="by hand", answer_type="ResolvedTenant")
    findings = Findings(stage.mailboxes[0], TENANTS, Redactor(()))

    def run() -> None:
        answers = judge(stage.slab.load_cells)
        actor = Actor(
            stage, its, ring(), resolver, facts, answers, TENANTS, watch, None, findings, (), None
        )
        for number in range(N):
            actor.resolve(number % len(TENANTS))

    return run


def writing(fresh: Callable[[], Ring]) -> Callable[[], None]:
    """The ring alone."""

    def run() -> None:
        ring = fresh()
        for number in range(N):
            ring.append(RESOLVE, number, number, number, version=1, outcome=0)
        if ring.dropped:
            raise RuntimeError("the ring is too small")

    return run
