import os
import threading

import pytest

from _timing import monotonic_ns
from stress.load.bucket import LoadBucket

NEVER = lambda: False  # noqa: E731


@pytest.fixture
def bucket():
    made = LoadBucket(per_s=100, burst=10)
    yield made
    made.close()


def test_a_burst_is_free(bucket: LoadBucket) -> None:
    for _ in range(10):
        bucket.take(NEVER)
    assert bucket.waited == 0


def test_what_comes_after_the_burst_waits_its_turn(bucket: LoadBucket) -> None:
    began = monotonic_ns()
    for _ in range(30):
        bucket.take(NEVER)
    assert monotonic_ns() - began >= 19 * 10_000_000  # a lower bound holds on any machine
    assert bucket.waited >= 19


def test_it_is_one_for_all_processes_and_threads(bucket: LoadBucket) -> None:
    began = monotonic_ns()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            bucket.after_fork_in_child()
            lanes = [
                threading.Thread(target=lambda: [bucket.take(NEVER) for _ in range(5)])
                for _ in range(2)
            ]
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    assert monotonic_ns() - began >= 19 * 10_000_000


def test_a_stopped_run_waits_no_longer() -> None:
    bucket = LoadBucket(per_s=0.001, burst=1)
    for _ in range(3):
        bucket.take(lambda: True)
    assert bucket.waited >= 1
    bucket.close()


def test_a_worker_that_dies_inside_leaves_it_free(bucket: LoadBucket) -> None:
    import fcntl

    child = os.fork()
    if child == 0:
        fcntl.lockf(bucket._file, fcntl.LOCK_EX)
        os._exit(0)
    os.waitpid(child, 0)
    bucket.take(NEVER)
