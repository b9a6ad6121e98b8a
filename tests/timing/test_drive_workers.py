"""Worker processes on one slab: each keeps its counts apart, and a killed one's stay."""

from __future__ import annotations

import time

import numpy as np

from _timing.drive import Lane, NullOperation, Plan
from _timing.recorder import COUNTED, HIT, OUTCOMES, STEADY, WARMUP, Slab
from tests.timing.stages import IDS, KEYS, forked, slab_of, start_all, trusting, wait_until

NULL = NullOperation(answer=object()).resolve


def drive_until_blocked(slab: Slab, process: int, blocked_at: int) -> None:
    """A worker whose call number `blocked_at` never returns."""
    calls = 0

    def resolve(tenant_id: str) -> str:
        nonlocal calls
        calls += 1
        if calls == blocked_at:
            time.sleep(600)
        return "x"

    plan = Plan(resolve, IDS, trusting)
    Lane(slab, process, 0).run(plan, COUNTED, KEYS, start_ns=1)


def test_what_a_killed_worker_recorded_is_still_there() -> None:
    slab = slab_of(procs=2)
    with forked(drive_until_blocked, slab, 1, 12_346) as pid:
        wait_until(lambda: slab.lanes["roles"][1, 0, COUNTED]["started"] == 12_346)
        wait_until(slab.oldest_in_flight_ns)
    lane = slab.lanes[1, 0]
    counters = lane["roles"][COUNTED]
    assert lane["pid"] == pid
    assert lane["in_flight_tenant"] == 12_345 % len(IDS)
    assert (counters["started"], counters["finished"]) == (12_346, 12_345)
    found = slab.histogram_sum(COUNTED, range(len(OUTCOMES)), [1])
    assert found.total_count == 12_345
    assert 0 < found.min <= found.value_at_percentile(50) <= found.max
    assert counters["first_start_ns"] < counters["last_end_ns"]
    assert slab.tenant_cells["requests"][1].sum() == 12_345
    assert slab.lanes[0, 0]["pid"] == 0


def test_a_worker_killed_in_full_flight_loses_one_request_at_most() -> None:
    slab = slab_of()

    def body() -> None:
        Lane(slab, 0, 0).run(Plan(NULL, IDS, trusting), STEADY, KEYS, start_ns=1)

    with forked(body):
        wait_until(lambda: slab.lanes["roles"][0, 0, STEADY]["finished"] > 100_000)
    counters = slab.lanes["roles"][0, 0, STEADY]
    assert counters["started"] - counters["finished"] in (0, 1)
    assert abs(slab.histogram(0, STEADY, HIT).total_count - int(counters["finished"])) <= 1


def test_workers_of_one_slab_keep_their_counts_apart() -> None:
    slab = slab_of(procs=3)

    def body(process: int) -> None:
        lane = Lane(slab, process, 0)
        lane.arrive(0)
        keys = np.array([process], dtype=np.int32)
        plan = Plan(NULL, IDS, trusting)
        lane.run(plan, WARMUP, keys, count=1000 * (process + 1), start_ns=lane.wait(0))

    with forked(body, 0), forked(body, 1), forked(body, 2):
        start_all(slab, 0)
        wait_until(lambda: slab.lanes["roles"][:, 0, WARMUP]["finished"].sum() == 6000)
    for process in range(3):
        assert slab.histogram(process, WARMUP, HIT).total_count == 1000 * (process + 1)
