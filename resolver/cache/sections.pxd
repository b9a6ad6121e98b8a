from libc.stdint cimport int64_t, uint64_t

from resolver.cache.core cimport call_state, load_outcome, region_view
from resolver.cache.region cimport Region


cdef class RegionUser:
    cdef readonly Region region
    cdef region_view *view

    cdef int attach(self) except -1
    cdef int prepare(self, call_state *call, str tenant_id) except -1
    cdef void prepare_negative(self, call_state *call) noexcept
    cdef int read(self, call_state *call, int64_t now_ns) noexcept
    cdef int begin(self, call_state *call) except -1
    cdef int commit(self, call_state *call, load_outcome *outcome) except -1
    cdef int abandon(self, call_state *call) except -1
    cdef int wait(self, call_state *call) except -1
    cdef int pause(self) except -1
    cdef uint64_t total(self, int counter)
