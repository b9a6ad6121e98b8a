from libc.stdint cimport int64_t, uint64_t

from _timing.layout cimport LoadCell

cdef enum:
    OUTCOME_BITS = 7
    OBJECT_BIT = 8
    FIELDS_BIT = 16
    WRONG_BIT = 32
    INVENTED_BIT = 64
    TORN_BIT = 128
    SLOW_CALL_NS = 50_000            # a call that waited for another's load took longer than this


cdef class Fields:
    cdef object kind
    cdef object tenant_id
    cdef object url
    cdef object version


cdef class Plan:
    cdef readonly object operation
    cdef readonly object judge
    cdef readonly tuple ids
    cdef readonly bint has_tenant_id
    cdef readonly bint has_url
    cdef readonly bint has_version
    cdef readonly bint says_source
    cdef readonly bint says_cache_hit
    cdef bint compares               # the answers have a field to compare
    cdef list objects                # by tenant: the answer known by identity, or NOTHING
    cdef list outcomes               # by tenant: that answer's outcome, or INFER
    cdef list fields                 # by tenant: the Fields known to be right, or None

    cdef int settle(
        self,
        int index,
        object answer,
        LoadCell* cell,
        int64_t loads,
        int64_t started,
        int64_t ended,
    ) except -1
    cdef int fail(
        self, int index, object error, int64_t loads, int64_t started, int64_t ended
    ) except -1
    cdef int ask(
        self, int index, object answer, int64_t loads, int64_t started, int64_t ended
    ) except -1
    cdef bint same(self, Fields known, object answer) except -1
    cdef int outcome_of(
        self, object answer, LoadCell* cell, int64_t loads, int64_t started, int64_t ended
    ) except -1
    cdef Fields fields_of(self, object answer)
