"""CLOCK_MONOTONIC for Python: reading, what reading costs, and sleeping to an instant."""

import time

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t

from _timing.clock cimport coarse_now_ns, now_ns, sleep_to_ns, thread_cpu_now_ns

cdef enum:
    READS = 64              # per batch: the two reads that time a batch are then 3 % of it
    BATCHES = 32            # the cheapest batch is the one that nothing interrupted
    MAX_SPIN_NS = 1000000   # a longer spin would be a busy loop, not a margin for a late wake-up


def monotonic_ns():
    """Nanoseconds of CLOCK_MONOTONIC: one origin for all processes of this host since its boot."""
    return now_ns()


def coarse_monotonic_ns():
    """The same clock as of the last timer tick, some milliseconds old; cheaper to read."""
    return coarse_now_ns()


def thread_cpu_ns():
    """Nanoseconds of processor time that the calling thread has used."""
    return thread_cpu_now_ns()


def resolution_ns():
    """The clock's resolution as the system states it, in nanoseconds, at least 1."""
    return max(1, round(time.clock_getres(time.CLOCK_MONOTONIC) * 1e9))


def overhead_ns():
    """What one reading of the clock costs here in nanoseconds, measured now (about 50 µs)."""
    cdef int64_t begin, last, best = 0
    cdef int batch, _read
    with nogil:
        for batch in range(BATCHES):
            begin = now_ns()
            last = begin
            for _read in range(READS):
                last = now_ns()
            if batch == 0 or last - begin < best:
                best = last - begin
    return best / READS


def sleep_until(int64_t deadline_ns, int64_t spin_ns=0):
    """Return once the clock shows `deadline_ns`; at once if it has passed. The GIL is released.

    Sleeping alone wakes some 70 µs late on Linux (its timers may be 50 µs late by default). The
    last `spin_ns` nanoseconds (0 to 1,000,000) are awaited in a busy loop instead: 60,000 gives a
    microsecond, at the price of a core for that time, so never in more threads than cores - 1.

    Raises what a signal's handler raises (Ctrl-C ends the sleep); ValueError for another `spin_ns`.
    """
    if not 0 <= spin_ns <= MAX_SPIN_NS:
        raise ValueError(f"spin_ns is {spin_ns}; 0 to {MAX_SPIN_NS} are possible")
    cdef int64_t wake = deadline_ns - spin_ns if deadline_ns > spin_ns else 0
    cdef int64_t now = now_ns()
    while now < wake:
        with nogil:
            sleep_to_ns(wake)
            now = now_ns()
        PyErr_CheckSignals()
    with nogil:
        while now < deadline_ns:
            now = now_ns()
