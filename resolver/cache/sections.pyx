"""What a process does with the region: the sections of the C core, tried and waited for.

A section is tried with the GIL and, if its lock is busy, waited for without it: who waits for a
lock with the GIL while the lock's owner waits for the GIL, waits for ever.
"""

from cpython.exc cimport PyErr_CheckSignals
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memcpy

from resolver.cache cimport core
from resolver.cache.core cimport call_state, load_outcome
from resolver.cache.region cimport Region

from resolver.errors import ResolverError, ResolveTimeout, TenantNotFound


cdef extern from "<unistd.h>" nogil:
    int gettid()
    int usleep(unsigned int microseconds)

cdef int64_t SLICE_NS = 9_000_000  # less than the core's slice of waiting: it was slept through

_OUTCOMES = (
    ("hits_l1", core.COUNT_L1_HITS), ("hits_l2", core.COUNT_L2_HITS), ("misses", core.COUNT_MISSES),
    ("waits", core.COUNT_WAITS), ("negatives", core.COUNT_NEGATIVES), ("failed", core.COUNT_FAILED),
)
_EVENTS = (
    ("loads", core.COUNT_LOADS), ("takeovers", core.COUNT_TAKEOVERS),
    ("invalidations", core.COUNT_INVALIDATIONS), ("repairs", core.COUNT_REPAIRS),
    ("evictions", core.COUNT_EVICTIONS), ("uncacheable", core.COUNT_UNCACHEABLE),
    ("deposed", core.COUNT_DEPOSED), ("revoked", core.COUNT_REVOKED),
    ("query_ns", core.COUNT_QUERY_NS), ("decryption_ns", core.COUNT_DECRYPTION_NS),
)

core.crc32c_prepare()


cdef class RegionUser:
    """One process's use of a region: its worker row, and the sections as methods."""

    scope = "host"

    def __cinit__(self, *_arguments, Region region=None, **_others):
        self.region = region if region is not None else Region()
        self.view = &self.region.view

    cdef int attach(self) except -1:
        """A row of this process's own, at its first call and at the first one after a fork."""
        cdef int taken
        if self.view.counters == NULL:
            taken = core.register_worker(self.view)
            if taken != core.LOCKED:
                must_have_locked(core.section_failure(taken))
        return 0

    cdef int prepare(self, call_state *call, str tenant_id) except -1:
        """The id in UTF-8 and its hashes. TenantNotFound where it cannot be a tenant's."""
        cdef Py_ssize_t length = 0
        cdef const char *text = NULL
        try:
            text = PyUnicode_AsUTF8AndSize(tenant_id, &length)
        except UnicodeEncodeError:
            pass
        if length == 0 or length > core.MAX_KEY or memchr(text, 0, length) != NULL:
            raise TenantNotFound(f"{tenant_id[:40]!a} cannot be the id of a tenant")
        call.key = <const uint8_t *>text
        call.key_length = length
        call.hash = core.keyed_hash(self.view.header.seed, call.key, length)
        call.second_hash = 0         # a hit needs none
        call.proven_dead = 0
        return 0

    cdef void prepare_negative(self, call_state *call) noexcept:
        """The second hash, by which not-found is kept: two ids with equal pairs do not occur."""
        call.second_hash = core.keyed_hash(self.view.header.nonce, call.key, call.key_length)

    cdef int read(self, call_state *call, int64_t now_ns) noexcept:
        """Looks into the region without a lock; core.RECORD_FOUND or not."""
        return core.read_record(self.view, call.hash, call.key, call.key_length, now_ns,
                                &call.record)

    cdef int begin(self, call_state *call) except -1:
        cdef int state
        call.thread = gettid()
        state = core.begin(self.view, call, False)
        if state == core.SECTION_BUSY:
            with nogil:
                state = core.begin(self.view, call, True)
        return must_have_locked(state)

    cdef int commit(self, call_state *call, load_outcome *outcome) except -1:
        cdef int state = core.commit(self.view, call, outcome, False)
        if state == core.SECTION_BUSY:
            with nogil:
                state = core.commit(self.view, call, outcome, True)
        return must_have_locked(state)

    cdef int abandon(self, call_state *call) except -1:
        """Gives a lease back without having loaded."""
        cdef load_outcome outcome
        outcome.kind = core.OUTCOME_ABANDONED
        return self.commit(call, &outcome)

    cdef int wait(self, call_state *call) except -1:
        """A slice of waiting for another's load; then looks whether its process still lives."""
        cdef int64_t before_ns = core.precise_ns()
        cdef bint dead = False
        with nogil:
            core.wait_for_leader(call)
            if core.precise_ns() - before_ns > SLICE_NS:
                dead = core.owner_dead(self.view, call.owner_row, call.owner_incarnation)
        call.proven_dead = call.lease_id if dead else 0
        PyErr_CheckSignals()
        return 0

    cdef int pause(self) except -1:
        """All leases of the bank are in use, and there is no load without one: wait."""
        with nogil:
            usleep(1000)
        PyErr_CheckSignals()
        return 0

    def invalidate(self, str tenant_id not None):
        """Forget one tenant, in every process, before this returns."""
        cdef call_state call
        cdef int state
        self.attach()
        try:
            self.prepare(&call, tenant_id)
        except TenantNotFound:
            return
        self.prepare_negative(&call)
        state = core.invalidate(self.view, &call, False)
        if state == core.SECTION_BUSY:
            with nogil:
                state = core.invalidate(self.view, &call, True)
        must_have_locked(state)

    def invalidate_all(self):
        """Forget every tenant, in every process, before this returns."""
        cdef int state
        self.attach()
        with nogil:
            state = core.invalidate_all(self.view)
        must_have_locked(state)

    def statistics(self):
        """Counters summed over all processes that ever used the region, and what it holds now."""
        cdef core.occupancy now
        with nogil:
            core.survey(self.view, core.precise_ns(), &now)
        stats = {name: self.total(counter) for name, counter in _OUTCOMES + _EVENTS}
        stats["hits"] = stats["hits_l1"] + stats["hits_l2"]
        stats["requests"] = sum(stats[name] for name, _ in _OUTCOMES)
        return stats | {
            "active_entries": now.active,
            "expired_entries": now.expired,
            "negative_entries": now.negatives,
            "loads_in_flight": now.held,
            "capacity": self.region.slots,
            "scope": self.scope,
        }

    cdef uint64_t total(self, int counter):
        cdef uint64_t total = 0
        cdef int row
        for row in range(core.WORKER_ROWS):
            total += self.view.rows[row].counters[counter]
        return total

    def audit(self):
        """Whether the region is whole: index words, used slots, what does not fit (is 0)."""
        cdef core.audit_result found
        self.attach()
        with nogil:
            core.audit(self.view, &found)
        return found


cdef int must_have_locked(int state) except -1:
    """The state of a section, or the typed error of one that did not get its lock."""
    if state == core.SECTION_TIMED_OUT:
        raise ResolveTimeout("a lock of the cache was not free within 1 s: its owner is stopped")
    if state == core.SECTION_UNUSABLE:
        raise ResolverError("a lock of the cache is unusable")
    return state


def keyed_hash(bytes seed not None, bytes data not None):
    """SipHash-1-3 under a seed of 16 bytes, as the region uses it."""
    cdef uint64_t key[2]
    if len(seed) != 16:
        raise ValueError("a seed has 16 bytes")
    memcpy(key, <const char *>seed, 16)
    return core.keyed_hash(key, data, len(data))


def checksum(bytes data not None):
    """CRC-32C without the final inversion, as the slots hold it."""
    return core.crc32c(0xffffffff, data, len(data))


def arm(str point not None, int signal, int skip=0):
    """In a debug build: this process sends itself `signal` at the named kill point. Else False."""
    return bool(core.arm_kill_point(point.encode(), signal, skip))
