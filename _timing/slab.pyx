"""The slab as its readers see it: gates, the stop flag, and copies of what the lanes recorded.

Lanes write it; readers copy. The only things that others write are the gates and the stop flag
(the controller) and the load cells (whoever loads, atomically).
"""

cimport cython
from libc.stdint cimport int64_t, uint64_t, uintptr_t
from libc.string cimport memcpy

import numpy as np

from _timing.atomics cimport (
    load_i32,
    load_i64,
    load_u32,
    load_u64,
    store_i64,
    store_u32,
)
from _timing.histogram cimport INDEX_COUNT
from _timing.layout cimport (
    CELL_BYTES,
    GATES,
    LANE_BYTES,
    OUTCOMES_N,
    PAGE_BYTES,
    ROLES_N,
    TENANT_HISTOGRAM_BYTES,
    Gate,
    Header,
    LaneRecord,
    Layout,
    LoadCell,
    Meta,
    TenantCell,
)
from _timing.sums cimport HistogramSum

from _timing.layout import HEADER_DTYPE, HIT, LANE_DTYPE, LOAD_CELL_DTYPE, TENANT_CELL_DTYPE

# "STRESS01": changed with the format in layout.pxd.
cdef enum:
    MAGIC_HIGH = 0x53545245
    MAGIC_LOW = 0x53533031


@cython.final
cdef class Slab:
    """The slab over `memory`: a writable, page-aligned buffer of at least `layout.size` bytes.

    Memory of zeros becomes an empty slab; one that holds a slab already must have this layout.
    ValueError for memory that is too small, not aligned, or laid out differently.
    """

    def __init__(self, memory, Layout layout not None):
        cdef unsigned char[::1] view = memory
        if view.shape[0] < layout.size:
            raise ValueError(f"{layout} needs {layout.size} bytes, the memory has {view.shape[0]}")
        self.base = <char*>&view[0]
        if <uintptr_t>self.base % PAGE_BYTES:
            raise ValueError(f"the memory must be aligned to {PAGE_BYTES} bytes")
        self.view = view
        self.layout = layout
        self.head = <Header*>self.base
        cdef uint64_t magic = (<uint64_t>MAGIC_HIGH << 32) | MAGIC_LOW
        wanted = (layout.procs, layout.threads, layout.tenants, layout.kinds)
        if self.head.magic == 0:
            self.head.procs, self.head.threads, self.head.tenants, self.head.kinds = wanted
            self.head.magic = magic
        elif self.head.magic != magic:
            raise ValueError("the memory holds something else than a slab of this version")
        found = (self.head.procs, self.head.threads, self.head.tenants, self.head.kinds)
        if found != wanted:
            raise ValueError(f"the memory holds a slab of other sizes: {found}, not {wanted}")

    # Addresses, for the lanes and for the methods below; the caller has checked the indices.

    cdef Gate* gate(self, int index) except NULL:
        if not 0 <= index < GATES:
            raise IndexError(f"gate must be 0 to {GATES - 1}, not {index}")
        return &self.head.gates[index]

    cdef LaneRecord* lane(self, Py_ssize_t process, Py_ssize_t thread) noexcept nogil:
        cdef Py_ssize_t index = process * self.layout.threads + thread
        return <LaneRecord*>(self.base + self.layout.lanes_at + index * LANE_BYTES)

    cdef LoadCell* load_cell(self, Py_ssize_t tenant) noexcept nogil:
        return <LoadCell*>(self.base + self.layout.load_cells_at + tenant * CELL_BYTES)

    cdef Meta* meta(self, Py_ssize_t process, Py_ssize_t index) noexcept nogil:
        return <Meta*>(self.process_part(process) + index * CELL_BYTES)

    cdef int64_t* counts(self, Py_ssize_t process, Py_ssize_t index) noexcept nogil:
        cdef Py_ssize_t at = self.layout.histograms_at + index * INDEX_COUNT * 8
        return <int64_t*>(self.process_part(process) + at)

    cdef TenantCell* tenant_cell(self, Py_ssize_t process, Py_ssize_t tenant) noexcept nogil:
        cdef Py_ssize_t at = self.layout.tenant_cells_at + tenant * CELL_BYTES
        return <TenantCell*>(self.process_part(process) + at)

    cdef int64_t* tenant_counts(self, Py_ssize_t process, Py_ssize_t tenant) noexcept nogil:
        cdef Py_ssize_t at = self.layout.tenant_histograms_at + tenant * TENANT_HISTOGRAM_BYTES
        return <int64_t*>(self.process_part(process) + at)

    cdef char* process_part(self, Py_ssize_t process) noexcept nogil:
        return self.base + self.layout.processes_at + process * self.layout.process_bytes

    # The controller's side: stop flag and gates.

    def set_stop(self):
        """No lane starts a new request from now on, and no gate is waited for any longer."""
        store_u32(&self.head.stop, 1)

    @property
    def stopping(self):
        """Whether the stop flag is set."""
        return load_u32(&self.head.stop) != 0

    def open_gate(self, int index, int64_t start_ns, int64_t end_ns=0):
        """Let the lanes that wait at a gate go at `start_ns`; they may read `end_ns`, 0 = none."""
        cdef Gate* gate = self.gate(index)
        if start_ns <= 0:
            raise ValueError(f"start_ns must be an instant of the monotonic clock, not {start_ns}")
        store_i64(&gate.end_ns, end_ns)
        store_i64(&gate.start_ns, start_ns)

    def refuse_gate(self, int index):
        """Tell the lanes that wait at a gate that it will not open."""
        store_i64(&self.gate(index).start_ns, -1)

    def close_gates(self):
        """Refuse every gate that is not open."""
        for index in range(GATES):
            if load_i64(&self.gate(index).start_ns) == 0:
                self.refuse_gate(index)

    def gate_ready(self, int index):
        """How many lanes have arrived at a gate."""
        return load_u32(&self.gate(index).ready)

    def gate_done(self, int index):
        """How many lanes have finished a gate's work."""
        return load_u32(&self.gate(index).lanes_done)

    def gate_end(self, int index):
        """The end instant that the gate was opened with; 0 = none."""
        return load_i64(&self.gate(index).end_ns)

    # Readers.

    @property
    def header(self):
        """The header, live and read-only: one element of HEADER_DTYPE."""
        return self._live((), HEADER_DTYPE, 0, ())

    @property
    def load_cells(self):
        """Loads by tenant, live and read-only: LOAD_CELL_DTYPE[tenants]."""
        shape = (self.layout.tenants,)
        return self._live(shape, LOAD_CELL_DTYPE, self.layout.load_cells_at, (CELL_BYTES,))

    @property
    def tenant_cells(self):
        """Counted requests by process and tenant, live: TENANT_CELL_DTYPE[procs, tenants]."""
        shape = (self.layout.procs, self.layout.tenants)
        at = self.layout.processes_at + self.layout.tenant_cells_at
        return self._live(shape, TENANT_CELL_DTYPE, at, (self.layout.process_bytes, CELL_BYTES))

    @property
    def lanes(self):
        """A copy of every lane's record: LANE_DTYPE[procs, threads], `finished` filled in.

        `started` is read last, so finished is never above it, even of a lane that is running.
        """
        copy = np.empty((self.layout.procs, self.layout.threads), LANE_DTYPE)
        cdef char[:, :, ::1] raw = copy.view("i1").reshape(*copy.shape, LANE_BYTES)
        cdef Py_ssize_t process, thread
        cdef int role, outcome
        cdef LaneRecord* source
        cdef LaneRecord* goal
        for process in range(self.layout.procs):
            for thread in range(self.layout.threads):
                source = self.lane(process, thread)
                goal = <LaneRecord*>&raw[process, thread, 0]
                memcpy(goal, source, LANE_BYTES)
                for role in range(ROLES_N):
                    goal.roles[role].finished = 0
                    for outcome in range(OUTCOMES_N):
                        goal.roles[role].finished += goal.roles[role].outcomes[outcome]
                    goal.roles[role].started = load_u64(&source.roles[role].started)
        return copy

    def oldest_in_flight_ns(self):
        """Start of the call that has been in flight longest; 0 where none is."""
        cdef Py_ssize_t process, thread
        cdef int64_t since, oldest = 0
        cdef LaneRecord* lane
        for process in range(self.layout.procs):
            for thread in range(self.layout.threads):
                lane = self.lane(process, thread)
                # A lane that was never used has no pid, and a tenant of 0.
                if lane.pid and load_i32(&lane.in_flight_tenant) >= 0:
                    since = load_i64(&lane.in_flight_since_ns)
                    if since and (oldest == 0 or since < oldest):
                        oldest = since
        return oldest

    def histogram(self, Py_ssize_t process, int role, int outcome, int kind=0):
        """A copy of one process's histogram; kind 0 response time, 1 service time."""
        return self.histogram_sum(role, (outcome,), (process,), kind)

    def histogram_sum(self, int role, outcomes, processes=None, int kind=0):
        """The sum of a role's histograms over outcomes and processes (all by default)."""
        return self._sum(role, outcomes, processes, kind).histogram()

    def sum_ns(self, int role, outcomes, processes=None, int kind=0):
        """The exact sum of all values in those histograms, in nanoseconds."""
        return self._sum(role, outcomes, processes, kind).total_ns

    def own_histogram(self, int role, processes=None):
        """The hits' own time: their service time, less the waiting of the slow samples."""
        cdef HistogramSum shifts = HistogramSum(3)
        cdef Meta* meta
        cdef Py_ssize_t index
        check("role", role, ROLES_N)
        # Shifts first: whatever they move away has been counted before.
        for process in self._processes(processes):
            index = self.layout.shift_index(role)
            meta = self.meta(process, index)
            marked = load_u64(&meta.marked)
            shifts.add(marked, self.counts(process, index), meta.min_ns, meta.max_ns)
        return self._sum(role, (HIT,), processes, self.layout.kinds - 1).shifted(shifts)

    def tenant_histogram(self, Py_ssize_t tenant, processes=None):
        """Counted response times of one tenant at 2 significant figures.

        None where the slab keeps none, above 1,000 tenants.
        """
        cdef HistogramSum sum = HistogramSum(2)
        cdef TenantCell* cell
        check("tenant", tenant, self.layout.tenants)
        if not self.layout.tenant_histograms:
            return None
        for process in self._processes(processes):
            cell = self.tenant_cell(process, tenant)
            marked = load_u64(&cell.marked)
            sum.add(marked, self.tenant_counts(process, tenant), cell.min_ns, cell.max_ns)
            sum.overflow += <int64_t>cell.overflow
        return sum.histogram()

    cdef HistogramSum _sum(self, int role, outcomes, processes, int kind):
        cdef HistogramSum sum = HistogramSum(3)
        cdef Meta* meta
        cdef Py_ssize_t index
        check("role", role, ROLES_N)
        check("kind", kind, self.layout.kinds)
        for process in self._processes(processes):
            for outcome in outcomes:
                check("outcome", outcome, OUTCOMES_N)
                index = self.layout.histogram_index(role, outcome, kind)
                meta = self.meta(process, index)
                marked = load_u64(&meta.marked)
                sum.add(marked, self.counts(process, index), meta.min_ns, meta.max_ns)
                sum.total_ns += meta.sum_ns
                sum.overflow += <int64_t>meta.overflow
        return sum

    cdef _processes(self, processes):
        if processes is None:
            return range(self.layout.procs)
        processes = tuple(processes)
        for process in processes:
            check("process", process, self.layout.procs)
        return processes

    cdef _live(self, shape, dtype, Py_ssize_t offset, strides):
        array = np.ndarray(shape, dtype, self.view, offset, strides)
        array.flags.writeable = False
        return array


cdef int check(name, Py_ssize_t index, Py_ssize_t count) except -1:
    """IndexError for an index that the slab does not have."""
    if not 0 <= index < count:
        raise IndexError(f"{name} must be 0 to {count - 1}, not {index}")
    return 0
