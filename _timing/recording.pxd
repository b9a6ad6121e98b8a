# Recording one request: one writer per lane for the counters, the GIL of the process for the rest.
# Nothing here calls Python, so a record is whole for every other thread of the process.

from libc.stdint cimport int64_t, uint64_t

from _timing.histogram cimport HIGHEST_VALUE, INDEX_COUNT, counts_index, leading_zeros
from _timing.layout cimport (
    ERROR_CODE,
    HIT_CODE,
    MISS_CODE,
    TENANT_HISTOGRAM_BYTES,
    Meta,
    RoleCounters,
    TenantCell,
)
from _timing.slab cimport Slab

cdef extern from *:
    bint expect "__builtin_expect"(bint condition, bint value) noexcept nogil

cdef enum:
    PAGE_SHIFT = 9                   # 512 counters a page


# Where one lane records while it runs one role.
cdef struct Recorder:
    RoleCounters* counters
    int kinds
    Meta* metas                      # of the role: outcome-major, then kind
    int64_t* counts                  # INDEX_COUNT each, in the order of metas
    Meta* shift_meta
    int64_t* shifts
    TenantCell* cells                # NULL: this role is not kept by tenant
    char* tenant_counts              # NULL: too many tenants for a histogram each


cdef inline int64_t counts_index_2(int64_t value) noexcept nogil:
    """Counter of a value at 2 significant figures: 256 sub-buckets, then 128 a doubling."""
    cdef int shift = 56 - leading_zeros(<unsigned long long>value | 255)
    return (<int64_t>shift << 7) + (value >> shift)


cdef inline void mark(uint64_t* marked, int64_t index) noexcept nogil:
    # Marked before it is counted: a reader may look at an empty page, never miss a full one.
    cdef uint64_t bit = <uint64_t>1 << (index >> PAGE_SHIFT)
    if expect(not marked[0] & bit, 0):
        marked[0] |= bit


cdef inline void record_value(Meta* meta, int64_t* counts, int64_t value) noexcept nogil:
    cdef int64_t index
    if expect(value > HIGHEST_VALUE, 0):
        value = HIGHEST_VALUE
        meta.overflow += 1
    if expect(value < 0, 0):
        value = 0
    index = counts_index(value)
    if expect(not meta.marked, 0):
        meta.min_ns = value
        meta.max_ns = value
    mark(&meta.marked, index)
    counts[index] += 1
    meta.sum_ns += value
    if value < meta.min_ns:
        meta.min_ns = value
    if value > meta.max_ns:
        meta.max_ns = value


cdef inline void record_tenant(
    TenantCell* cell, int64_t* counts, int outcome, int64_t value
) noexcept nogil:
    cdef int64_t index
    cell.requests += 1
    if outcome == HIT_CODE:
        cell.hits += 1
    elif outcome == MISS_CODE:
        cell.misses += 1
    elif outcome == ERROR_CODE:
        cell.failed += 1
    if value > cell.max_ns:
        cell.max_ns = value
    if counts == NULL:
        return
    if expect(value > HIGHEST_VALUE, 0):
        value = HIGHEST_VALUE
        cell.overflow += 1
    if expect(value < 0, 0):
        value = 0
    index = counts_index_2(value)
    if expect(not cell.marked, 0) or value < cell.min_ns:
        cell.min_ns = value
    mark(&cell.marked, index)
    counts[index] += 1


cdef inline void record_shift(Recorder* recorder, int64_t sample, int64_t own) noexcept nogil:
    # Moves one hit from its caller's time to the target's own time.
    cdef Meta* meta = recorder.shift_meta
    cdef int64_t source = counts_index(min(sample, HIGHEST_VALUE))
    cdef int64_t goal = counts_index(own)
    if source == goal:
        return
    if not meta.marked:
        meta.min_ns = own
        meta.max_ns = own
    mark(&meta.marked, source)
    mark(&meta.marked, goal)
    recorder.shifts[goal] += 1
    recorder.shifts[source] -= 1
    meta.min_ns = min(meta.min_ns, own)
    meta.max_ns = max(meta.max_ns, own)


# Response time runs from the intended start, service time from the actual one. A closed loop
# intends to start when it starts: there one kind is kept.
cdef inline void record_request(
    Recorder* recorder, int outcome, int tenant, int64_t intended, int64_t started, int64_t ended
) noexcept nogil:
    cdef int slot = outcome * recorder.kinds
    cdef int64_t response = ended - intended
    recorder.counters.outcomes[outcome] += 1
    recorder.counters.last_end_ns = ended
    record_value(recorder.metas + slot, recorder.counts + slot * INDEX_COUNT, response)
    if recorder.kinds > 1:
        slot += 1
        record_value(recorder.metas + slot, recorder.counts + slot * INDEX_COUNT, ended - started)
    if recorder.cells != NULL:
        record_tenant(
            recorder.cells + tenant,
            NULL if recorder.tenant_counts == NULL
            else <int64_t*>(recorder.tenant_counts + <Py_ssize_t>tenant * TENANT_HISTOGRAM_BYTES),
            outcome,
            response,
        )


cdef Recorder recorder_for(Slab slab, int process, int thread, int role) noexcept
