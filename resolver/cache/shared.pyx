"""The cache of a host: L1 in the process, L2 in the region, one load at a time for each tenant.

The hit path is `resolve`; the rest is the slow path, in the order in which a miss goes through it.
"""

cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free

from resolver.cache cimport core
from resolver.cache.core cimport call_state, load_outcome, process_state
from resolver.cache.l1 cimport l1_find, l1_keep
from resolver.cache.region cimport Region
from resolver.cache.result cimport (
    LEVEL_DB,
    LEVEL_L1,
    LEVEL_L2,
    SOURCE_HIT,
    SOURCE_MISS,
    SOURCE_WAIT,
    ResolvedTenant,
    Source,
    new_result,
)
from resolver.cache.sections cimport RegionUser

from resolver.errors import (
    ControlPlaneUnavailable,
    CredentialsError,
    RecursiveLoad,
    ResolverClosed,
    ResolverError,
    ResolveTimeout,
    TenantInactive,
    TenantNotFound,
)

# How long the coarse clock may be trusted: an entry marks its slot as used once a second, and the
# last 250 ms before its deadline are decided by the precise clock.
cdef int64_t CHECK_EVERY_NS = 1_000_000_000
cdef int64_t PRECISE_BEFORE_NS = 250_000_000

# What a shared error's code means; 0 is none.
_SHARED_ERRORS = (None, ControlPlaneUnavailable, CredentialsError, ResolverError)


@cython.final
cdef class SharedCache(RegionUser):
    """One cache for all processes that are forked after it was made.

    load(tenant_id) -> resolver.record.Loaded, or TenantNotFound, TenantInactive, another error.
    Times in nanoseconds; call_limit_ns: the age at which a call that still has no answer gives up.
    """

    def __cinit__(self, load, *, int64_t ttl_ns, int64_t negative_ttl_ns, int64_t error_ttl_ns,
                  int64_t lease_ns, int64_t call_limit_ns, int64_t jitter_ppm=0,
                  Region region=None):
        self.load = load
        self.call_limit_ns = call_limit_ns
        header = self.view.header
        header.ttl_ns = ttl_ns
        header.negative_ttl_ns = negative_ttl_ns
        header.error_ttl_ns = error_ttl_ns
        header.lease_ns = lease_ns
        header.jitter_ppm = jitter_ppm
        if core.adopt_process(&self.process, self.view, self.region.slots // 2):
            raise MemoryError()

    def __dealloc__(self):
        core.abandon_process(&self.process)
        drop_entries(&self.process)

    @cython.binding(False)
    def resolve(self, tenant_id):
        """The tenant's record, from this process, from the region or by a load."""
        cdef PyObject *found
        if type(tenant_id) is str:
            found = l1_find(&self.process, <str>tenant_id, hash(tenant_id))
            if found != NULL:
                entry = <ResolvedTenant>found
                if (core.epoch_now(entry.epoch_at) == entry.epoch
                        and core.coarse_ns() < entry.check_at_ns):
                    # Plain: the row is this process's own, and the GIL is held.
                    self.view.counters[core.COUNT_L1_HITS] += 1
                    return entry
        return self.slow(tenant_id)

    cdef ResolvedTenant slow(self, object tenant_id):
        """Any call that is no plain hit; counts what became of it, as its last step."""
        cdef ResolvedTenant result
        cdef int outcome = core.COUNT_FAILED
        self.attach()
        try:
            if self.closed:
                raise ResolverClosed("the resolver is closed")
            if not isinstance(tenant_id, str):
                raise TypeError(f"a tenant id is a str, not {type(tenant_id).__name__}")
            result = self.find(tenant_id if type(tenant_id) is str else str.__str__(tenant_id))
            if result.source_code == SOURCE_MISS:
                outcome = core.COUNT_MISSES
            elif result.source_code == SOURCE_WAIT:
                outcome = core.COUNT_WAITS
            else:
                outcome = core.COUNT_L2_HITS
                if result.level_code == LEVEL_L1:
                    outcome = core.COUNT_L1_HITS
            return result
        except (TenantNotFound, TenantInactive):
            outcome = core.COUNT_NEGATIVES
            raise
        finally:
            core.count(self.view, outcome, 1)

    cdef ResolvedTenant find(self, str tenant_id):
        cdef call_state call
        cdef int64_t now_ns
        self.prepare(&call, tenant_id)
        now_ns = core.precise_ns()
        result = self.recheck(tenant_id, now_ns)
        if result is not None:
            return result
        if self.read(&call, now_ns) == core.RECORD_FOUND:
            return self.answer(tenant_id, &call, None, SOURCE_HIT, False)
        return self.go_round(tenant_id, &call, now_ns)

    cdef ResolvedTenant recheck(self, str tenant_id, int64_t now_ns):
        """The L1 entry by the precise clock: its check time may have passed, its deadline not."""
        cdef ResolvedTenant entry
        cdef PyObject *found = l1_find(&self.process, tenant_id, hash(tenant_id))
        if found == NULL:
            return None
        entry = <ResolvedTenant>found
        if core.epoch_now(entry.epoch_at) != entry.epoch or now_ns >= entry.deadline_ns:
            return None
        # Without this the busiest tenants, which live in L1, look unused in the region.
        self.view.marks[entry.mark] = 1
        entry.check_at_ns = min(now_ns + CHECK_EVERY_NS, entry.deadline_ns - PRECISE_BEFORE_NS)
        return entry

    cdef ResolvedTenant go_round(self, str tenant_id, call_state *call, int64_t started_ns):
        """A miss: load, wait, or learn that there is nothing; again until there is an answer."""
        cdef ResolvedTenant result
        cdef bint waited = False, loaded = False
        cdef int state
        self.prepare_negative(call)
        while True:
            state = self.begin(call)
            if state == core.BEGIN_FOUND:
                return self.answer(
                    tenant_id, call, None,
                    SOURCE_MISS if loaded else SOURCE_WAIT if waited else SOURCE_HIT, False,
                )
            if state == core.BEGIN_NOT_FOUND:
                raise TenantNotFound(f"no tenant {tenant_id!r}")
            if state == core.BEGIN_INACTIVE:
                raise TenantInactive(f"tenant {tenant_id!r} is not active")
            if state == core.BEGIN_SHARED_ERROR:
                raise _SHARED_ERRORS[call.error](
                    f"the load of tenant {tenant_id!r} failed a moment ago, in another call"
                )
            if state == core.BEGIN_RECURSIVE:
                raise RecursiveLoad(f"the load of tenant {tenant_id!r} asks for the tenant itself")
            if core.precise_ns() - started_ns > self.call_limit_ns:
                if state == core.BEGIN_GRANTED:
                    self.abandon(call)
                raise ResolveTimeout(
                    f"tenant {tenant_id!r}: no answer within {self.call_limit_ns / 1e9:.3g} s"
                )
            if state == core.BEGIN_GRANTED:
                loaded = True
                result = self.load_once(tenant_id, call)
                if result is not None:
                    return result
            else:
                waited = waited or state == core.BEGIN_HELD
                self.wait(call) if state == core.BEGIN_HELD else self.pause()

    cdef ResolvedTenant load_once(self, str tenant_id, call_state *call):
        """A load under the lease just granted. None: deposed meanwhile, nothing was kept."""
        cdef load_outcome outcome
        cdef int ended
        call.load_start_ns = core.precise_ns()
        core.count(self.view, core.COUNT_LOADS, 1)
        outcome.inactive = outcome.error = 0
        value = self.run_loader(tenant_id, &outcome)
        if outcome.kind == core.OUTCOME_RECORD:
            outcome.record.load_start_ns = call.load_start_ns
            outcome.record.deadline_ns = call.load_start_ns + self.lifetime(call)
            if call.key_length + outcome.record.value_length > core.PAYLOAD:
                outcome.kind = core.OUTCOME_UNCACHEABLE
                core.count(self.view, core.COUNT_UNCACHEABLE, 1)
            elif self.view.header.ttl_ns == 0:
                outcome.kind = core.OUTCOME_UNCACHEABLE
        ended = self.commit(call, &outcome)
        if isinstance(value, BaseException):
            if ended == core.COMMIT_DEPOSED and outcome.kind != core.OUTCOME_ABANDONED:
                return None
            raise value
        if ended == core.COMMIT_DEPOSED:
            return None
        call.record.version = outcome.record.version
        call.record.load_start_ns = outcome.record.load_start_ns
        call.record.deadline_ns = outcome.record.deadline_ns
        if ended == core.COMMIT_PUBLISHED:
            return self.answer(tenant_id, call, value, SOURCE_MISS, True)
        return new_result(tenant_id, value, call.record.version, call.record.load_start_ns,
                          call.record.deadline_ns, SOURCE_MISS, LEVEL_DB)

    cdef object run_loader(self, str tenant_id, load_outcome *outcome):
        """The value that the loader gave, or the exception it raised; fills in the outcome.

        Nothing may fail between here and the commit: the lease would stay.
        """
        cdef bytes value
        try:
            loaded = self.load(tenant_id)
            value = loaded.value
            outcome.record.version = loaded.version
            outcome.record.value = value
            outcome.record.value_length = min(len(value), core.PAYLOAD + 1)
            core.count(self.view, core.COUNT_QUERY_NS, loaded.query_ns)
            core.count(self.view, core.COUNT_DECRYPTION_NS, loaded.decryption_ns)
            outcome.kind = core.OUTCOME_RECORD
            return value
        except (TenantNotFound, TenantInactive) as found:
            outcome.kind = core.OUTCOME_NOT_FOUND
            outcome.inactive = isinstance(found, TenantInactive)
            return found
        except Exception as failure:
            outcome.kind = core.OUTCOME_ERROR
            outcome.error = 3
            for code in (1, 2):
                if isinstance(failure, _SHARED_ERRORS[code]):
                    outcome.error = code
            return failure
        except BaseException as interrupt:
            # Ctrl-C says nothing about the tenant: whoever waits loads for itself.
            outcome.kind = core.OUTCOME_ABANDONED
            return interrupt

    cdef ResolvedTenant answer(self, str tenant_id, call_state *call, bytes value, Source source,
                               bint from_load):
        """Puts the record into L1 and returns an answer of this call's own."""
        cdef ResolvedTenant entry
        if value is None:
            value = (<const uint8_t *>call.record.payload)[
                call.key_length:call.key_length + call.record.value_length]
        if self.view.counters != NULL and self.view.row != core.SHARED_ROW:
            entry = new_result(tenant_id, value, call.record.version, call.record.load_start_ns,
                               call.record.deadline_ns, SOURCE_HIT, LEVEL_L1)
            entry.epoch_at = core.epoch_of(self.view, call.hash)
            entry.epoch = call.record.epoch
            entry.mark = call.record.mark
            entry.check_at_ns = min(core.coarse_ns() + CHECK_EVERY_NS,
                                    entry.deadline_ns - PRECISE_BEFORE_NS)
            l1_keep(&self.process, entry, hash(tenant_id))
        return new_result(tenant_id, value, call.record.version, call.record.load_start_ns,
                          call.record.deadline_ns, source, LEVEL_DB if from_load else LEVEL_L2)

    cdef int64_t lifetime(self, call_state *call):
        """TTL of one record: shortened by up to the jitter, at random."""
        cdef int64_t ttl_ns = self.view.header.ttl_ns
        cdef int64_t jitter_ppm = self.view.header.jitter_ppm
        cdef uint64_t random, this_load
        if jitter_ppm == 0:
            return ttl_ns
        this_load = call.hash ^ call.lease_id  # each bank counts its leases from 1
        random = core.keyed_hash(self.view.header.seed, <const uint8_t *>&this_load, 8)
        return ttl_ns - <int64_t>(<double>ttl_ns * jitter_ppm * 1e-6 * (random >> 11) / 2.0**53)

    @property
    def l1_entries(self):
        """Answers that this process holds, live or not."""
        return self.process.entries

    def close(self):
        """End this process's use of the cache; others go on. May be called again."""
        self.closed = True
        drop_entries(&self.process)


cdef void drop_entries(process_state *process) noexcept:
    cdef core.l1_line *lines = process.lines
    cdef uint64_t line, count = process.mask + 1
    cdef int way
    process.lines = core.no_lines
    process.mask = 1
    process.entries = 0
    if lines == core.no_lines or lines == NULL:
        return
    for line in range(count):
        for way in range(core.L1_WAYS):
            if lines[line].entry[way] != NULL:
                Py_DECREF(<object>lines[line].entry[way])
    free(lines)
