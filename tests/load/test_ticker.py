"""What is seen of a run while it goes on, on a stage that is written as lanes would write it."""

from __future__ import annotations

import pytest

from _timing import monotonic_ns
from _timing.recorder import COLD, COUNTED, ERROR, HIT, MISS, NEGATIVE, STEADY, WARMUP, record
from stress.load.stage import Stage
from stress.load.ticker import Glance, Ticker, default_interval_s

S = 1_000_000_000
TENANTS = 3


class Run:
    """A run that began some time ago. Intervals are longer than a test lasts, unless told."""

    def __init__(self, interval_s: float = 1000.0, ago_s: float = 10.0) -> None:
        self.stage = Stage(2, 2, TENANTS)
        self.start_ns = monotonic_ns() - round(ago_s * S)
        self.seen: list[Glance] = []
        self.points: list[float] = []
        self.ticker = Ticker(self.stage, interval_s, self._emit, watch=self.seen.append)

    def _emit(self, *told: float) -> None:
        self.points.append(told[1])

    def calls(self, role: int, outcome: int, count: int = 1, at_s: float = 0.0) -> None:
        started = self.start_ns + round(at_s * S)
        for index in range(count):
            where = {"intended_ns": started, "started_ns": started, "ended_ns": started + 1000}
            record(self.stage.slab, index % 2, 0, role, outcome, index % TENANTS, **where)

    def look(self) -> Glance:
        """As if nobody had looked for a while."""
        self.ticker._looked_ns = 0
        self.ticker()
        return self.seen[-1]


def test_the_parts_of_a_run_are_seen_in_their_order() -> None:
    run = Run()
    assert (run.look().part, run.look().t_s) == ("start", 0.0)
    run.calls(COLD, MISS, 2)
    assert (run.look().part, run.look().part_requests) == ("cold", 2)
    assert run.look().tenants == TENANTS
    run.calls(WARMUP, HIT, 5)
    assert (run.look().part, run.look().part_requests) == ("warm-up", 5)
    assert (run.look().requests, run.look().t_s) == (0, 0.0)
    run.calls(COUNTED, HIT, 7)
    assert (run.look().part, run.look().part_requests) == ("counted", 7)
    assert run.look().t_s >= 10
    run.calls(STEADY, HIT, 4, at_s=6.0)
    seen = run.look()
    assert (seen.part, seen.part_requests, seen.requests) == ("steady", 4, 11)
    assert seen.t_s - seen.part_s == pytest.approx(6.0)


def test_counts_are_those_of_the_measured_parts() -> None:
    run = Run()
    run.calls(COLD, MISS, 3)
    run.calls(COUNTED, HIT, 20)
    run.calls(COUNTED, MISS, 4)
    run.calls(COUNTED, NEGATIVE, 2)
    run.calls(COUNTED, ERROR, 1)
    seen = run.look()
    assert (seen.requests, seen.hits, seen.failed, seen.checked) == (27, 20, 1, 24)
    assert seen.violations == 0
    assert seen.p99_ns is None


def test_a_failure_is_named_as_soon_as_its_worker_has_written_it_down() -> None:
    run = Run()
    run.calls(COUNTED, HIT)
    kind = {"type": "KeyError", "message": "gone", "count": 1, "tenants": ["a"], "traceback": ""}
    kind |= {"first_ns": run.start_ns + 3 * S, "last_ns": run.start_ns + 3 * S}
    run.stage.mailboxes[1].post("failure", **kind)
    assert run.look().errors == []
    run.calls(COUNTED, ERROR)
    (error,) = run.look().errors
    assert (error.type, error.message, error.first_s) == ("KeyError", "gone", 3.0)
    # The report reads the same messages again.
    assert len(list(run.stage.mailboxes[1].messages("failure"))) == 1


def test_nobody_looks_more_often_than_is_needed() -> None:
    run = Run()
    run.calls(COUNTED, HIT)
    begun = monotonic_ns()
    for _ in range(50):
        run.ticker()
    assert len(run.seen) <= 1 + (monotonic_ns() - begun) // (S // 4) + 1


def test_the_percentile_of_the_whole_run_is_that_of_its_intervals_so_far() -> None:
    run = Run(interval_s=1.0)
    run.calls(COUNTED, HIT, 2000)
    run.ticker()
    assert len(run.points) == 1
    assert run.look().p99_ns == pytest.approx(1000, rel=0.01)


def test_nothing_is_told_after_the_end() -> None:
    run = Run()
    run.calls(COUNTED, HIT, 5)
    run.ticker()
    run.ticker.finish()
    assert len(run.points) == 1
    run.calls(COUNTED, HIT, 5)
    run.ticker._looked_ns = run.ticker._last_ns = 0
    run.ticker()
    assert (len(run.points), len(run.seen)) == (1, 1)


def test_without_a_watcher_there_are_intervals_alone() -> None:
    run = Run(interval_s=1.0)
    run.ticker = Ticker(run.stage, 1.0, run._emit)
    run.calls(COUNTED, HIT, 5)
    run.ticker()
    assert len(run.points) == 1


@pytest.mark.parametrize(("duration_s", "interval_s"), [(None, 1), (5, 1), (30, 5), (3600, 500)])
def test_a_run_has_twelve_plain_lines_at_most(duration_s, interval_s) -> None:
    assert default_interval_s(duration_s) == interval_s
