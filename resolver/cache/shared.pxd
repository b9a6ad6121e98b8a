from libc.stdint cimport int64_t

from resolver.cache.core cimport call_state, load_outcome, process_state
from resolver.cache.result cimport ResolvedTenant, Source
from resolver.cache.sections cimport RegionUser


cdef class SharedCache(RegionUser):
    cdef process_state process
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
