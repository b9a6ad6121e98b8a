# The slab's memory, byte by byte. Every number here is part of the format that the magic names.
#
#     header            4096 B   stop flag, sizes, gates             written by the controller
#     lanes             1024 B each, process-major                   written by their own thread
#     load cells          64 B per tenant, all processes             atomic
#     per process, page aligned, written under that process's GIL:
#         metas           64 B per histogram: marked pages, extremes, sum
#         tenant cells    64 B per tenant
#         tenant histograms   3,840 counters per tenant (2 significant figures); 0 for many tenants
#         histograms      INDEX_COUNT counters per role, outcome and kind (3 significant figures)
#         shifts          INDEX_COUNT signed counters per role
#
# Reading an untouched page of a shared mapping allocates it, so every histogram has a bitmap of the
# 512-counter pages that its writer has touched, and a reader looks at no other.

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from _timing.histogram cimport INDEX_COUNT

cdef enum:
    PAGE_BYTES = 4096
    PAGE_COUNTERS = 512
    HEADER_BYTES = 4096
    LANE_BYTES = 1024
    CELL_BYTES = 64
    GATES = 16
    ROLES_N = 6
    COUNTED_ROLE = 2
    OUTCOMES_N = 5
    HIT_CODE = 0
    MISS_CODE = 1
    WAIT_CODE = 2
    ERROR_CODE = 4
    TENANT_COUNTERS = 3840           # the same range at 2 significant figures
    TENANT_HISTOGRAM_BYTES = 32768   # 7.5 pages of counters, page aligned
    TENANTS_WITH_HISTOGRAM = 1000

cdef struct Gate:
    uint32_t ready                   # lanes that have arrived, atomic
    uint32_t lanes_done              # lanes that have finished the gate's work, atomic
    int64_t start_ns                 # 0 = not open, -1 = refused
    int64_t end_ns                   # 0 = none
    int64_t unused[5]

cdef struct Header:
    uint64_t magic
    uint32_t stop                    # 1 = start no new request
    uint32_t procs
    uint32_t threads
    uint32_t tenants
    uint32_t kinds
    uint32_t unused[9]
    Gate gates[GATES]

cdef struct RoleCounters:
    uint64_t started
    uint64_t finished                # in readers' copies: the sum of outcomes; the lane leaves it 0
    uint64_t outcomes[OUTCOMES_N]
    uint64_t wrong                   # answers that name another tenant's database
    uint64_t invented                # answers that no committed row supports
    uint64_t torn                    # answers mixed from two rows or versions
    int64_t first_start_ns
    int64_t last_end_ns
    int64_t cpu_ns                   # thread CPU time consumed while the role ran
    int64_t off_ns                   # of the hits' time: waiting for the GIL or a processor
    uint64_t slow                    # hits long enough for their waiting to be attributed
    int64_t start_lag_ns             # first actual start after the intended one

cdef struct LaneRecord:
    int32_t pid
    int32_t thread                   # the kernel's thread id
    uint32_t state
    int32_t in_flight_tenant         # -1 = none
    int64_t in_flight_since_ns
    int64_t unused[29]
    RoleCounters roles[ROLES_N]

cdef struct LoadCell:
    uint64_t loads                   # loads that have ended
    int64_t last_end_ns
    int64_t longest_ns
    int64_t unused[5]

cdef struct TenantCell:
    uint64_t requests
    uint64_t hits
    uint64_t misses
    uint64_t failed
    int64_t max_ns
    int64_t min_ns
    uint64_t overflow
    uint64_t marked                  # pages of the tenant's histogram that hold counts

cdef struct Meta:
    uint64_t marked                  # pages of the histogram that hold counts
    uint64_t overflow                # values above the highest trackable one, counted as that
    int64_t min_ns                   # valid where marked is not 0
    int64_t max_ns
    int64_t sum_ns
    int64_t unused[3]


cdef class Layout:
    cdef readonly Py_ssize_t procs
    cdef readonly Py_ssize_t threads
    cdef readonly Py_ssize_t tenants
    cdef readonly Py_ssize_t kinds
    cdef readonly bint tenant_histograms
    cdef readonly Py_ssize_t size
    cdef readonly Py_ssize_t lanes_at
    cdef readonly Py_ssize_t load_cells_at
    cdef readonly Py_ssize_t processes_at
    cdef readonly Py_ssize_t process_bytes
    # Offsets inside one process's part.
    cdef readonly Py_ssize_t tenant_cells_at
    cdef readonly Py_ssize_t tenant_histograms_at
    cdef readonly Py_ssize_t histograms_at
    cdef readonly Py_ssize_t shifts_at

    cdef Py_ssize_t histogram_index(self, int role, int outcome, int kind) noexcept nogil
    cdef Py_ssize_t shift_index(self, int role) noexcept nogil
