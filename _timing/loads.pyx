"""Loads of tenants, noted by whoever makes them, seen by the lane they were made for."""

from libc.stdint cimport int64_t

from _timing.atomics cimport add_u64, raise_to
from _timing.layout cimport LoadCell
from _timing.slab cimport Slab, check

cdef extern from *:
    """
    /* Counts the loads of the lane that runs on this thread; NULL where none does. */
    static __thread int64_t *timing_lane_loads = 0;
    """
    int64_t* lane_loads "timing_lane_loads"


cdef int64_t* count_loads_in(int64_t* counter) noexcept:
    """From now on this thread's loads are counted there too; returns where they were before."""
    global lane_loads
    cdef int64_t* before = lane_loads
    lane_loads = counter
    return before


def note_load(Slab slab not None, Py_ssize_t tenant, int64_t started_ns, int64_t ended_ns):
    """Count a load that has ended, well or badly, on the thread that made it.

    Called before the loaded value is handed to anybody, so that a call that waited for it ends
    after it. IndexError for a tenant index that the slab does not have.
    """
    check("tenant", tenant, slab.layout.tenants)
    cdef LoadCell* cell = slab.load_cell(tenant)
    raise_to(&cell.last_end_ns, ended_ns)
    raise_to(&cell.longest_ns, ended_ns - started_ns)
    add_u64(&cell.loads, 1)
    if lane_loads != NULL:
        lane_loads[0] += 1
