"""A histogram's geometry: which counter a value belongs to. C only, for the modules that count.

Values are divided by the unit (the largest power of two not above the lowest discernible value).
The first `2 << half_magnitude` units have a counter each; above, every doubling has
`1 << half_magnitude` counters of equal width, which is what the significant figures need.
"""

from libc.limits cimport LLONG_MAX
from libc.stdint cimport int64_t

cdef extern from "counting.h":
    int64_t general_index "timing_index"(
        int64_t value, int unit_magnitude, int half_magnitude) noexcept nogil

cdef struct Geometry:
    int64_t highest
    int64_t index_count
    int unit_magnitude
    int half_magnitude


cdef inline Geometry make_geometry(int64_t lowest, int64_t highest, int figures) except *:
    """ValueError where no such histogram is possible."""
    cdef Geometry g
    cdef int64_t buckets = 1
    cdef int64_t beyond
    if not 1 <= figures <= 5:
        raise ValueError(f"significant_figures is {figures}; 1 to 5 are possible")
    if lowest < 1:
        raise ValueError("lowest_discernible_value must be at least 1")
    if highest // 2 < lowest:
        raise ValueError("highest_trackable_value must be at least 2 * lowest_discernible_value")
    # Sub-buckets: the smallest power of two that tells 2 * 10**figures units apart.
    g.half_magnitude = (2 * 10 ** int(figures) - 1).bit_length() - 1
    g.unit_magnitude = int(lowest).bit_length() - 1
    if g.unit_magnitude + g.half_magnitude > 61:
        raise ValueError("so many significant figures above so large a lowest value exceed int64")
    beyond = (<int64_t>2 << g.half_magnitude) << g.unit_magnitude
    while beyond <= highest:
        buckets += 1
        if beyond > LLONG_MAX // 2:
            break
        beyond <<= 1
    g.highest = highest
    g.index_count = (buckets + 1) << g.half_magnitude
    return g


cdef inline int64_t clamped(const Geometry* g, int64_t value) noexcept nogil:
    return min(max(value, 0), g.highest)


cdef inline int64_t index_of(const Geometry* g, int64_t value) noexcept nogil:
    """Counter of a value in range."""
    return general_index(value, g.unit_magnitude, g.half_magnitude)


cdef inline int64_t doublings(const Geometry* g, int64_t index) noexcept nogil:
    """How often a counter's width doubled above the unit."""
    cdef int64_t row = (index >> g.half_magnitude) - 1
    return row if row > 0 else 0


cdef inline int64_t lowest_of(const Geometry* g, int64_t index) noexcept nogil:
    """Smallest value of a counter."""
    cdef int64_t shift = doublings(g, index)
    return (index - (shift << g.half_magnitude)) << shift << g.unit_magnitude


cdef inline int64_t highest_of(const Geometry* g, int64_t index) noexcept nogil:
    """Largest value of a counter; it may lie above the highest trackable one."""
    return lowest_of(g, index) + ((<int64_t>1 << (doublings(g, index) + g.unit_magnitude)) - 1)


cdef inline double middle_of(const Geometry* g, int64_t index) noexcept nogil:
    """HdrHistogram's median equivalent value: what a counter's values count as in a sum."""
    cdef int64_t width = <int64_t>1 << (doublings(g, index) + g.unit_magnitude)
    return <double>(lowest_of(g, index) + (width >> 1))
