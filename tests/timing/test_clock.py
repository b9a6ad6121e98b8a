import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from _timing import ManualClock, monotonic_ns, overhead_ns, resolution_ns, sleep_until
from _timing.clock import coarse_monotonic_ns, thread_cpu_ns

MILLISECOND = 1_000_000


def test_the_clock_is_the_one_that_python_calls_monotonic():
    before = time.monotonic_ns()
    ours = monotonic_ns()
    after = time.monotonic_ns()
    assert before <= ours <= after


def test_another_process_reads_the_same_origin():
    before = monotonic_ns()
    code = "from _timing import monotonic_ns; print(monotonic_ns())"
    theirs = int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    )
    assert before < theirs < monotonic_ns()


def test_the_coarse_clock_is_never_ahead_of_the_fine_one():
    for _ in range(1000):
        coarse = coarse_monotonic_ns()
        assert coarse <= monotonic_ns()


def test_a_sleeping_thread_uses_less_processor_time_than_it_sleeps():
    wall, cpu = monotonic_ns(), thread_cpu_ns()
    sleep_until(wall + 20 * MILLISECOND)
    assert thread_cpu_ns() - cpu < monotonic_ns() - wall
    assert thread_cpu_ns() >= cpu


@pytest.mark.parametrize("spin_ns", [0, 100_000, MILLISECOND])
def test_a_sleep_never_ends_before_its_deadline(spin_ns):
    for distance in (1, 50_000, 3 * MILLISECOND):
        deadline = monotonic_ns() + distance
        sleep_until(deadline, spin_ns)
        assert monotonic_ns() >= deadline


@pytest.mark.parametrize("deadline", [0, -1, -(2**63), 1])
def test_a_deadline_that_has_passed_returns(deadline):
    sleep_until(deadline)
    sleep_until(deadline, MILLISECOND)


@pytest.mark.parametrize("spin_ns", [-1, MILLISECOND + 1])
def test_a_spin_that_is_no_margin_is_refused(spin_ns):
    with pytest.raises(ValueError, match="spin_ns"):
        sleep_until(monotonic_ns(), spin_ns)


def test_other_threads_run_during_a_sleep():
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    deadline = monotonic_ns() + 200 * MILLISECOND
    thread.start()
    sleep_until(deadline, MILLISECOND)
    assert ran.is_set()
    thread.join()


def test_ctrl_c_ends_a_sleep_of_an_hour():
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sleep_until(monotonic_ns() + 3600 * 1000 * MILLISECOND)
    timer.join()


def test_a_signal_whose_handler_returns_does_not_shorten_the_sleep():
    seen = []
    previous = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        deadline = monotonic_ns() + 100 * MILLISECOND
        timer.start()
        sleep_until(deadline)
        assert monotonic_ns() >= deadline
        timer.join()
        assert seen == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_resolution_and_overhead_are_positive_nanoseconds():
    assert resolution_ns() >= 1
    assert overhead_ns() > 0


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock(5)
    assert (clock.monotonic_ns(), clock.monotonic_ns()) == (5, 5)
    assert clock.advance(10) == 15
    clock.sleep_until(40)
    assert clock.monotonic_ns() == 40
    clock.sleep_until(20, spin_ns=3)
    assert clock.monotonic_ns() == 40
    assert repr(clock) == "ManualClock(40)"


def test_a_manual_clock_cannot_go_back():
    with pytest.raises(ValueError, match="go back"):
        ManualClock().advance(-1)
