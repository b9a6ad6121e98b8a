# A process's table of answers, looked up by the str's own hash. Everything here runs under the GIL.
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint64_t

from resolver.cache.core cimport L1_WAYS, grow_lines, l1_line, no_lines, process_state
from resolver.cache.result cimport ResolvedTenant


cdef inline PyObject *in_line(l1_line *line, str tenant_id, int64_t hashed) noexcept:
    cdef int way
    for way in range(L1_WAYS):
        if line.hash[way] == hashed and line.entry[way] != NULL:
            if (<ResolvedTenant>line.entry[way]).tenant_id == tenant_id:
                return <PyObject *>line.entry[way]
    return NULL


# A borrowed reference to the entry of this tenant, live or not; NULL: there is none.
cdef inline PyObject *l1_find(process_state *state, str tenant_id, int64_t hashed) noexcept:
    cdef uint64_t home = <uint64_t>hashed & state.mask
    cdef PyObject *found = in_line(state.lines + home, tenant_id, hashed)
    if found == NULL:
        found = in_line(state.lines + (home ^ 1), tenant_id, hashed)
    return found


# The place of an entry of this tenant, or an empty one near its home; -1: both lines are full.
cdef inline int place_in(l1_line *line, str tenant_id, int64_t hashed) noexcept:
    cdef int way, free = -1
    for way in range(L1_WAYS):
        if line.entry[way] == NULL:
            if free < 0:
                free = way
        elif line.hash[way] == hashed:
            if (<ResolvedTenant>line.entry[way]).tenant_id == tenant_id:
                return way
    return free


# Takes the entry in, in place of the tenant's old one, growing the table up to its bound; at the
# bound another tenant's entry goes.
cdef inline void l1_keep(process_state *state, ResolvedTenant entry, int64_t hashed) noexcept:
    cdef l1_line *line
    cdef PyObject *old
    cdef int way = -1
    cdef uint64_t home
    while True:
        home = <uint64_t>hashed & state.mask
        if state.lines != no_lines:
            if in_line(state.lines + (home ^ 1), entry.tenant_id, hashed) == NULL:
                line = state.lines + home
                way = place_in(line, entry.tenant_id, hashed)
            if way < 0:
                line = state.lines + (home ^ 1)
                way = place_in(line, entry.tenant_id, hashed)
            if way >= 0:
                break
        if not grow_lines(state):
            if state.lines == no_lines:
                return               # no memory for a table: every hit comes from the region
            line = state.lines + home
            way = state.victim % L1_WAYS
            state.victim += 1
            break
    old = <PyObject *>line.entry[way]
    Py_INCREF(entry)
    line.entry[way] = <void *><PyObject *>entry
    line.hash[way] = hashed
    if old == NULL:
        state.entries += 1
    else:
        Py_DECREF(<object>old)
