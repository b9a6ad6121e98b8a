from libc.stdint cimport int32_t, int64_t, uint64_t

from _timing.layout cimport LaneRecord
from _timing.plan cimport Plan
from _timing.recording cimport Recorder
from _timing.slab cimport Slab


cdef class Lane:
    cdef readonly Slab slab
    cdef readonly int process
    cdef readonly int thread
    cdef int number                  # of all lanes of this process, never 0
    cdef LaneRecord* record
    cdef int64_t loads               # made by this lane's thread while it ran requests

    # The sequence; another array is read from its beginning.
    cdef object keys
    cdef const int32_t[::1] sequence_memory
    cdef const int32_t* sequence
    cdef Py_ssize_t sequence_length
    cdef Py_ssize_t position

    # The run in progress.
    cdef bint running
    cdef bint in_main_thread
    cdef Plan plan
    cdef Recorder recorder
    cdef int64_t left                # requests still to do; negative: no limit
    cdef int64_t start_ns
    cdef int64_t end_ns
    cdef int64_t loads_before        # the request in flight

    # Giving way, and telling waiting from work.
    cdef int64_t quantum_ns
    cdef int64_t gave_way_ns
    cdef int64_t base_ns             # wall and thread CPU clock, read together
    cdef int64_t base_cpu_ns
    cdef int64_t cpu_offset_ns       # the role's CPU time less the thread's

    cdef int loop(self) except -1
    cdef int failed(self, object error) except -1
    cdef int finish(self, int index, int code, int64_t started, int64_t ended) except -1
    cdef void attribute(self, int outcome, int64_t sample) noexcept
    cdef int give_way(self) except -1
    cdef void read_clocks(self) noexcept
    cdef int take(self, object keys) except -1
    cdef uint64_t finished(self) noexcept
