"""Worker rows: what is counted, by whom, and what is left of those that died."""

from __future__ import annotations

import threading
import time

from resolver.errors import TenantNotFound
from tests.resolver.processes import Line, children, in_threads
from tests.resolver.rows import SMALL, is_whole
from tests.resolver.stage import CLEAN, Stage, ask, asked, audited


def test_the_row_of_a_dead_worker_is_inherited_with_its_counts() -> None:
    stage = Stage()
    stage.cache.resolve("1")
    for _ in range(300):  # more than there are rows
        with children(lambda _: stage.cache.resolve("1").source) as (child,):
            assert child.join() == "hit"
    stats = stage.cache.statistics()
    assert (stats["requests"], stats["hits"], stats["misses"]) == (301, 300, 1)


def test_more_processes_than_rows_are_served_and_counted() -> None:
    stage = Stage()
    stage.cache.resolve("1")

    def late(line: Line) -> None:
        line.hear()
        for _ in range(3):
            line.say(ask(stage.cache, "1"))
        line.hear()

    with children(*[late] * 258) as crowd:
        for child in crowd:
            child.say()
            assert [child.hear() for _ in range(3)] == [(1, "hit")] * 3
    stats = stage.cache.statistics()
    assert (stats["requests"], stats["hits"]) == (1 + 3 * 258, 3 * 258)


def test_counts_are_exact_over_processes_and_threads() -> None:
    stage = Stage(SMALL)
    stage.rows["0"] = 0

    def work(_: Line) -> dict[str, int]:
        seen = dict.fromkeys(("hit", "miss", "wait", "negative"), 0)
        guard = threading.Lock()

        def calls(thread: int) -> None:
            mine = dict.fromkeys(seen, 0)
            for step in range(4000):
                tenant_id = str((step * (thread + 3)) % 200)
                try:
                    answer = stage.cache.resolve(tenant_id)
                    assert is_whole(answer, tenant_id) or step % 10
                    mine[answer.source] += 1
                except TenantNotFound:
                    mine["negative"] += 1
            with guard:
                for source, times in mine.items():
                    seen[source] += times

        assert in_threads(4, calls) == [None] * 4
        return seen

    with children(*[work] * 3) as workers:
        total: dict[str, int] = {}
        for worker in workers:
            for source, times in worker.join().items():
                total[source] = total.get(source, 0) + times
    stats = stage.cache.statistics()
    assert stats["requests"] == 3 * 4 * 4000 == sum(total.values())
    assert stats["hits"] == total["hit"]
    assert stats["misses"] == total["miss"]
    assert stats["waits"] == total["wait"]
    assert stats["negatives"] == total["negative"]
    assert stats["failed"] == 0
    assert audited(stage.cache) == CLEAN


def test_killed_workers_lose_at_most_their_calls_in_flight() -> None:
    stage = Stage()
    threads = 3

    def busy(line: Line) -> None:
        done = [0] * threads

        def calls(thread: int) -> None:
            while True:
                stage.cache.resolve(str(done[thread] % 50))
                done[thread] += 1

        for thread in range(threads):
            threading.Thread(target=calls, args=(thread,), daemon=True).start()
        while True:
            line.hear()
            line.say(list(done))

    known = 0
    for _ in range(5):
        with children(busy) as (worker,):
            time.sleep(0.05)
            worker.say()
            known += sum(worker.hear())
            worker.kill()
    requests = stage.cache.statistics()["requests"]
    assert requests >= known - 5 * threads
    assert audited(stage.cache) == CLEAN


def test_a_fork_between_threads_that_resolve_leaves_a_child_that_works() -> None:
    stage = Stage()
    for row in range(100):
        stage.cache.resolve(str(row))
    going = True

    def calls(thread: int) -> None:
        step = thread
        while going:
            step += 1
            stage.cache.resolve(str(step % 100))
            if step % 50 == 0:
                stage.cache.invalidate(str(step % 100))

    threads = [threading.Thread(target=calls, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            with children(stage.caller) as (child,):
                for row in range(0, 100, 7):
                    assert asked(child, str(row))[0] == 1
    finally:
        going = False
        for thread in threads:
            thread.join()
    assert audited(stage.cache) == CLEAN
