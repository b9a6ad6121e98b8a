# The C core as Cython sees it. Layout, rules and algorithms stand in the headers' own words.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "layout.h" nogil:
    enum: LAYOUT_VERSION, WORKER_ROWS, SHARED_ROW, PAYLOAD, MAX_KEY, LEASES, NEGATIVES, WAYS
    uint64_t REGION_MAGIC
    ctypedef struct pthread_mutex_t:
        pass
    ctypedef struct region_header:
        uint64_t magic
        uint32_t layout
        uint64_t seed[2]
        uint64_t nonce[2]
        int64_t ttl_ns, negative_ttl_ns, error_ttl_ns, lease_ns, jitter_ppm
        uint32_t banks, epochs_per_bank, sets_per_bank, slots_per_bank
        pthread_mutex_t registry, budget
    ctypedef struct worker_row:
        uint32_t state
        int32_t pid
        uint64_t incarnation
        uint64_t counters[48]
    ctypedef struct bank_head:
        pthread_mutex_t mutex
    ctypedef struct lease:
        uint32_t state
        uint64_t id
    ctypedef struct region_view:
        uint8_t *base
        size_t size
        region_header *header
        worker_row *rows
        uint64_t *epochs
        uint8_t *marks
        uint32_t banks, epochs_per_bank, sets_per_bank, slots_per_bank
        uint32_t row
        uint64_t incarnation
        uint64_t *counters
    void lay_out(region_view *view, uint8_t *base, uint32_t banks, uint32_t epochs, uint32_t sets,
                 uint32_t slots)
    bank_head *head_of(const region_view *view, uint32_t bank)
    uint64_t *epoch_of(const region_view *view, uint64_t hash)
    uint64_t epoch_now(const uint64_t *epoch)

cdef extern from "counters.h" nogil:
    enum: COUNT_L1_HITS, COUNT_L2_HITS, COUNT_MISSES, COUNT_WAITS, COUNT_NEGATIVES, COUNT_FAILED
    enum: COUNT_LOADS, COUNT_TAKEOVERS, COUNT_INVALIDATIONS, COUNT_REPAIRS, COUNT_EVICTIONS
    enum: COUNT_UNCACHEABLE, COUNT_DEPOSED, COUNT_REVOKED, COUNT_QUERY_NS, COUNT_DECRYPTION_NS
    void count(const region_view *view, int counter, uint64_t amount)

cdef extern from "clock.h" nogil:
    int64_t precise_ns()
    int64_t coarse_ns()

cdef extern from "hashing.h" nogil:
    uint64_t keyed_hash(const uint64_t *seed, const uint8_t *data, size_t length)
    uint32_t crc32c(uint32_t crc, const uint8_t *data, size_t length)
    void crc32c_prepare()

cdef extern from "killpoints.h" nogil:
    int arm_kill_point(const char *name, int signal, int skip)

cdef extern from "liveness.h" nogil:
    enum: LOCKED
    int make_mutex(pthread_mutex_t *mutex)
    int register_worker(region_view *view)
    bint owner_dead(const region_view *view, uint32_t row, uint64_t incarnation)

cdef extern from "records.h" nogil:
    enum: RECORD_FOUND
    ctypedef struct record_copy:
        uint64_t epoch
        uint32_t mark
        int64_t version, load_start_ns, deadline_ns
        uint32_t key_length, value_length
        uint64_t payload[56]
    ctypedef struct loaded_record:
        int64_t version, load_start_ns, deadline_ns
        const uint8_t *value
        uint32_t value_length
    int read_record(const region_view *view, uint64_t hash, const uint8_t *key,
                    uint32_t key_length, int64_t now_ns, record_copy *out)

cdef extern from "leases.h" nogil:
    enum: BEGIN_FOUND, BEGIN_NOT_FOUND, BEGIN_INACTIVE, BEGIN_SHARED_ERROR, BEGIN_GRANTED
    enum: BEGIN_HELD, BEGIN_FULL, BEGIN_RECURSIVE
    enum: COMMIT_PUBLISHED, COMMIT_RETURNED, COMMIT_DEPOSED
    enum: SECTION_BUSY, SECTION_TIMED_OUT, SECTION_UNUSABLE
    enum: OUTCOME_RECORD, OUTCOME_UNCACHEABLE, OUTCOME_NOT_FOUND, OUTCOME_ERROR
    enum: OUTCOME_ABANDONED
    ctypedef struct call_state:
        uint64_t hash, second_hash
        const uint8_t *key
        uint32_t key_length, thread
        uint64_t proven_dead
        record_copy record
        lease *cell
        uint64_t lease_id
        int64_t load_start_ns
        uint32_t owner_row
        uint64_t owner_incarnation
        uint32_t error
    ctypedef struct load_outcome:
        int kind
        loaded_record record
        uint32_t inactive
        uint32_t error
    int begin(const region_view *view, call_state *call, bint may_wait)
    int commit(const region_view *view, call_state *call, const load_outcome *outcome,
               bint may_wait)
    int section_failure(int taken)
    void wait_for_leader(const call_state *call)

cdef extern from "invalidation.h" nogil:
    ctypedef struct occupancy:
        uint64_t active, expired, negatives, held
    ctypedef struct audit_result:
        uint64_t words, bits, misfits, lost_slots, unusable_banks
    int invalidate(const region_view *view, const call_state *call, bint may_wait)
    int invalidate_all(const region_view *view)
    void survey(const region_view *view, int64_t now_ns, occupancy *out)
    void audit(const region_view *view, audit_result *out)

cdef extern from "process.h" nogil:
    enum: L1_WAYS
    ctypedef struct l1_line:
        int64_t hash[4]
        void *entry[4]
    ctypedef struct process_state:
        l1_line *lines
        uint64_t mask
        uint64_t max_lines
        uint64_t entries
        uint64_t victim
    l1_line no_lines[2]
    int adopt_process(process_state *state, region_view *view, uint64_t max_lines)
    void abandon_process(process_state *state)
    bint grow_lines(process_state *state)
