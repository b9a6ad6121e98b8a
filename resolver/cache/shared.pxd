from libc.stdint cimport int64_t, uint64_t

from resolver.cache.core cimport (
    call_state,
    load_outcome,
    process_state,
    record_copy,
    region_view,
)
from resolver.cache.region cimport Region
from resolver.cache.result cimport ResolvedTenant, Source


cdef class SharedCache:
    cdef readonly Region region
    cdef process_state process
    cdef region_view *view
    cdef object load
    cdef int64_t call_limit_ns
    cdef bint closed

    cdef ResolvedTenant slow(self, object tenant_id)
    cdef ResolvedTenant find(self, str tenant_id)
    cdef ResolvedTenant recheck(self, str tenant_id, int64_t now_ns)
    cdef ResolvedTenant go_round(self, str tenant_id, call_state *call, int64_t started_ns)
    cdef ResolvedTenant load_once(self, str tenant_id, call_state *call)
    cdef object run_loader(self, str tenant_id, load_outcome *outcome)
    cdef ResolvedTenant answer(self, str tenant_id, call_state *call, bytes value, Source source,
                               bint from_load)
    cdef int64_t lifetime(self, call_state *call)
    cdef int begin(self, call_state *call) except -1
    cdef int commit(self, call_state *call, load_outcome *outcome) except -1
    cdef int abandon(self, call_state *call) except -1
    cdef int wait(self, call_state *call) except -1
    cdef int pause(self) except -1
    cdef int attach(self) except -1
    cdef int prepare(self, call_state *call, str tenant_id) except -1
    cdef uint64_t total(self, int counter)
