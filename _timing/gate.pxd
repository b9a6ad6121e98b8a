from libc.stdint cimport int64_t, uint32_t

from _timing.slab cimport Slab

cdef bint in_main_thread() except -1
cdef int sleep_until(Slab slab, int64_t instant_ns) except -1
cdef int64_t wait_open(Slab slab, int gate) except? -2
cdef int wait_done(Slab slab, int gate, uint32_t lanes) except -1
