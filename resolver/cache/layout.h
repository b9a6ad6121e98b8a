/* The shared region, byte by byte, and how it is read and written. Little-endian; made before the fork.
 *
 * One anonymous MAP_SHARED mapping, MADV_DONTDUMP, never resized. It holds ciphertext, never a
 * plaintext password. The vetted geometry (capacity 100,000), each array at a multiple of 4,096:
 *
 *   offset     content                                                               each
 *           0  header                                                               4,096
 *       4,096  256 worker rows                                                        512
 *     135,168  256 bank heads                                                         256
 *     200,704  256 x 64 leases                                                         64
 *   1,249,280  256 x 32 negative cells                                                 64
 *   1,773,568  65,536 epochs, u64, never reset                                          8
 *   2,297,856  256 x 1,024 index words, u64                                             8
 *   4,395,008  131,072 reference bytes (eviction)                                       1
 *   4,526,080  131,072 slots                                                          512
 *  71,634,944  end
 *
 * Another capacity multiplies words, reference bytes and slots of a bank by a power of two, and its
 * bitmap with them (that is why the bitmap stands last in the bank head). Banks stay 256.
 *
 *   h      keyed 64-bit hash (SipHash-1-3, the region's seed) of the tenant id in UTF-8
 *   bank   h[63:56], the unit of locking: everything an operation touches lies in one bank
 *   epoch  h[63:48], so that an epoch belongs to one bank
 *   set    h[44:40], 32 words each (more sets take the bits above, from 256 sets on those below)
 *   word   bit 63 used | 62..48 tag = h[14:0] | 47..28 slot in the bank | 27..0 generation; 0 = empty
 *
 * A slot has no state: used or free is the bitmap, and that can be rebuilt from the words. Its
 * generation only ever rises. The checksum covers its bytes 8..47 and key + value.
 *
 * Words used here: link, unlink = store an index word, store 0. Bump = raise an epoch. Leader = who
 * holds a lease. Deposed = a leader whose lease somebody took over. Revoked = a lease that an
 * invalidation marked; it is still held.
 *
 * The five rules
 *   1. unlink, then bump, then link. Never bump first, never overwrite a live word in place.
 *   2. A reader loads the epoch (acquire) before the words; what it finds goes into its L1 with that
 *      epoch. A leader takes the epoch for its L1 inside the section that links.
 *   3. Only the lease fences a load: a commit asks whether it is held, still its own, not revoked.
 *   4. A value that was not published is answered only while the lease is still its leader's. A deposed
 *      leader goes round again. A waiter takes no value from a leader: it reads the cache again.
 *   5. A section (lock ... unlock) is straight C in one function: no Python object, no allocation, no
 *      change of the GIL, no system call but the lock and, after the unlock, the futex wake.
 *
 * Reader (records.h), no lock
 *   e := epoch (acquire); for each word of the set with the key's tag: w := word (acquire); the slot's
 *   generation (acquire) is w's; copy header, check its lengths, copy key + value by relaxed loads;
 *   fence (acquire); generation again; full key, checksum, deadline. A mismatch of generation or
 *   checksum: the set again, at most 8 times, then under the bank's mutex.
 *
 * Writer (records.h, leases.h), under the bank's mutex
 *   free slot (or evict: unlink, bump, clear its bit); set its bit; generation + 1 (relaxed); fence
 *   (release); header, key, value, checksum; old word: unlink, bump, clear bit; store the new word
 *   (release); e := epoch; free the lease; unlock; wake.
 *
 * Died in between (banks.h): the next owner of the mutex drops words that do not fit, bumps all epochs
 * of the bank and rebuilds the bitmap from the words.
 */
#ifndef RESOLVER_LAYOUT_H
#define RESOLVER_LAYOUT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAYOUT_VERSION = 1,
    PAGE = 4096,
    WORKER_ROWS = 256,
    SHARED_ROW = 255, /* used by every process that found no row of its own; atomic adds, no L1 */
    COUNTERS = 48,
    LEASES = 64,
    NEGATIVES = 32,
    WAYS = 32,
    PAYLOAD = 448,
    MAX_KEY = 255,
};

#define REGION_MAGIC UINT64_C(0x3165686361637374) /* "tscache1" */

typedef struct {
    uint64_t magic;
    uint32_t layout;
    uint32_t reserved;
    uint64_t seed[2];
    uint64_t nonce[2]; /* seed of the second hash, by which negative cells are told apart */
    int64_t ttl_ns;
    int64_t negative_ttl_ns;
    int64_t error_ttl_ns;
    int64_t lease_ns;
    int64_t jitter_ppm;
    uint32_t banks; /* a power of two, at most 256 */
    uint32_t epochs_per_bank;
    uint32_t sets_per_bank;
    uint32_t slots_per_bank;
    uint8_t gap1[1024 - 104];
    pthread_mutex_t registry; /* at 1024: guards the worker rows' states */
    uint8_t gap2[64 - sizeof(pthread_mutex_t)];
    pthread_mutex_t budget; /* at 1088 */
    uint8_t gap3[64 - sizeof(pthread_mutex_t)];
    uint8_t gap4[PAGE - 1152];
} region_header;

typedef struct {
    uint32_t state; /* 0 free or being written, 1 registered */
    int32_t pid;
    uint64_t start_time; /* of the process, in clock ticks since boot: guards against reused pids */
    uint64_t incarnation;
    uint64_t connections;
    uint8_t reserved[32];
    uint64_t counters[COUNTERS]; /* never reset: a row's next owner goes on counting */
    uint8_t reserved_end[64];
} worker_row;

typedef struct {
    pthread_mutex_t mutex;
    uint8_t gap1[64 - sizeof(pthread_mutex_t)];
    uint64_t lease_counter;
    uint32_t clock_hand;
    uint8_t gap2[128 - 76];
    uint64_t bitmap[]; /* slots / 64 words; 8 in the vetted geometry */
} bank_head;

enum { LEASE_FREE, LEASE_HELD, LEASE_ERROR };

typedef struct {
    uint32_t state;
    uint32_t futex; /* raised when the leader has finished, one way or another */
    uint64_t hash;
    uint64_t id;
    int64_t deadline_ns; /* held: takeover is allowed; error: the shared error ends */
    uint32_t row;
    uint32_t thread;
    uint64_t incarnation;
    uint32_t revoked;
    uint32_t error;
    uint8_t reserved[8];
} lease;

typedef struct {
    uint64_t hash;
    uint64_t second_hash;
    int64_t deadline_ns; /* 0 = free */
    uint32_t inactive;   /* the tenant exists, but is suspended */
    uint8_t reserved[36];
} negative_cell;

typedef struct {
    uint64_t generation;
    uint64_t hash;
    int64_t version;
    int64_t load_start_ns;
    int64_t deadline_ns;
    uint32_t key_length;
    uint32_t value_length;
    uint32_t checksum;
    uint32_t flags;
    uint64_t reserved;
    uint8_t payload[PAYLOAD]; /* key, then value */
} slot;

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
AT(region_header, ttl_ns, 48);
AT(region_header, registry, 1024);
AT(region_header, budget, 1088);
AT(worker_row, counters, 64);
AT(bank_head, lease_counter, 64);
AT(bank_head, bitmap, 128);
AT(lease, incarnation, 40);
AT(slot, checksum, 48);
AT(slot, payload, 64);
_Static_assert(sizeof(region_header) == 4096, "header");
_Static_assert(sizeof(worker_row) == 512, "worker row");
_Static_assert(sizeof(lease) == 64, "lease");
_Static_assert(sizeof(negative_cell) == 64, "negative cell");
_Static_assert(sizeof(slot) == 512, "slot");

/* One process's view: where the arrays are, and its own row. Private memory, not shared. */
typedef struct {
    uint8_t *base;
    size_t size;
    region_header *header;
    worker_row *rows;
    uint8_t *heads;
    lease *leases;
    negative_cell *negatives;
    uint64_t *epochs;
    uint64_t *words;
    uint8_t *marks;
    slot *slots;
    uint32_t banks, epochs_per_bank, sets_per_bank, slots_per_bank;
    uint32_t head_stride, set_shift;
    uint32_t row; /* own row; SHARED_ROW where there was none free */
    uint64_t incarnation;
    uint64_t *counters; /* of the own row; NULL = not registered since the fork */
} region_view;

static inline size_t page_up(size_t size) { return (size + PAGE - 1) & ~(size_t)(PAGE - 1); }

/* Fills in the pointers for a geometry (powers of two); base may be NULL to learn the size only. */
static inline void lay_out(region_view *view, uint8_t *base, uint32_t banks, uint32_t epochs,
                           uint32_t sets, uint32_t slots)
{
    uint32_t set_bits = (uint32_t)__builtin_ctz(sets);
    size_t at = 0;
    view->base = base;
    view->banks = banks;
    view->epochs_per_bank = epochs;
    view->sets_per_bank = sets;
    view->slots_per_bank = slots;
    view->head_stride = (uint32_t)((128 + slots / 8 + 255) & ~255u);
    view->set_shift = set_bits <= 8 ? 40 : 48 - set_bits;
#define PLACE(member, type, count) \
    view->member = (type *)((uintptr_t)base + at); \
    at = page_up(at + (size_t)(count))
    PLACE(header, region_header, sizeof(region_header));
    PLACE(rows, worker_row, WORKER_ROWS * sizeof(worker_row));
    PLACE(heads, uint8_t, (size_t)banks * view->head_stride);
    PLACE(leases, lease, (size_t)banks * LEASES * sizeof(lease));
    PLACE(negatives, negative_cell, (size_t)banks * NEGATIVES * sizeof(negative_cell));
    PLACE(epochs, uint64_t, (size_t)banks * epochs * 8);
    PLACE(words, uint64_t, (size_t)banks * sets * WAYS * 8);
    PLACE(marks, uint8_t, (size_t)banks * slots);
    PLACE(slots, slot, (size_t)banks * slots * sizeof(slot));
#undef PLACE
    view->size = at;
}

static inline uint32_t bank_of(const region_view *view, uint64_t hash)
{
    return (uint32_t)(hash >> 56) & (view->banks - 1);
}

static inline bank_head *head_of(const region_view *view, uint32_t bank)
{
    return (bank_head *)(view->heads + (size_t)bank * view->head_stride);
}

static inline uint64_t *epoch_of(const region_view *view, uint64_t hash)
{
    uint32_t within = (uint32_t)(hash >> 48) & (view->epochs_per_bank - 1);
    return view->epochs + (size_t)bank_of(view, hash) * view->epochs_per_bank + within;
}

static inline uint64_t epoch_now(const uint64_t *epoch)
{
    return __atomic_load_n(epoch, __ATOMIC_ACQUIRE);
}

static inline uint64_t *set_of(const region_view *view, uint64_t hash)
{
    uint32_t set = (uint32_t)(hash >> view->set_shift) & (view->sets_per_bank - 1);
    return view->words + ((size_t)bank_of(view, hash) * view->sets_per_bank + set) * WAYS;
}

static inline size_t slot_index(const region_view *view, uint32_t bank, uint32_t in_bank)
{
    return (size_t)bank * view->slots_per_bank + in_bank;
}

enum { GENERATION_BITS = 28, SLOT_BITS = 20, TAG_BITS = 15 };
#define GENERATION_MASK ((UINT64_C(1) << GENERATION_BITS) - 1)

static inline uint64_t make_word(uint64_t hash, uint32_t in_bank, uint64_t generation)
{
    return UINT64_C(1) << 63 | (hash & 0x7fff) << 48 | (uint64_t)in_bank << GENERATION_BITS |
           (generation & GENERATION_MASK);
}
static inline uint32_t word_slot(uint64_t word)
{
    return (uint32_t)(word >> GENERATION_BITS) & 0xfffff;
}
static inline uint64_t word_tag(uint64_t word) { return word >> 48 & 0x7fff; }

#endif
