from libc.stdint cimport int64_t, uint64_t


cdef class HistogramSum:
    cdef object array
    cdef int64_t[::1] counts
    cdef int figures
    cdef bint empty
    cdef int64_t least
    cdef int64_t greatest
    cdef int64_t overflow
    cdef readonly int64_t total_ns

    cdef void add(
        self, uint64_t marked, const int64_t* counts, int64_t least, int64_t greatest
    ) noexcept
    cdef object histogram(self)
    cdef object shifted(self, HistogramSum shifts)
