"""One cache for all processes: overlaps that are made, not hoped for."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from resolver.errors import ControlPlaneUnavailable
from tests.resolver.processes import Line, children, in_threads
from tests.resolver.rows import SMALL, shared_cache
from tests.resolver.stage import CLEAN, Stage, ask, asked, audited

MS = 1_000_000


def test_what_one_process_loaded_is_a_hit_in_every_other() -> None:
    stage = Stage()
    stage.cache.resolve("1")
    with children(*[stage.caller] * 3) as callers:
        assert [asked(caller, "1") for caller in callers] == [(1, "hit")] * 3
        assert asked(callers[0], "2") == (1, "miss")
        assert asked(callers[1], "2") == (1, "hit")
    assert ask(stage.cache, "2") == (1, "hit")


@pytest.mark.parametrize("everything", [False, True])
def test_an_invalidation_is_seen_by_every_process_when_the_call_returns(everything: bool) -> None:
    stage = Stage()
    with children(*[stage.caller] * 3) as callers:
        for version in range(2, 60):
            for caller in callers:
                assert asked(caller, "1")[0] == version - 1
                assert asked(caller, "1") == (version - 1, "hit")  # now also in its L1
            stage.rows["1"] = version
            if everything:
                stage.cache.invalidate_all()
            else:
                stage.cache.invalidate("1")
            first = version % 3
            assert asked(callers[first], "1") == (version, "miss")
            assert asked(callers[first - 1], "1") == (version, "hit")


def test_threads_of_many_processes_on_a_cold_tenant_cause_one_load() -> None:
    stage = Stage()

    def crowd(line: Line) -> list[str]:
        line.hear()
        return [answer.source for answer in in_threads(5, lambda _: stage.cache.resolve("1"))]

    with children(stage.leader, *[crowd] * 3) as (leader, *crowds):
        assert leader.hear() == "has read"
        for child in crowds:
            child.say()
        time.sleep(0.05)
        leader.say()
        assert leader.join() == (1, "miss")
        sources = [source for child in crowds for source in child.join()]
    assert len(sources) == 15
    assert set(sources) <= {"wait", "hit"}
    assert stage.rows.loads("1") == 1


@pytest.mark.parametrize("everything", [False, True])
def test_a_load_held_over_an_invalidation_is_not_kept(everything: bool) -> None:
    stage = Stage()
    with children(stage.leader, stage.caller) as (leader, caller):
        assert leader.hear() == "has read"
        stage.rows["1"] = 2
        stage.cache.invalidate_all() if everything else stage.cache.invalidate("1")
        caller.say("1")
        assert caller.hears_nothing()  # the revoked leader keeps its lease: no second load
        leader.say()
        assert leader.join() == (1, "miss")  # lawful: its call began before the invalidation
        assert caller.hear() == (2, "miss")
    assert ask(stage.cache, "1") == (2, "hit")
    assert stage.rows.loads("1") == 2
    assert stage.cache.statistics()["revoked"] == 1


def test_waiters_of_a_load_that_fails_get_its_error_at_once() -> None:
    stage = Stage()

    def failing(line: Line) -> str:
        def load(tenant_id: str) -> Any:
            line.say("has read")
            line.hear()
            raise ControlPlaneUnavailable("away")

        stage.load = load  # type: ignore[method-assign]
        return ask(stage.cache, "1")[1]

    # The cache holds the bound method: let it look the attribute up.
    stage.cache = shared_cache(lambda tenant_id: stage.load(tenant_id))
    with children(failing, stage.caller) as (leader, caller):
        assert leader.hear() == "has read"
        caller.say("1")
        assert caller.hears_nothing()
        leader.say()
        assert leader.join() == "error"
        assert caller.hear() == (ControlPlaneUnavailable, "error")
    assert stage.rows.loads("1") == 0


@pytest.mark.parametrize("reaped", [True, False])
def test_a_killed_leader_is_succeeded_long_before_its_lease_ends(reaped: bool) -> None:
    stage = Stage()
    with children(stage.leader, stage.caller) as (leader, caller):
        assert leader.hear() == "has read"
        caller.say("1")
        assert caller.hears_nothing()
        leader.kill(reap=reaped)
        assert caller.hear() == (1, "miss")  # the lease would have lasted 60 s
    assert stage.cache.statistics()["takeovers"] == 1
    assert audited(stage.cache) == CLEAN


def test_a_leader_stopped_beyond_its_lease_publishes_nothing_when_it_goes_on() -> None:
    stage = Stage(lease_ns=100 * MS)
    with children(stage.leader, stage.caller) as (leader, caller):
        assert leader.hear() == "has read"
        leader.stop()
        stage.rows["1"] = 2
        assert asked(caller, "1") == (2, "miss")
        stage.rows["1"] = 3  # nobody invalidates: version 2 stays lawful
        leader.say()
        leader.go_on()
        # It read version 1; having lost its lease it resolves again and answers the newer one.
        assert leader.join() == (2, "miss")
        assert asked(caller, "1") == (2, "hit")
    assert ask(stage.cache, "1") == (2, "hit")
    stats = stage.cache.statistics()
    assert (stats["takeovers"], stats["deposed"]) == (1, 1)


def test_no_process_answers_an_older_version_after_another_answered_a_newer_one() -> None:
    stage = Stage(SMALL)
    with children(stage.caller, stage.caller) as (one, two):
        for version in range(1, 30):
            stage.rows["0"] = version
            stage.cache.invalidate("0")
            assert asked(two, "0")[0] == version
            assert asked(two, "0") == (version, "hit")  # in the L1 of the second
            stage.rows["0"] = version + 1000  # committed, and nobody invalidates
            for row in range(1, 400):  # its record is evicted
                stage.cache.resolve(str(row))
            newest = asked(one, "0")[0]
            assert newest == version + 1000
            assert asked(two, "0")[0] == newest


def test_ctrl_c_ends_a_wait_for_another_processs_load() -> None:
    stage = Stage()

    def waiting(line: Line) -> str:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        line.say("ready")
        try:
            stage.cache.resolve("1")
        except KeyboardInterrupt:
            return "interrupted"
        return "answered"

    with children(stage.leader, waiting) as (leader, waiter):
        assert leader.hear() == "has read"
        assert waiter.hear() == "ready"
        assert waiter.hears_nothing()
        waiter.send(signal.SIGINT)
        assert waiter.join() == "interrupted"
        leader.say()
        assert leader.join() == (1, "miss")
