"""Where a lane records: its own counters, and its process's histograms, which the GIL guards.

A lane is the single writer of its counters. The histograms of a process are written by all its
lanes in turn, each record in one piece because no Python is called in between; without a GIL that
would lose counts silently, so the import fails there.
"""

import sys

from libc.stdint cimport int64_t

from _timing.layout cimport COUNTED_ROLE, OUTCOMES_N, ROLES_N
from _timing.slab cimport Slab, check

if not getattr(sys, "_is_gil_enabled", lambda: True)():
    raise ImportError(
        "the recorder needs the GIL: the lanes of a process share histograms that it guards; "
        "start this free-threaded Python with PYTHON_GIL=1"
    )


cdef Recorder recorder_for(Slab slab, int process, int thread, int role) noexcept:
    """The recorder of one lane for one role; the caller has checked the indices."""
    cdef Recorder recorder
    cdef Py_ssize_t first = slab.layout.histogram_index(role, 0, 0)
    cdef Py_ssize_t shift = slab.layout.shift_index(role)
    recorder.counters = &slab.lane(process, thread).roles[role]
    recorder.kinds = <int>slab.layout.kinds
    recorder.metas = slab.meta(process, first)
    recorder.counts = slab.counts(process, first)
    recorder.shift_meta = slab.meta(process, shift)
    recorder.shifts = slab.counts(process, shift)
    recorder.cells = NULL
    recorder.tenant_counts = NULL
    # By tenant only what the report shows: warm-up and steady part would double the memory touched.
    if role == COUNTED_ROLE:
        recorder.cells = slab.tenant_cell(process, 0)
        if slab.layout.tenant_histograms:
            recorder.tenant_counts = <char*>slab.tenant_counts(process, 0)
    return recorder


def record(
    Slab slab not None,
    int process,
    int thread,
    int role,
    int outcome,
    int tenant,
    *,
    int64_t intended_ns,
    int64_t started_ns,
    int64_t ended_ns,
):
    """Record one request that the caller timed; it must be the only writer of that lane.

    Response time is `ended_ns` - `intended_ns`, service time `ended_ns` - `started_ns`; below 0
    counts as 0, above 60 s as 60 s and as overflow. IndexError for anything the slab has not.
    """
    check("process", process, slab.layout.procs)
    check("thread", thread, slab.layout.threads)
    check("role", role, ROLES_N)
    check("outcome", outcome, OUTCOMES_N)
    check("tenant", tenant, slab.layout.tenants)
    cdef Recorder recorder = recorder_for(slab, process, thread, role)
    if recorder.counters.first_start_ns == 0:
        recorder.counters.first_start_ns = started_ns
        recorder.counters.start_lag_ns = started_ns - intended_ns
    recorder.counters.started += 1
    record_request(&recorder, outcome, tenant, intended_ns, started_ns, ended_ns)
