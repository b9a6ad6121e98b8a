"""Waiting at the slab's gates: asleep, without the GIL, until controller or lanes are ready.

Polled rather than woken: memory shared with a killed process cannot leave a sleeper behind. All of
it ends on the stop flag, and serves signals in the main thread.
"""

import threading

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport INT64_MAX, int64_t, uint32_t

from _timing.atomics cimport add_u32, load_i64, load_u32
from _timing.clock cimport now_ns, sleep_to_ns
from _timing.layout cimport Gate, Header
from _timing.slab cimport Slab

cdef enum:
    SHORTEST_PAUSE_NS = 100_000      # between two looks at a gate
    LONGEST_PAUSE_NS = 5_000_000     # of a long wait: 80 lanes then use a tenth of a core
    SLICE_NS = 20_000_000            # between two looks at signals


cdef inline int64_t pause_ns(int64_t waited) noexcept nogil:
    # A quarter of the time waited so far: late in proportion, and soon no burden to the others.
    return min(max(waited >> 2, <int64_t>SHORTEST_PAUSE_NS), <int64_t>LONGEST_PAUSE_NS)


cdef bint in_main_thread() except -1:
    """Whether this is the thread that Python serves signals in."""
    return threading.get_ident() == threading.main_thread().ident


cdef int64_t wait_open(Slab slab, int gate) except? -2:
    """Sleep until a gate is open and its start instant has come; the instant.

    -1 where the gate is refused or the run stopped.
    """
    cdef Gate* waited = slab.gate(gate)
    cdef Header* head = slab.head
    cdef bint main = in_main_thread()
    cdef int64_t begun = now_ns()
    cdef int64_t start = load_i64(&waited.start_ns)
    cdef int64_t now, look
    while start == 0 and not load_u32(&head.stop):
        with nogil:
            now = now_ns()
            look = now + SLICE_NS if main else INT64_MAX
            while start == 0 and now < look and not load_u32(&head.stop):
                sleep_to_ns(now + pause_ns(now - begun))
                now = now_ns()
                start = load_i64(&waited.start_ns)
        PyErr_CheckSignals()
    if start > 0:
        sleep_until(slab, start)
    return -1 if start < 0 or load_u32(&head.stop) else start


cdef int wait_done(Slab slab, int gate, uint32_t lanes) except -1:
    """Count one lane as done with a gate's work; sleep until `lanes` are, or until the stop."""
    cdef Gate* waited = slab.gate(gate)
    cdef Header* head = slab.head
    cdef bint main = in_main_thread()
    cdef int64_t begun = now_ns()
    cdef int64_t now, look
    add_u32(&waited.lanes_done, 1)
    while load_u32(&waited.lanes_done) < lanes and not load_u32(&head.stop):
        with nogil:
            now = now_ns()
            look = now + SLICE_NS if main else INT64_MAX
            while now < look and load_u32(&waited.lanes_done) < lanes and not load_u32(&head.stop):
                sleep_to_ns(now + pause_ns(now - begun))
                now = now_ns()
        PyErr_CheckSignals()
    return 0


cdef int sleep_until(Slab slab, int64_t instant_ns) except -1:
    """Sleep to the instant; in slices, so that the stop flag and signals are seen."""
    cdef int64_t now = now_ns()
    while now < instant_ns and not load_u32(&slab.head.stop):
        with nogil:
            sleep_to_ns(min(instant_ns, now + SLICE_NS))
            now = now_ns()
        PyErr_CheckSignals()
    return 0
