"""What every cache must hold while loads are in flight."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from resolver.cache import Cache, Load
from resolver.errors import RecursiveLoad, ResolveTimeout
from tests.resolver.processes import in_threads
from tests.resolver.rows import Rows, record

MS = 1_000_000


class Gate:
    """A loader that reads its row, then waits until it is let through."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.has_read = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def load(self, tenant_id: str) -> Any:
        loaded = self.rows.load(tenant_id)
        self.has_read.release()
        assert self.may_end.acquire(timeout=30)
        return loaded


class LoadContract:
    """Inherit and define `make`."""

    def make(self, load: Load, **times: int) -> Cache:
        raise NotImplementedError

    def test_many_threads_on_a_cold_tenant_cause_one_load(self) -> None:
        gate = Gate(Rows())
        cache = self.make(gate.load)
        gate.may_end.release()
        start = threading.Barrier(8)

        def call(_: int) -> str:
            start.wait()
            return cache.resolve("1").source

        sources = in_threads(8, call)
        assert sources.count("miss") == 1
        assert set(sources) <= {"miss", "wait", "hit"}
        assert gate.rows.loads("1") == 1

    def test_who_waited_gets_an_answer_that_says_so(self) -> None:
        gate = Gate(Rows())
        cache = self.make(gate.load)
        answers: dict[str, Any] = {}
        leader = threading.Thread(target=lambda: answers.update(leader=cache.resolve("1")))
        leader.start()
        assert gate.has_read.acquire(timeout=30)
        waiter = threading.Thread(target=lambda: answers.update(waiter=cache.resolve("1")))
        waiter.start()
        time.sleep(0.03)
        gate.may_end.release()
        for thread in (leader, waiter):
            thread.join(30)
        assert (answers["leader"].source, answers["leader"].level) == ("miss", "DB")
        assert (answers["waiter"].source, answers["waiter"].level) == ("wait", "L2")
        stats = cache.statistics()
        assert (stats["misses"], stats["waits"], stats["loads"]) == (1, 1, 1)

    def test_a_load_in_flight_is_not_kept_over_an_invalidation(self) -> None:
        gate = Gate(Rows())
        cache = self.make(gate.load)
        answers: list[Any] = []
        leader = threading.Thread(target=lambda: answers.append(cache.resolve("1")))
        leader.start()
        assert gate.has_read.acquire(timeout=30)
        gate.rows["1"] = 2
        cache.invalidate("1")
        gate.may_end.release()
        leader.join(30)
        gate.may_end.release()
        assert cache.resolve("1").version == 2
        assert cache.resolve("1").version == 2
        assert gate.rows.loads("1") == 2
        assert cache.statistics()["revoked"] == 1

    def test_a_load_longer_than_the_lease_is_taken_over_and_not_kept(self) -> None:
        gate = Gate(Rows())
        cache = self.make(gate.load, lease_ns=50 * MS)
        answers: list[Any] = []
        slow = threading.Thread(target=lambda: answers.append(cache.resolve("1")))
        slow.start()
        assert gate.has_read.acquire(timeout=30)
        gate.rows["1"] = 2
        other = threading.Thread(target=lambda: answers.append(cache.resolve("1")))
        other.start()
        assert gate.has_read.acquire(timeout=30)  # its lease ran out: the other one loads
        gate.may_end.release()
        gate.may_end.release()
        for thread in (slow, other):
            thread.join(30)
        assert [answer.version for answer in answers] == [2, 2]
        stats = cache.statistics()
        assert (stats["takeovers"], stats["deposed"]) == (1, 1)

    def test_a_call_gives_up_at_its_limit(self) -> None:
        gate = Gate(Rows())
        cache = self.make(gate.load, call_limit_ns=50 * MS)
        leader = threading.Thread(target=lambda: cache.resolve("1"))
        leader.start()
        assert gate.has_read.acquire(timeout=30)
        with pytest.raises(ResolveTimeout):
            cache.resolve("1")
        gate.may_end.release()
        leader.join(30)
        assert cache.resolve("1").source == "hit"

    def test_a_load_that_asks_for_its_own_tenant_is_told_so(self) -> None:
        def load(tenant_id: str) -> Any:
            return cache.resolve(tenant_id)

        cache = self.make(load)
        with pytest.raises(RecursiveLoad):
            cache.resolve("1")

    def test_a_load_may_ask_for_another_tenant(self) -> None:
        def load(tenant_id: str) -> Any:
            if tenant_id == "1":
                cache.resolve("2")
            return record(tenant_id, 1)

        cache = self.make(load)
        assert cache.resolve("1").source == "miss"
        assert cache.resolve("2").source == "hit"

    def test_a_slow_load_keeps_no_other_tenant_waiting(self) -> None:
        gate = Gate(Rows())
        cache = self.make(lambda t: gate.load(t) if t == "1" else gate.rows.load(t))
        slow = threading.Thread(target=lambda: cache.resolve("1"))
        slow.start()
        assert gate.has_read.acquire(timeout=30)
        for row in range(2, 100):
            assert cache.resolve(str(row)).source == "miss"
            assert cache.resolve(str(row)).source == "hit"
        gate.may_end.release()
        slow.join(30)
