"""Lanes together: they share the GIL, start at one gate, and end on a stop or Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from _timing import monotonic_ns
from _timing.drive import Lane, NullOperation, Plan, note_load
from _timing.recorder import (
    COUNTED,
    ERROR,
    HIT,
    MISS,
    RUNNING,
    STEADY,
    WAITING,
)
from tests.timing.stages import (
    IDS,
    KEYS,
    NS,
    forked,
    in_threads,
    slab_of,
    start_all,
    trusting,
    wait_until,
)

NULL = NullOperation(answer=object()).resolve


def test_two_lanes_over_a_compiled_operation_interleave() -> None:
    slab = slab_of(threads=2)
    plan = Plan(NULL, IDS, trusting)

    def body(lane: Lane) -> None:
        lane.arrive(0)
        start = lane.wait(0)
        lane.run(plan, STEADY, KEYS, start_ns=start, end_ns=slab.gate_end(0))

    with in_threads(slab, body):
        start_all(slab, 0, NS // 5)
    first, second = slab.lanes["roles"][0, :, STEADY]
    # A lane that never gave way would have kept the other from starting until the end.
    assert first["finished"] > 0
    assert second["finished"] > 0
    assert first["first_start_ns"] < second["last_end_ns"]
    assert second["first_start_ns"] < first["last_end_ns"]


def test_every_request_of_many_lanes_is_counted_once_everywhere() -> None:
    slab = slab_of(threads=8)
    plan = Plan(NULL, IDS, trusting)

    def body(lane: Lane) -> None:
        lane.arrive(0)
        lane.run(plan, COUNTED, KEYS, count=20_000, start_ns=lane.wait(0))

    with in_threads(slab, body):
        start_all(slab, 0)
    counters = slab.lanes["roles"][0, :, COUNTED]
    assert counters["finished"].tolist() == [20_000] * 8
    assert slab.histogram(0, COUNTED, HIT).total_count == 160_000
    assert slab.tenant_cells["requests"][0].tolist() == [16_000] * 10
    tenant = slab.tenant_histogram(0)
    assert tenant is not None
    assert tenant.total_count == 16_000


@pytest.mark.parametrize("threads", [1, 3])
def test_the_stop_flag_ends_lanes_that_have_no_other_end(threads: int) -> None:
    slab = slab_of(threads=threads)
    plan = Plan(NULL, IDS, trusting)
    with in_threads(slab, lambda lane: lane.run(plan, STEADY, KEYS, start_ns=1)):
        wait_until(lambda: (slab.lanes["state"] == RUNNING).all())
        slab.set_stop()
    counters = slab.lanes["roles"][0, :, STEADY]
    assert (counters["started"] == counters["finished"]).all()
    assert counters["finished"].sum() == slab.histogram(0, STEADY, HIT).total_count


@pytest.mark.parametrize("threads", [1, 4])
def test_ctrl_c_ends_a_compiled_loop_in_the_main_thread_at_once(threads: int) -> None:
    slab = slab_of(threads=threads)
    plan = Plan(NULL, IDS, trusting)
    reading, writing = os.pipe()
    parent = os.getpid()

    def interrupt() -> None:
        wait_until(lambda: slab.lanes["roles"][0, 0, STEADY]["finished"] > 1000)
        # The parent's CPU clock, so that a busy machine is not taken for a late end.
        os.write(writing, str(time.clock_gettime_ns((~parent << 3) | 2)).encode())
        os.kill(parent, signal.SIGINT)

    with forked(interrupt):
        with pytest.raises(KeyboardInterrupt):
            Lane(slab, 0, 0).run(plan, STEADY, KEYS, start_ns=1)
        ended = time.process_time_ns()
        assert ended - int(os.read(reading, 100)) < NS // 10
    os.close(reading)
    os.close(writing)
    counters = slab.lanes["roles"][0, 0, STEADY]
    assert counters["started"] == counters["finished"]


def test_ctrl_c_ends_waiting_at_a_gate_in_the_main_thread() -> None:
    slab = slab_of()
    lane = Lane(slab, 0, 0)
    parent = os.getpid()

    def interrupt() -> None:
        time.sleep(0.02)
        os.kill(parent, signal.SIGINT)

    for waiting in (lambda: lane.wait(0), lambda: lane.wait_lanes(0, 2)):
        with forked(interrupt), pytest.raises(KeyboardInterrupt):
            waiting()


def test_waiting_ends_without_a_start_when_refused_or_stopped() -> None:
    slab = slab_of(threads=3)
    slab.refuse_gate(0)
    assert Lane(slab, 0, 0).wait(0) == -1
    slab.open_gate(1, 1)
    slab.close_gates()
    assert Lane(slab, 0, 0).wait(1) == 1
    assert Lane(slab, 0, 0).wait(15) == -1
    with pytest.raises(ValueError, match="instant"):
        slab.open_gate(2, 0)

    waited = slab_of(threads=3)
    returned: list[int] = []
    with in_threads(waited, lambda lane: returned.append(lane.wait(3))):
        wait_until(lambda: (waited.lanes["state"] == WAITING).all())
        waited.set_stop()
    assert returned == [-1] * 3


def test_lanes_start_at_the_gate_s_instant_and_not_before() -> None:
    slab = slab_of(threads=4)
    started: list[tuple[int, int]] = []

    def body(lane: Lane) -> None:
        lane.arrive(2)
        started.append((lane.wait(2), monotonic_ns()))

    with in_threads(slab, body):
        start = start_all(slab, 2, 77)
    assert slab.gate_ready(2) == 4
    assert slab.gate_end(2) == start + 77
    assert all(found == start and woken >= start for found, woken in started)


def test_lanes_wait_for_each_other_s_counted_part() -> None:
    slab = slab_of(threads=3)
    order: list[str] = []

    def body(lane: Lane) -> None:
        if lane.thread == 0:
            wait_until(lambda: slab.gate_done(1) == 2)
        order.append("done")
        lane.wait_lanes(1, 3)
        order.append("on")

    with in_threads(slab, body):
        pass
    assert order == ["done"] * 3 + ["on"] * 3


def test_a_lane_is_not_waited_for_once_the_run_is_stopped() -> None:
    slab = slab_of(threads=2)
    with in_threads(slab, lambda lane: lane.wait_lanes(0, 3)):
        wait_until(lambda: slab.gate_done(0) == 2)
        slab.set_stop()


def test_loads_of_one_lane_are_not_taken_for_another_s() -> None:
    slab = slab_of(threads=2)
    seen: dict[str, set[int]] = {"loader": set(), "other": set()}

    def resolve(tenant_id: str) -> None:
        if threading.current_thread().name == "loader":
            note_load(slab, 0, 1, 2)
        time.sleep(0)

    def judge(index: int, answer: object, error: object, loads: int, t0: int, t1: int) -> int:
        seen[threading.current_thread().name].add(loads)
        return MISS if loads else HIT

    plan = Plan(resolve, IDS, judge)

    def body(lane: Lane) -> None:
        threading.current_thread().name = "other" if lane.thread else "loader"
        lane.run(plan, COUNTED, KEYS, count=200, start_ns=1)

    with in_threads(slab, body):
        pass
    assert seen == {"loader": {1}, "other": {0}}
    assert slab.load_cells["loads"][0] == 200


def test_a_target_that_calls_exit_does_not_end_its_lane() -> None:
    slab = slab_of(threads=2)

    def leave(tenant_id: str) -> None:
        raise SystemExit(tenant_id)

    plan = Plan(leave, IDS, trusting)
    with in_threads(slab, lambda lane: lane.run(plan, COUNTED, KEYS, count=5, start_ns=1)):
        pass
    assert slab.lanes["roles"][0, :, COUNTED]["outcomes"][:, ERROR].tolist() == [5, 5]


def test_readers_never_see_more_requests_ended_than_started() -> None:
    slab = slab_of(threads=2)
    plan = Plan(NULL, IDS, trusting)
    with in_threads(slab, lambda lane: lane.run(plan, STEADY, KEYS, start_ns=1)):
        wait_until(lambda: (slab.lanes["state"] == RUNNING).all())
        for _ in range(200):
            counters = slab.lanes["roles"][0, :, STEADY]
            assert (counters["finished"] <= counters["started"]).all()
            time.sleep(0)
        slab.set_stop()


def test_slow_hits_are_parted_into_waiting_and_the_target_s_own_time() -> None:
    slab = slab_of()

    def sleep_now_and_then(tenant_id: str) -> str:
        if tenant_id == IDS[3]:
            time.sleep(0.005)
        return "x"

    plan = Plan(sleep_now_and_then, IDS, trusting)
    Lane(slab, 0, 0).run(plan, COUNTED, KEYS, count=100, start_ns=1)
    callers, own = slab.histogram(0, COUNTED, HIT), slab.own_histogram(COUNTED)
    counters = slab.lanes["roles"][0, 0, COUNTED]
    assert own.total_count == callers.total_count == 100
    assert counters["slow"] >= 10
    # Ten sleeps of 5 ms, in which the thread used next to no processor.
    assert counters["off_ns"] > 10 * 4_000_000
    assert own.max < callers.max
    assert own.mean() < callers.mean() - 400_000
