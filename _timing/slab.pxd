from libc.stdint cimport int64_t

from _timing.layout cimport Gate, Header, LaneRecord, Layout, LoadCell, Meta, TenantCell
from _timing.sums cimport HistogramSum


cdef class Slab:
    cdef readonly Layout layout
    cdef object view                 # keeps the caller's memory alive
    cdef char* base
    cdef Header* head

    cdef Gate* gate(self, int index) except NULL
    cdef LaneRecord* lane(self, Py_ssize_t process, Py_ssize_t thread) noexcept nogil
    cdef LoadCell* load_cell(self, Py_ssize_t tenant) noexcept nogil
    cdef Meta* meta(self, Py_ssize_t process, Py_ssize_t index) noexcept nogil
    cdef int64_t* counts(self, Py_ssize_t process, Py_ssize_t index) noexcept nogil
    cdef TenantCell* tenant_cell(self, Py_ssize_t process, Py_ssize_t tenant) noexcept nogil
    cdef int64_t* tenant_counts(self, Py_ssize_t process, Py_ssize_t tenant) noexcept nogil
    cdef char* process_part(self, Py_ssize_t process) noexcept nogil
    cdef HistogramSum _sum(self, int role, outcomes, processes, int kind)
    cdef _processes(self, processes)
    cdef _live(self, shape, dtype, Py_ssize_t offset, strides)


cdef int check(name, Py_ssize_t index, Py_ssize_t count) except -1
