"""HdrHistogram's log-linear layout as C, for the modules that record without a Python call.

A value up to SUB_BUCKETS - 1 has a counter of its own; above that each power of two is divided into
SUB_BUCKETS / 2 equal counters, so that a counter's width is never above 1/1000 of its values (three
significant figures). `counts_index` and the constants are for the default geometry (1 ns to 60 s,
three figures); the class holds any other.
"""

cimport cython
from libc.stdint cimport int64_t

from _timing.geometry cimport Geometry

cdef extern from *:
    int leading_zeros "__builtin_clzll"(unsigned long long) noexcept nogil

cdef enum:
    SUB_BUCKETS = 2048                  # smallest power of two not below 2 * 10**3
    HALF_MAGNITUDE = 10                 # log2(SUB_BUCKETS / 2)
    INDEX_COUNT = 27648                 # (25 doublings from 2048 to beyond 60e9, and 2) * 1024

cdef extern from *:
    """
    #define TIMING_HIGHEST_VALUE 60000000000LL
    """
    const int64_t HIGHEST_VALUE "TIMING_HIGHEST_VALUE"  # ns: the default's highest


cdef inline int64_t counts_index(int64_t value) noexcept nogil:
    """Counter of `value` in the default geometry; the caller has clamped it to 0..HIGHEST_VALUE."""
    cdef int shift
    if value < SUB_BUCKETS:
        return value
    shift = 63 - HALF_MAGNITUDE - leading_zeros(<unsigned long long>value)
    return (<int64_t>shift << HALF_MAGNITUDE) + (value >> shift)


cdef inline int64_t lowest_at(int64_t index) noexcept nogil:
    """Smallest value of the counter `index` in the default geometry."""
    cdef int64_t shift
    if index < SUB_BUCKETS:
        return index
    shift = (index >> HALF_MAGNITUDE) - 1
    return (index - (shift << HALF_MAGNITUDE)) << shift


@cython.final
cdef class Histogram:
    # A raw pointer for recording; the memoryview only keeps the memory alive.
    cdef int64_t* table
    cdef int64_t[::1] memory
    cdef object array
    cdef Geometry geometry
    cdef readonly int64_t lowest_discernible_value
    cdef readonly int64_t highest_trackable_value
    cdef readonly int significant_figures
    cdef readonly int64_t index_count
    cdef readonly int64_t total_count
    cdef readonly int64_t overflow
    cdef int64_t least
    cdef int64_t greatest

    cdef void survey(self) noexcept
    cdef void tally(self, int64_t value, int64_t count) noexcept nogil
