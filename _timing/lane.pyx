"""The measuring loop: one lane, a thread that asks, times, checks and records, again and again.

A request is: clock, call, clock; then its answer is checked and recorded, outside the timed part.

The lanes of a process share one GIL. A loop that never releases it lets one lane do all the work
over a compiled target and makes a load of 2 ms measure 45 ms; a release after every request costs
more than half of the throughput. So a lane *gives way* between two requests when it has held the
GIL for 100 µs: it releases, lets the scheduler choose (`sched_yield`), and where nobody took over
sleeps for an instant. A plain release hands over in 10 to 20 % of cases, `sched_yield` alone
starves waiters, a sleep alone costs a quarter of the throughput, a ticket queue was slower still.
Where nobody wants the GIL after the sleep either, the time doubles, up to 5 ms.

Whether another lane ran meanwhile is told by `owner`, a plain integer of the process: each lane
writes its number before the call and looks whether it still stands.
"""

import os
import threading

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint32_t, uint64_t

from _timing.atomics cimport load_i32, add_u32, load_u32, store_i32, store_u32
from _timing.clock cimport now_ns, sleep_to_ns, thread_cpu_now_ns
from _timing.gate cimport in_main_thread, sleep_until, wait_done, wait_open
from _timing.layout cimport HIT_CODE, OUTCOMES_N, ROLES_N
from _timing.layout cimport Header, LaneRecord, LoadCell, RoleCounters
from _timing.loads cimport count_loads_in
from _timing.plan cimport INVENTED_BIT, OUTCOME_BITS, TORN_BIT, WRONG_BIT, Plan
from _timing.recording cimport record_request, record_shift, recorder_for
from _timing.slab cimport Slab, check

from _timing.layout import IDLE, RUNNING, WAITING

cdef extern from "<sched.h>":
    int sched_yield() nogil

cdef extern from "Python.h":
    PyObject* tuple_item "PyTuple_GET_ITEM"(tuple, Py_ssize_t) noexcept

cdef enum:
    QUANTUM_NS = 100_000             # how long a lane may hold the GIL while others want it
    LONGEST_QUANTUM_NS = 5_000_000   # and while nobody does: CPython's own switch interval
    SLOW_NS = 50_000                 # above it the thread's CPU clock (0.5 µs) is worth reading

cdef int owner = 0
cdef int lanes_made = 0


@cython.final
cdef class Lane:
    """One thread's lane: the only writer of its record in the slab.

    Built in the process that uses it, after the fork; its methods are called by one thread.
    IndexError for a process or thread that the slab does not have.
    """

    def __init__(self, Slab slab not None, int process, int thread):
        global lanes_made
        check("process", process, slab.layout.procs)
        check("thread", thread, slab.layout.threads)
        lanes_made += 1
        self.number = lanes_made
        self.slab = slab
        self.process = process
        self.thread = thread
        self.record = slab.lane(process, thread)
        self.quantum_ns = QUANTUM_NS
        store_i32(&self.record.in_flight_tenant, -1)
        store_i32(&self.record.pid, os.getpid())

    @property
    def in_flight_tenant(self):
        """Index of the tenant whose call is in flight; negative between calls."""
        return load_i32(&self.record.in_flight_tenant)

    def arrive(self, int gate):
        """Count this lane as ready at a gate."""
        add_u32(&self.slab.gate(gate).ready, 1)

    def wait(self, int gate):
        """Sleep until a gate is open and its start instant has come; the instant, in nanoseconds.

        -1 where the gate is refused or the run stopped.
        """
        store_u32(&self.record.state, WAITING)
        return wait_open(self.slab, gate)

    def wait_lanes(self, int gate, uint32_t lanes):
        """Count this lane as done with a gate's work; return when `lanes` are, or on stop."""
        store_u32(&self.record.state, WAITING)
        wait_done(self.slab, gate, lanes)

    def run(
        self,
        Plan plan not None,
        int role,
        keys,
        *,
        int64_t count=-1,
        int64_t start_ns,
        int64_t end_ns=0,
    ):
        """A closed loop: the next request starts when the last one has ended and was recorded.

        keys: this lane's tenant indices, int32, contiguous; read cyclically. The lane remembers
        where it was as long as it is given the same array. count: how many requests; negative: no
        limit. start_ns: not before this instant. end_ns: none starts at or after it; 0 = no end.
        The stop flag ends it too. Returns how many requests have ended.

        Whatever the operation raises is an outcome, apart from KeyboardInterrupt and SystemExit in
        the main thread: they leave the request unfinished and are passed on, as is what the judge
        or a signal handler raises.
        ValueError for an empty sequence or more tenants than the slab has, IndexError for an
        unknown role or tenant index, RuntimeError where the lane is running already.
        """
        cdef int64_t* outer
        cdef uint64_t before
        check("role", role, ROLES_N)
        if len(plan.ids) > self.slab.layout.tenants:
            raise ValueError(f"{len(plan.ids)} tenants, on a slab of {self.slab.layout.tenants}")
        if self.running:
            raise RuntimeError("the lane is running already")
        self.take(keys)
        self.plan = plan
        self.recorder = recorder_for(self.slab, self.process, self.thread, role)
        self.left = count
        self.start_ns = start_ns
        self.end_ns = end_ns if end_ns else INT64_MAX
        self.record.thread = threading.get_native_id()
        self.in_main_thread = in_main_thread()
        before = self.finished()
        self.cpu_offset_ns = self.recorder.counters.cpu_ns - thread_cpu_now_ns()
        self.running = True
        outer = count_loads_in(&self.loads)
        store_u32(&self.record.state, RUNNING)
        try:
            sleep_until(self.slab, start_ns)
            self.read_clocks()
            while True:
                try:
                    self.loop()
                    break
                except BaseException as error:
                    # SystemExit too: a thread that left would be waited for by all the others. No
                    # signal raises in another thread: there KeyboardInterrupt is the target's.
                    if self.in_main_thread and not isinstance(error, Exception):
                        raise
                    self.failed(error)
            return self.finished() - before
        finally:
            self.read_clocks()
            store_i32(&self.record.in_flight_tenant, -1)
            store_u32(&self.record.state, IDLE)
            count_loads_in(outer)
            self.plan = None
            self.running = False

    cdef int loop(self) except -1:
        """Requests until one of the limits; whatever a call raises comes out, still in flight."""
        global owner
        cdef Plan plan = self.plan
        cdef object operation = plan.operation
        cdef Header* head = self.slab.head
        cdef LaneRecord* record = self.record
        cdef RoleCounters* counters = self.recorder.counters
        cdef LoadCell* cells = self.slab.load_cell(0)
        cdef int32_t tenants = <int32_t>len(plan.ids)
        cdef int32_t index
        cdef int code
        cdef int64_t started, ended
        while self.left != 0 and not load_u32(&head.stop):
            index = self.sequence[self.position]
            if not 0 <= index < tenants:
                raise IndexError(f"tenant index {index} in the sequence, of {tenants} tenants")
            tenant_id = <object>tuple_item(plan.ids, index)
            self.loads_before = self.loads
            owner = self.number
            started = now_ns()
            if started >= self.end_ns:
                break
            if counters.first_start_ns == 0:
                counters.first_start_ns = started
                counters.start_lag_ns = started - self.start_ns
            counters.started += 1
            record.in_flight_since_ns = started
            store_i32(&record.in_flight_tenant, index)
            answer = operation(tenant_id)
            ended = now_ns()
            store_i32(&record.in_flight_tenant, -1)
            loads = self.loads - self.loads_before
            code = plan.settle(index, answer, cells + index, loads, started, ended)
            self.finish(index, code, started, ended)
            # Let go of it here, not inside the next call's time.
            answer = None
        return 0

    cdef int failed(self, object error) except -1:
        """Record a call that raised; raise again what no call raised."""
        cdef int64_t ended = now_ns()
        cdef int64_t started = self.record.in_flight_since_ns
        cdef int32_t index = self.record.in_flight_tenant
        cdef int code
        if index < 0:
            raise error
        store_i32(&self.record.in_flight_tenant, -1)
        code = self.plan.fail(index, error, self.loads - self.loads_before, started, ended)
        return self.finish(index, code, started, ended)

    cdef int finish(self, int index, int code, int64_t started, int64_t ended) except -1:
        """Record a request that has ended, and give way when it is time."""
        cdef int outcome = code & OUTCOME_BITS
        record_request(&self.recorder, outcome, index, started, started, ended)
        if code != outcome:
            self.recorder.counters.wrong += code & WRONG_BIT != 0
            self.recorder.counters.invented += code & INVENTED_BIT != 0
            self.recorder.counters.torn += code & TORN_BIT != 0
        self.left -= 1
        self.position += 1
        if self.position == self.sequence_length:
            self.position = 0
        if ended - started > SLOW_NS:
            self.attribute(outcome, ended - started)
        if owner != self.number:
            # Another lane ran meanwhile, so this one has just got the GIL.
            self.gave_way_ns = ended
            self.quantum_ns = QUANTUM_NS
        elif ended - self.gave_way_ns > self.quantum_ns:
            self.give_way()
        return 0

    cdef void attribute(self, int outcome, int64_t sample) noexcept:
        """Tell a slow hit's waiting (for the GIL or a processor) from the target's own time.

        Whatever the thread did not run since the clocks were last read is waiting, at most the
        sample's length.
        """
        cdef int64_t wall = self.base_ns
        cdef int64_t cpu = self.base_cpu_ns
        cdef int64_t off
        self.read_clocks()
        if outcome != HIT_CODE:
            return
        off = (self.base_ns - wall) - (self.base_cpu_ns - cpu)
        off = min(max(off, <int64_t>0), sample)
        self.recorder.counters.slow += 1
        self.recorder.counters.off_ns += off
        record_shift(&self.recorder, sample, sample - off)

    cdef int give_way(self) except -1:
        """Let another thread have the GIL, and serve signals."""
        global owner
        owner = self.number
        if self.slab.layout.threads > 1:
            with nogil:
                sched_yield()
            if owner == self.number:
                with nogil:
                    sleep_to_ns(now_ns() + 1)
            if owner == self.number:
                self.quantum_ns = min(2 * self.quantum_ns, <int64_t>LONGEST_QUANTUM_NS)
            else:
                self.quantum_ns = QUANTUM_NS
        else:
            # No other lane; a thread of the target that waits has asked for the GIL by now.
            self.quantum_ns = LONGEST_QUANTUM_NS
            with nogil:
                pass
        self.read_clocks()
        self.gave_way_ns = self.base_ns
        return PyErr_CheckSignals()

    cdef void read_clocks(self) noexcept:
        self.base_ns = now_ns()
        self.base_cpu_ns = thread_cpu_now_ns()
        # Kept up here too, so that a killed process leaves it.
        self.recorder.counters.cpu_ns = self.base_cpu_ns + self.cpu_offset_ns

    cdef int take(self, object keys) except -1:
        """Make `keys` the sequence, read from its beginning unless it is the last one still."""
        if keys is self.keys:
            return 0
        cdef const int32_t[::1] sequence = keys
        if sequence.shape[0] == 0:
            raise ValueError("the sequence of tenant indices is empty")
        self.sequence_memory = sequence
        self.sequence = &sequence[0]
        self.sequence_length = sequence.shape[0]
        self.position = 0
        self.keys = keys
        return 0

    cdef uint64_t finished(self) noexcept:
        cdef uint64_t total = 0
        cdef int outcome
        for outcome in range(OUTCOMES_N):
            total += self.recorder.counters.outcomes[outcome]
        return total
