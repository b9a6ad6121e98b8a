"""Where everything lies in the slab, and what the numbers of roles and outcomes mean.

The format itself is described in layout.pxd; the numpy types here describe the same structs, and
`struct_sizes` lets a test compare the two.
"""

cimport cython

import numpy as np

# What a request was made for.
ROLES = ("cold", "warmup", "counted", "lead_in", "steady", "check")
COLD, WARMUP, COUNTED, LEAD_IN, STEADY, CHECK = range(6)

# What became of it.
OUTCOMES = ("hit", "miss", "wait", "negative", "error")
HIT, MISS, WAIT, NEGATIVE, ERROR = range(5)

# What a lane is doing.
IDLE, WAITING, RUNNING = range(3)

MAX_PROCS = 256
MAX_THREADS = 4096
MAX_TENANTS = 10_000_000

GATE_DTYPE = np.dtype(
    [
        ("ready", "u4"),
        ("lanes_done", "u4"),
        ("start_ns", "i8"),
        ("end_ns", "i8"),
        ("unused", "i8", 5),
    ]
)
HEADER_DTYPE = np.dtype(
    [
        ("magic", "u8"),
        ("stop", "u4"),
        ("procs", "u4"),
        ("threads", "u4"),
        ("tenants", "u4"),
        ("kinds", "u4"),
        ("unused", "u4", 9),
        ("gates", GATE_DTYPE, GATES),
    ]
)
ROLE_DTYPE = np.dtype(
    [
        ("started", "u8"),
        ("finished", "u8"),
        ("outcomes", "u8", OUTCOMES_N),
        ("wrong", "u8"),
        ("invented", "u8"),
        ("torn", "u8"),
        ("first_start_ns", "i8"),
        ("last_end_ns", "i8"),
        ("cpu_ns", "i8"),
        ("off_ns", "i8"),
        ("slow", "u8"),
        ("start_lag_ns", "i8"),
    ]
)
LANE_DTYPE = np.dtype(
    [
        ("pid", "i4"),
        ("thread", "i4"),
        ("state", "u4"),
        ("in_flight_tenant", "i4"),
        ("in_flight_since_ns", "i8"),
        ("unused", "i8", 29),
        ("roles", ROLE_DTYPE, ROLES_N),
    ]
)
LOAD_CELL_DTYPE = np.dtype(
    [("loads", "u8"), ("last_end_ns", "i8"), ("longest_ns", "i8"), ("unused", "i8", 5)]
)
TENANT_CELL_DTYPE = np.dtype(
    [
        ("requests", "u8"),
        ("hits", "u8"),
        ("misses", "u8"),
        ("failed", "u8"),
        ("max_ns", "i8"),
        ("min_ns", "i8"),
        ("overflow", "u8"),
        ("marked", "u8"),
    ]
)
META_DTYPE = np.dtype(
    [
        ("marked", "u8"),
        ("overflow", "u8"),
        ("min_ns", "i8"),
        ("max_ns", "i8"),
        ("sum_ns", "i8"),
        ("unused", "i8", 3),
    ]
)


def struct_sizes():
    """Size in bytes of each C struct, by the name of the numpy type that describes it."""
    return {
        "GATE_DTYPE": sizeof(Gate),
        "HEADER_DTYPE": sizeof(Header),
        "ROLE_DTYPE": sizeof(RoleCounters),
        "LANE_DTYPE": sizeof(LaneRecord),
        "LOAD_CELL_DTYPE": sizeof(LoadCell),
        "TENANT_CELL_DTYPE": sizeof(TenantCell),
        "META_DTYPE": sizeof(Meta),
    }


def struct_offsets():
    """Offset in bytes of every field of each C struct, by numpy type and field."""
    cdef Gate gate
    cdef Header header
    cdef RoleCounters role
    cdef LaneRecord lane
    cdef LoadCell load
    cdef TenantCell tenant
    cdef Meta meta
    return {
        "GATE_DTYPE": {
            "ready": <char*>&gate.ready - <char*>&gate,
            "lanes_done": <char*>&gate.lanes_done - <char*>&gate,
            "start_ns": <char*>&gate.start_ns - <char*>&gate,
            "end_ns": <char*>&gate.end_ns - <char*>&gate,
        },
        "HEADER_DTYPE": {
            "magic": <char*>&header.magic - <char*>&header,
            "stop": <char*>&header.stop - <char*>&header,
            "procs": <char*>&header.procs - <char*>&header,
            "threads": <char*>&header.threads - <char*>&header,
            "tenants": <char*>&header.tenants - <char*>&header,
            "kinds": <char*>&header.kinds - <char*>&header,
            "gates": <char*>&header.gates - <char*>&header,
        },
        "ROLE_DTYPE": {
            "started": <char*>&role.started - <char*>&role,
            "finished": <char*>&role.finished - <char*>&role,
            "outcomes": <char*>&role.outcomes - <char*>&role,
            "wrong": <char*>&role.wrong - <char*>&role,
            "invented": <char*>&role.invented - <char*>&role,
            "torn": <char*>&role.torn - <char*>&role,
            "first_start_ns": <char*>&role.first_start_ns - <char*>&role,
            "last_end_ns": <char*>&role.last_end_ns - <char*>&role,
            "cpu_ns": <char*>&role.cpu_ns - <char*>&role,
            "off_ns": <char*>&role.off_ns - <char*>&role,
            "slow": <char*>&role.slow - <char*>&role,
            "start_lag_ns": <char*>&role.start_lag_ns - <char*>&role,
        },
        "LANE_DTYPE": {
            "pid": <char*>&lane.pid - <char*>&lane,
            "thread": <char*>&lane.thread - <char*>&lane,
            "state": <char*>&lane.state - <char*>&lane,
            "in_flight_tenant": <char*>&lane.in_flight_tenant - <char*>&lane,
            "in_flight_since_ns": <char*>&lane.in_flight_since_ns - <char*>&lane,
            "roles": <char*>&lane.roles - <char*>&lane,
        },
        "LOAD_CELL_DTYPE": {
            "loads": <char*>&load.loads - <char*>&load,
            "last_end_ns": <char*>&load.last_end_ns - <char*>&load,
            "longest_ns": <char*>&load.longest_ns - <char*>&load,
        },
        "TENANT_CELL_DTYPE": {
            "requests": <char*>&tenant.requests - <char*>&tenant,
            "hits": <char*>&tenant.hits - <char*>&tenant,
            "misses": <char*>&tenant.misses - <char*>&tenant,
            "failed": <char*>&tenant.failed - <char*>&tenant,
            "max_ns": <char*>&tenant.max_ns - <char*>&tenant,
            "min_ns": <char*>&tenant.min_ns - <char*>&tenant,
            "overflow": <char*>&tenant.overflow - <char*>&tenant,
            "marked": <char*>&tenant.marked - <char*>&tenant,
        },
        "META_DTYPE": {
            "marked": <char*>&meta.marked - <char*>&meta,
            "overflow": <char*>&meta.overflow - <char*>&meta,
            "min_ns": <char*>&meta.min_ns - <char*>&meta,
            "max_ns": <char*>&meta.max_ns - <char*>&meta,
            "sum_ns": <char*>&meta.sum_ns - <char*>&meta,
        },
    }


cdef Py_ssize_t paged(Py_ssize_t size) noexcept:
    """The size rounded up to whole pages."""
    return (size + PAGE_BYTES - 1) // PAGE_BYTES * PAGE_BYTES


@cython.final
cdef class Layout:
    """Offsets and size in bytes of a slab for `procs` processes of `threads` lanes.

    procs, threads: 1 to 256, 1 to 4096. tenants: how many tenant indices there are. kinds: 1 in a
    closed loop, where response and service time are the same, else 2 (response, service). Up to
    1,000 tenants each have a histogram of their own. ValueError for any other number.
    """

    def __init__(
        self, Py_ssize_t procs, Py_ssize_t threads, Py_ssize_t tenants, Py_ssize_t kinds=1
    ):
        if not 1 <= procs <= MAX_PROCS:
            raise ValueError(f"procs must be 1 to {MAX_PROCS}, not {procs}")
        if not 1 <= threads <= MAX_THREADS:
            raise ValueError(f"threads must be 1 to {MAX_THREADS}, not {threads}")
        if not 1 <= tenants <= MAX_TENANTS:
            raise ValueError(f"tenants must be 1 to {MAX_TENANTS}, not {tenants}")
        if kinds not in (1, 2):
            raise ValueError(f"kinds must be 1 or 2, not {kinds}")
        self.procs = procs
        self.threads = threads
        self.tenants = tenants
        self.kinds = kinds
        self.tenant_histograms = tenants <= TENANTS_WITH_HISTOGRAM

        self.lanes_at = HEADER_BYTES
        self.load_cells_at = self.lanes_at + paged(procs * threads * LANE_BYTES)
        self.processes_at = self.load_cells_at + paged(tenants * CELL_BYTES)

        cdef Py_ssize_t histograms = ROLES_N * OUTCOMES_N * kinds
        cdef Py_ssize_t with_histogram = tenants if self.tenant_histograms else 0
        self.tenant_cells_at = paged((histograms + ROLES_N) * CELL_BYTES)
        self.tenant_histograms_at = self.tenant_cells_at + paged(tenants * CELL_BYTES)
        self.histograms_at = self.tenant_histograms_at + with_histogram * TENANT_HISTOGRAM_BYTES
        self.shifts_at = self.histograms_at + histograms * INDEX_COUNT * 8
        self.process_bytes = self.shifts_at + ROLES_N * INDEX_COUNT * 8
        self.size = self.processes_at + procs * self.process_bytes

    cdef Py_ssize_t histogram_index(self, int role, int outcome, int kind) noexcept nogil:
        """Which of a process's metas and histograms it is."""
        return (role * OUTCOMES_N + outcome) * self.kinds + kind

    cdef Py_ssize_t shift_index(self, int role) noexcept nogil:
        """Which of a process's metas belongs to the role's shifts; they follow the histograms'."""
        return ROLES_N * OUTCOMES_N * self.kinds + role

    def __repr__(self):
        return (
            f"Layout(procs={self.procs}, threads={self.threads}, tenants={self.tenants}, "
            f"kinds={self.kinds})"
        )
