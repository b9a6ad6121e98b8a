"""What a load tester adds to each request: the drive loop around a target that does nothing."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

import numpy as np

from _timing import Histogram, monotonic_ns, overhead_ns
from _timing.drive import MEMO_OBJECT, Lane, NullOperation, Plan
from _timing.recorder import COUNTED, HIT, OUTCOMES, Layout, Slab
from benchmarks.contest import PROCESS_CPU, Benchmark, Contender, Peers

N = 20_000
POOLED = 2_000
READS_EACH = 32 * 65  # that `overhead_ns` makes: 32 batches of 64, and one before each
READS = 20 * READS_EACH
TENANTS = [f"tenant-{number:04}" for number in range(10)]


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(int).result()
        yield iter((around_nothing(pool),))


def around_nothing(pool: ThreadPoolExecutor) -> Benchmark:
    """One lane of each kind around the same compiled `resolve`, ten tenants in turn."""
    resolve = NullOperation(answer=object()).resolve
    ids = TENANTS * (N // len(TENANTS))
    peers = Peers()
    note = "two clock reads, a histogram and the outcome's counter; answers are not checked"
    peers.found.append(Contender("plain Python loop", plain_loop(resolve, ids), N, note))
    note = "submit and result, nothing recorded; one worker; CPU time of both threads"
    pooled = ids[:POOLED]
    peers.found.append(
        Contender("ThreadPoolExecutor", executor(pool, resolve, pooled), POOLED, note)
    )
    # Locust replaces threading and sockets on import; the pool above would wait for ever.
    os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
    if locust := peers.library("locust.event"):
        stats = peers.library("locust.stats")
        if stats:
            note = "its request event with its own statistics; whole milliseconds"
            fired = request_event(locust.EventHook(), stats.RequestStats(), resolve, pooled)
            peers.found.append(Contender("locust request event", fired, POOLED, note))
    return Benchmark(
        name="harness_overhead",
        case="one request to a compiled target that does nothing, all included",
        ours=Contender("drive loop", drive_loop(resolve), N, "checks every answer"),
        peers=tuple(peers.found),
        limit=Contender("two clock reads", clock_reads, READS // 2),
        clock=PROCESS_CPU,
        skipped=tuple(peers.missing),
    )


def drive_loop(resolve: Callable[[str], Any]) -> Callable[[], None]:
    """Our lane, as a worker of `stress` runs it in a closed loop."""

    def judge(*asked: Any) -> int:
        _, _, error, _, _, _ = asked
        if error is not None:
            raise error
        return HIT | MEMO_OBJECT

    layout = Layout(1, 1, len(TENANTS))
    lane = Lane(Slab(mmap.mmap(-1, layout.size), layout), 0, 0)
    plan = Plan(resolve, TENANTS, judge)
    keys = np.arange(len(TENANTS), dtype=np.int32)

    def run() -> None:
        done = lane.run(plan, COUNTED, keys, count=N, start_ns=monotonic_ns())
        if done != N:
            raise RuntimeError(f"the drive loop made {done} of {N} requests")

    return run


def plain_loop(resolve: Callable[[str], Any], ids: list[str]) -> Callable[[], None]:
    """What one would write by hand."""
    record = Histogram().record

    def run() -> None:
        outcomes = [0] * len(OUTCOMES)
        for tenant_id in ids:
            begin = perf_counter_ns()
            resolve(tenant_id)
            record(perf_counter_ns() - begin)
            outcomes[HIT] += 1

    return run


def clock_reads() -> None:
    """READS readings of the clock in a compiled loop, which is how their cost is measured."""
    for _ in range(READS // READS_EACH):
        overhead_ns()


def executor(
    pool: ThreadPoolExecutor, resolve: Callable[[str], Any], ids: list[str]
) -> Callable[[], None]:
    """A task for each request, each waited for, as thread-pool load testers do."""

    def run() -> None:
        for tenant_id in ids:
            pool.submit(resolve, tenant_id).result()

    return run


def request_event(
    hook: Any, stats: Any, resolve: Callable[[str], Any], ids: list[str]
) -> Callable[[], None]:
    """What Locust's documentation says for other protocols: time the call, fire `request`."""

    def listener(
        request_type: str, name: str, response_time: float, response_length: int, **_: Any
    ) -> None:
        stats.log_request(request_type, name, response_time, response_length)

    hook.add_listener(listener)

    def run() -> None:
        for tenant_id in ids:
            begin = perf_counter_ns()
            resolve(tenant_id)
            hook.fire(
                request_type="resolve",
                name="resolve",
                response_time=(perf_counter_ns() - begin) / 1e6,
                response_length=0,
                exception=None,
                context={},
            )

    return run
