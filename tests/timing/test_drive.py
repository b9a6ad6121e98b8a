"""One lane's loop: what it asks, when it ends, what becomes of an answer or an exception."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from _timing import monotonic_ns
from _timing.drive import INVENTED, TORN, WRONG, Lane, NullOperation, Plan, note_load
from _timing.recorder import (
    COUNTED,
    ERROR,
    HIT,
    IDLE,
    MISS,
    NEGATIVE,
    RUNNING,
    STEADY,
    WARMUP,
)
from tests.timing.stages import IDS, KEYS, RecordingJudge, slab_of, trusting


def plan_of(operation: Callable[[str], Any], judge: Any = trusting) -> Plan:
    return Plan(operation, IDS, judge)


def unknown(tenant_id: str) -> None:
    raise LookupError(tenant_id)


def test_a_counted_run_asks_for_its_keys_in_order_and_round_again() -> None:
    asked: list[str] = []
    slab = slab_of()
    keys = np.array([3, 1, 4], dtype=np.int32)
    done = Lane(slab, 0, 0).run(plan_of(asked.append), COUNTED, keys, count=7, start_ns=1)
    assert done == 7
    assert asked == [IDS[index] for index in (3, 1, 4, 3, 1, 4, 3)]
    counters = slab.lanes["roles"][0, 0, COUNTED]
    assert counters["started"] == counters["finished"] == counters["outcomes"][HIT] == 7
    assert slab.histogram(0, COUNTED, HIT).total_count == 7
    assert slab.tenant_cells["requests"][0].tolist() == [0, 2, 0, 3, 2, 0, 0, 0, 0, 0]


def test_a_lane_goes_on_where_it_was_in_the_same_keys_and_begins_others_anew() -> None:
    asked: list[str] = []
    lane, plan = Lane(slab_of(), 0, 0), plan_of(asked.append)
    keys, others = np.array([0, 1, 2], dtype=np.int32), np.array([7, 8], dtype=np.int32)
    for sequence, count in ((keys, 2), (keys, 2), (others, 1), (keys, 1)):
        lane.run(plan, WARMUP, sequence, count=count, start_ns=1)
    assert asked == [IDS[index] for index in (0, 1, 2, 0, 7, 0)]


def test_no_request_starts_at_or_after_the_end() -> None:
    slab = slab_of()
    end = monotonic_ns() + 20_000_000
    lane = Lane(slab, 0, 0)
    done = lane.run(plan_of(NullOperation().resolve), STEADY, KEYS, start_ns=1, end_ns=end)
    assert done > 0
    assert monotonic_ns() >= end
    assert lane.run(plan_of(NullOperation().resolve), STEADY, KEYS, start_ns=1, end_ns=end) == 0
    counters = slab.lanes["roles"][0, 0, STEADY]
    assert counters["finished"] == done == slab.histogram(0, STEADY, HIT).total_count


def test_a_run_does_not_begin_before_its_start() -> None:
    slab = slab_of()
    start = monotonic_ns() + 30_000_000
    Lane(slab, 0, 0).run(plan_of(NullOperation().resolve), STEADY, KEYS, count=1, start_ns=start)
    counters = slab.lanes["roles"][0, 0, STEADY]
    assert counters["first_start_ns"] >= start
    assert counters["start_lag_ns"] == counters["first_start_ns"] - start


def test_a_stopped_slab_starts_no_request() -> None:
    slab = slab_of()
    slab.set_stop()
    assert slab.stopping
    assert Lane(slab, 0, 0).run(plan_of(NullOperation().resolve), STEADY, KEYS, start_ns=1) == 0


def test_nothing_is_recorded_for_no_requests() -> None:
    slab = slab_of()
    lane = Lane(slab, 0, 0)
    assert lane.run(plan_of(NullOperation().resolve), COUNTED, KEYS, count=0, start_ns=1) == 0
    assert slab.lanes["roles"][0, 0, COUNTED]["first_start_ns"] == 0


def test_the_request_in_flight_is_seen_with_its_tenant_and_start() -> None:
    slab = slab_of()
    seen: list[tuple[int, int, int, int]] = []

    def look(tenant_id: str) -> None:
        lane = slab.lanes[0, 0]
        counters = lane["roles"][COUNTED]
        unfinished = int(counters["started"] - counters["finished"])
        since = int(lane["in_flight_since_ns"])
        assert slab.oldest_in_flight_ns() == since
        seen.append((int(lane["in_flight_tenant"]), since, unfinished, int(lane["state"])))

    before = monotonic_ns()
    Lane(slab, 0, 0).run(plan_of(look), COUNTED, KEYS, count=2, start_ns=1)
    assert [(tenant, more) for tenant, _, *more in seen] == [(0, [1, RUNNING]), (1, [1, RUNNING])]
    assert all(before <= since <= monotonic_ns() for _, since, *_ in seen)
    assert slab.oldest_in_flight_ns() == 0
    assert slab.lanes[0, 0]["in_flight_tenant"] == -1
    assert slab.lanes[0, 0]["state"] == IDLE


def test_an_exception_is_an_outcome_and_the_lane_goes_on() -> None:
    judge = RecordingJudge(HIT)
    slab = slab_of()

    def fail_sometimes(tenant_id: str) -> str:
        if tenant_id == IDS[1]:
            raise OSError("away")
        return tenant_id

    lane = Lane(slab, 0, 0)
    assert lane.run(plan_of(fail_sometimes, judge), COUNTED, KEYS, count=20, start_ns=1) == 20
    errors = [asked for asked in judge.asked if asked[2] is not None]
    assert [(index, answer) for index, answer, *_ in errors] == [(1, None)] * 2
    assert all(str(error) == "away" and t0 <= t1 for _, _, error, _, t0, t1 in errors)
    counters = slab.lanes["roles"][0, 0, COUNTED]
    assert counters["outcomes"].tolist() == [18, 0, 0, 0, 2]
    assert slab.histogram(0, COUNTED, ERROR).total_count == 2
    assert slab.tenant_cells["failed"][0, 1] == 2


def test_a_judge_may_call_an_exception_a_negative() -> None:
    def judge(index: int, answer: Any, error: Any, loads: int, t0: int, t1: int) -> int:
        return NEGATIVE if isinstance(error, LookupError) else ERROR

    slab = slab_of()
    Lane(slab, 0, 0).run(plan_of(unknown, judge), COUNTED, KEYS, count=3, start_ns=1)
    assert slab.lanes["roles"][0, 0, COUNTED]["outcomes"].tolist() == [0, 0, 0, 3, 0]


def test_a_keyboard_interrupt_leaves_the_request_unfinished() -> None:
    def interrupted(tenant_id: str) -> None:
        if tenant_id == IDS[2]:
            raise KeyboardInterrupt

    slab = slab_of()
    lane = Lane(slab, 0, 0)
    with pytest.raises(KeyboardInterrupt):
        lane.run(plan_of(interrupted), COUNTED, KEYS, count=5, start_ns=1)
    counters = slab.lanes["roles"][0, 0, COUNTED]
    assert (counters["started"], counters["finished"]) == (3, 2)
    assert slab.oldest_in_flight_ns() == 0
    assert lane.run(plan_of(NullOperation().resolve), COUNTED, KEYS, count=1, start_ns=1) == 1


def test_what_the_judge_raises_ends_the_run() -> None:
    def broken(*asked: Any) -> int:
        raise RuntimeError("judge")

    slab = slab_of()
    with pytest.raises(RuntimeError, match="judge"):
        Lane(slab, 0, 0).run(
            plan_of(NullOperation().resolve, broken), COUNTED, KEYS, count=5, start_ns=1
        )
    with pytest.raises(RuntimeError, match="judge"):
        Lane(slab, 0, 0).run(plan_of(unknown, broken), COUNTED, KEYS, count=5, start_ns=1)


@pytest.mark.parametrize("code", [5, 7, 256, -1])
def test_a_code_that_means_nothing_is_refused(code: int) -> None:
    plan = plan_of(NullOperation().resolve, RecordingJudge(code))
    with pytest.raises(ValueError, match="not an outcome"):
        Lane(slab_of(), 0, 0).run(plan, COUNTED, KEYS, count=1, start_ns=1)


@pytest.mark.parametrize(
    ("flag", "name"), [(WRONG, "wrong"), (INVENTED, "invented"), (TORN, "torn")]
)
def test_each_flaw_has_its_counter(flag: int, name: str) -> None:
    slab = slab_of()
    plan = plan_of(NullOperation().resolve, RecordingJudge(HIT | flag))
    Lane(slab, 0, 0).run(plan, COUNTED, KEYS, count=6, start_ns=1)
    counters = slab.lanes["roles"][0, 0, COUNTED]
    found = {flaw: int(counters[flaw]) for flaw in ("wrong", "invented", "torn")}
    assert found == {"wrong": 0, "invented": 0, "torn": 0} | {name: 6}
    assert counters["outcomes"][HIT] == 6


def test_a_closed_loop_intends_to_start_when_it_starts() -> None:
    slab = slab_of(kinds=2)
    Lane(slab, 0, 0).run(plan_of(NullOperation().resolve), COUNTED, KEYS, count=500, start_ns=1)
    response, service = (slab.histogram(0, COUNTED, HIT, kind) for kind in (0, 1))
    assert response.total_count == 500
    assert np.array_equal(response.counts, service.counts)


def test_an_answer_is_let_go_before_the_next_request() -> None:
    class Held:
        pass

    alive: list[weakref.ref[Held]] = []
    still_there: list[bool] = []

    def resolve(tenant_id: str) -> Held:
        still_there.extend(answer() is not None for answer in alive[-1:])
        answer = Held()
        alive.append(weakref.ref(answer))
        return answer

    plan = plan_of(resolve, lambda *asked: HIT)
    Lane(slab_of(), 0, 0).run(plan, COUNTED, KEYS, count=5, start_ns=1)
    assert still_there == [False] * 4
    assert alive[-1]() is None


def test_a_running_lane_cannot_be_run_again() -> None:
    judge = RecordingJudge(HIT)
    lane = Lane(slab_of(), 0, 0)

    def resolve(tenant_id: str) -> int:
        return lane.run(plan, COUNTED, KEYS, count=1, start_ns=1)

    plan = plan_of(resolve, judge)
    lane.run(plan, COUNTED, KEYS, count=1, start_ns=1)
    (asked,) = judge.asked
    assert isinstance(asked[2], RuntimeError)


def test_loads_noted_on_the_lane_s_thread_reach_the_judge_and_the_slab() -> None:
    judge = RecordingJudge(MISS)
    slab = slab_of()

    def resolve(tenant_id: str) -> None:
        if tenant_id == IDS[1]:
            note_load(slab, 1, 100, 250)
            note_load(slab, 1, 200, 240)

    note_load(slab, 0, 10, 20)
    lane = Lane(slab, 0, 0)
    lane.run(plan_of(resolve, judge), COUNTED, KEYS, count=3, start_ns=1)
    note_load(slab, 0, 30, 90)
    lane.run(plan_of(resolve, judge), COUNTED, KEYS, count=1, start_ns=1)
    assert [asked[3] for asked in judge.asked] == [0, 2, 0, 0]
    cells = slab.load_cells
    assert cells["loads"].tolist() == [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]
    assert cells["last_end_ns"][:2].tolist() == [90, 250]
    assert cells["longest_ns"][:2].tolist() == [60, 150]
    with pytest.raises(IndexError, match="tenant"):
        note_load(slab, len(IDS), 1, 2)


def test_what_cannot_be_run_is_refused_before_anything_is_asked() -> None:
    slab = slab_of(tenants=5)
    lane, plan = Lane(slab, 0, 0), Plan(NullOperation().resolve, IDS[:5], trusting)
    with pytest.raises(ValueError, match="empty"):
        lane.run(plan, COUNTED, KEYS[:0], count=1, start_ns=1)
    with pytest.raises(ValueError, match="10 tenants"):
        lane.run(plan_of(NullOperation().resolve), COUNTED, KEYS, count=1, start_ns=1)
    with pytest.raises(IndexError, match="role"):
        lane.run(plan, 6, KEYS, count=1, start_ns=1)
    with pytest.raises(ValueError, match=r"Buffer dtype|contiguous"):
        lane.run(plan, COUNTED, KEYS.astype(np.int64), count=1, start_ns=1)
    for wrong in (-1, 5):
        with pytest.raises(IndexError, match="tenant index"):
            lane.run(plan, COUNTED, np.array([wrong], np.int32), count=1, start_ns=1)
    assert slab.lanes["roles"]["started"].sum() == 0
    for process, thread in [(1, 0), (-1, 0), (0, 1)]:
        with pytest.raises(IndexError, match="must be 0 to 0"):
            Lane(slab, process, thread)
