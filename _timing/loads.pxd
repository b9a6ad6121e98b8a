from libc.stdint cimport int64_t

cdef int64_t* count_loads_in(int64_t* counter) noexcept
