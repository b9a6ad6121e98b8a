/* Records: the reader without a lock, and the writer that links a new one (under the bank's mutex). */
#ifndef RESOLVER_RECORDS_H
#define RESOLVER_RECORDS_H

#include "banks.h"
#include "clock.h"
#include "hashing.h"
#include "layout.h"

/* What a reader took out of the region; a whole record, or nothing. */
typedef struct {
    uint64_t epoch; /* as it was before the words were read */
    uint32_t mark;  /* index of the slot's reference byte */
    int64_t version, load_start_ns, deadline_ns;
    uint32_t key_length, value_length, checksum;
    uint64_t payload[PAYLOAD / 8];
} record_copy;

enum { RECORD_FOUND, RECORD_ABSENT, RECORD_CONTENDED };

typedef uint64_t __attribute__((may_alias)) any_word; /* looks at structs 8 bytes at a time */

/* Copies 8-byte words that a writer may be changing: torn as a whole, but no data race. */
static inline void copy_relaxed(any_word *to, const any_word *from, size_t words)
{
    for (size_t at = 0; at < words; at++)
        to[at] = __atomic_load_n(from + at, __ATOMIC_RELAXED);
}

static inline void store_relaxed(any_word *to, const any_word *from, size_t words)
{
    for (size_t at = 0; at < words; at++)
        __atomic_store_n(to + at, from[at], __ATOMIC_RELAXED);
}

/* The fields of a slot that its checksum covers, in their order in the slot. */
typedef struct {
    uint64_t hash;
    int64_t version, load_start_ns, deadline_ns;
    uint32_t key_length, value_length;
} slot_facts;
_Static_assert(sizeof(slot_facts) == 40, "bytes 8..47 of a slot");

static inline uint32_t record_checksum(const slot_facts *facts, const void *payload)
{
    uint32_t crc = crc32c(0xffffffffu, (const uint8_t *)facts, sizeof(*facts));
    return crc32c(crc, (const uint8_t *)payload, facts->key_length + facts->value_length);
}

/* One word whose tag fits. FOUND, ABSENT (another key, or expired) or CONTENDED. */
static inline int read_slot(const region_view *view, uint64_t word, uint32_t bank, uint64_t hash,
                            const uint8_t *key, uint32_t key_length, int64_t now_ns,
                            record_copy *out)
{
    uint32_t in_bank = word_slot(word);
    if (in_bank >= view->slots_per_bank)
        return RECORD_CONTENDED;
    size_t index = slot_index(view, bank, in_bank);
    const slot *place = view->slots + index;
    uint64_t generation = __atomic_load_n(&place->generation, __ATOMIC_ACQUIRE);
    if ((generation & GENERATION_MASK) != (word & GENERATION_MASK))
        return RECORD_CONTENDED;
    struct {
        slot_facts facts;
        uint32_t checksum, flags;
    } head;
    copy_relaxed((any_word *)&head, (const any_word *)&place->hash, sizeof(head) / 8);
    /* Torn lengths must not be used: each alone first, so that their sum cannot wrap. */
    int lengths_fit = head.facts.key_length <= PAYLOAD && head.facts.value_length <= PAYLOAD &&
                      head.facts.key_length + head.facts.value_length <= PAYLOAD;
    uint32_t length = lengths_fit ? head.facts.key_length + head.facts.value_length : 0;
    copy_relaxed(out->payload, (const any_word *)place->payload, (length + 7) / 8);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&place->generation, __ATOMIC_RELAXED) != generation || !lengths_fit)
        return RECORD_CONTENDED;
    if (head.facts.hash != hash || head.facts.key_length != key_length ||
        memcmp(out->payload, key, key_length) != 0)
        return RECORD_ABSENT;
    if (record_checksum(&head.facts, out->payload) != head.checksum)
        return RECORD_CONTENDED;
    if (now_ns >= head.facts.deadline_ns)
        return RECORD_ABSENT;
    out->mark = (uint32_t)index;
    out->version = head.facts.version;
    out->load_start_ns = head.facts.load_start_ns;
    out->deadline_ns = head.facts.deadline_ns;
    out->key_length = key_length;
    out->value_length = head.facts.value_length;
    if (!__atomic_load_n(view->marks + index, __ATOMIC_RELAXED)) /* do not dirty a shared line */
        __atomic_store_n(view->marks + index, 1, __ATOMIC_RELAXED);
    return RECORD_FOUND;
}

/* Looks a key up, at most 8 times while writers interfere; `now_ns` is the precise clock, read before. */
static inline int read_record(const region_view *view, uint64_t hash, const uint8_t *key,
                              uint32_t key_length, int64_t now_ns, record_copy *out)
{
    const uint64_t *set = set_of(view, hash);
    uint32_t bank = bank_of(view, hash);
    int found = RECORD_CONTENDED;
    for (int attempt = 0; attempt < 8 && found == RECORD_CONTENDED; attempt++) {
        out->epoch = __atomic_load_n(epoch_of(view, hash), __ATOMIC_ACQUIRE); /* rule 2 */
        found = RECORD_ABSENT;
        for (int way = 0; way < WAYS && found == RECORD_ABSENT; way++) {
            uint64_t word = __atomic_load_n(set + way, __ATOMIC_ACQUIRE);
            if (word >> 63 && word_tag(word) == (hash & 0x7fff))
                found = read_slot(view, word, bank, hash, key, key_length, now_ns, out);
        }
    }
    return found;
}

/* What a load brought. */
typedef struct {
    int64_t version, load_start_ns, deadline_ns;
    const uint8_t *value;
    uint32_t value_length;
} loaded_record;

/* Links a record in place of the key's old one. Returns its slot's index; the caller holds the mutex. */
static inline uint32_t publish(const region_view *view, uint64_t hash, const uint8_t *key,
                               uint32_t key_length, const loaded_record *loaded, int64_t now_ns)
{
    uint32_t bank = bank_of(view, hash);
    bank_head *head = head_of(view, bank);
    uint32_t in_bank = free_slot(view, bank, now_ns);
    uint64_t *old = find_word(view, hash, key, key_length); /* after free_slot, which may have evicted it */
    uint64_t *way = old ? old : free_way(view, hash, now_ns);
    size_t index = slot_index(view, bank, in_bank);
    slot *place = view->slots + index;

    set_bit(head, in_bank);
    KILL_POINT(slot_claimed);
    uint64_t generation = place->generation + 1;
    if ((generation & GENERATION_MASK) == 0)
        generation++;
    __atomic_store_n(&place->generation, generation, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    struct {
        slot_facts facts;
        uint32_t checksum, flags;
    } fresh = {.facts = {hash, loaded->version, loaded->load_start_ns, loaded->deadline_ns,
                         key_length, loaded->value_length}};
    uint64_t payload[PAYLOAD / 8] = {0};
    memcpy(payload, key, key_length);
    memcpy((uint8_t *)payload + key_length, loaded->value, loaded->value_length);
    fresh.checksum = record_checksum(&fresh.facts, payload);
    store_relaxed((any_word *)&place->hash, (const any_word *)&fresh, sizeof(fresh) / 8);
    KILL_POINT(slot_half);
    store_relaxed((any_word *)place->payload, payload,
                  (key_length + loaded->value_length + 7) / 8);
    KILL_POINT(slot_written);
    __atomic_store_n(view->marks + index, 1, __ATOMIC_RELAXED);
    if (old)
        drop_word(view, bank, old, epoch_of(view, hash));
    __atomic_store_n(way, make_word(hash, in_bank, generation), __ATOMIC_RELEASE);
    KILL_POINT(linked);
    return (uint32_t)index;
}

#endif
