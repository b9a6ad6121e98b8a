from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum Source:
    SOURCE_HIT
    SOURCE_MISS
    SOURCE_WAIT

cdef enum Level:
    LEVEL_L1
    LEVEL_L2
    LEVEL_DB


cdef class ResolvedTenant:
    cdef readonly str tenant_id
    cdef bytes value
    cdef object place                # the URL, once somebody has asked for it
    cdef readonly int64_t version
    cdef int64_t load_start_ns, deadline_ns
    # Of an L1 entry only: its epoch, and when the fast path must stop trusting the coarse clock.
    cdef const uint64_t *epoch_at
    cdef uint64_t epoch
    cdef int64_t check_at_ns
    cdef uint32_t mark
    cdef uint8_t source_code, level_code

cdef ResolvedTenant new_result(str tenant_id, bytes value, int64_t version, int64_t load_start_ns,
                               int64_t deadline_ns, Source source, Level level)
