/* Invalidation of one tenant and of all; and the views of the whole region: statistics and audit. */
#ifndef RESOLVER_INVALIDATION_H
#define RESOLVER_INVALIDATION_H

#include "leases.h"

/* A load in flight may not publish any more. It keeps its lease, so that no second load overlaps it. */
static inline void revoke_load(lease *cell)
{
    if (cell->state == LEASE_HELD)
        cell->revoked = 1;
    else if (cell->state == LEASE_ERROR)
        end_lease(cell);
}

/* Forgets one tenant. When it returns, no process answers what was loaded before the call. */
static inline int invalidate(const region_view *view, const call_state *call, int may_wait)
{
    uint32_t bank = bank_of(view, call->hash);
    int own, taken = lock_bank(view, bank, may_wait);
    if (taken != LOCKED)
        return section_failure(taken);
    KILL_POINT(invalidate_locked);
    uint64_t *epoch = epoch_of(view, call->hash);
    uint64_t *word = find_word(view, call->hash, call->key, call->key_length);
    uint32_t in_bank = 0;
    if (word) {
        in_bank = word_slot(*word);
        __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    }
    KILL_POINT(invalidate_unlinked);
    bump(epoch);
    KILL_POINT(invalidate_bumped);
    if (word)
        clear_bit(head_of(view, bank), in_bank);
    negative_cell *negative = find_negative(view, call);
    if (negative)
        negative->deadline_ns = 0;
    KILL_POINT(invalidate_before_revoke);
    lease *cell = find_lease(view, call->hash, INT64_MIN, &own);
    if (cell && own)
        revoke_load(cell); /* last: a call that dies before it must leave the old word unlinked */
    KILL_POINT(invalidate_done);
    unlock_bank(view, bank);
    count(view, COUNT_INVALIDATIONS, 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return LOCKED;
}

/* One bank of an invalidation of all. */
static inline int invalidate_bank(const region_view *view, uint32_t bank)
{
    int taken = lock_bank(view, bank, 1);
    if (taken != LOCKED)
        return section_failure(taken);
    bank_head *head = head_of(view, bank);
    uint64_t *words = view->words + (size_t)bank * view->sets_per_bank * WAYS;
    if (!bank_is_empty(view, head))
        for (uint32_t at = 0; at < view->sets_per_bank * WAYS; at++)
            __atomic_store_n(words + at, 0, __ATOMIC_RELAXED);
    KILL_POINT(all_unlinked);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (uint32_t at = 0; at < view->epochs_per_bank; at++)
        bump(view->epochs + (size_t)bank * view->epochs_per_bank + at);
    KILL_POINT(all_bumped);
    memset(head->bitmap, 0, view->slots_per_bank / 8);
    for (int at = 0; at < LEASES; at++)
        revoke_load(view->leases + (size_t)bank * LEASES + at);
    for (int at = 0; at < NEGATIVES; at++)
        view->negatives[(size_t)bank * NEGATIVES + at].deadline_ns = 0;
    unlock_bank(view, bank);
    return LOCKED;
}

/* Forgets everything, bank by bank; a bank whose lock could not be had does not keep the others from it. */
static inline int invalidate_all(const region_view *view)
{
    int worst = LOCKED;
    for (uint32_t bank = 0; bank < view->banks; bank++) {
        int result = invalidate_bank(view, bank);
        if (result != LOCKED)
            worst = result;
    }
    count(view, COUNT_INVALIDATIONS, 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return worst;
}

typedef struct {
    uint64_t active, expired, negatives, held;
} occupancy;

/* Counts entries without a lock: exact when nothing changes meanwhile. */
static inline void survey(const region_view *view, int64_t now_ns, occupancy *out)
{
    memset(out, 0, sizeof(*out));
    for (uint32_t bank = 0; bank < view->banks; bank++) {
        const uint64_t *words = view->words + (size_t)bank * view->sets_per_bank * WAYS;
        int empty = bank_is_empty(view, head_of(view, bank));
        for (uint32_t at = 0; at < view->sets_per_bank * WAYS && !empty; at++) {
            uint64_t word = __atomic_load_n(words + at, __ATOMIC_ACQUIRE);
            if (!(word >> 63) || word_slot(word) >= view->slots_per_bank)
                continue;
            const slot *place = view->slots + slot_index(view, bank, word_slot(word));
            int64_t deadline_ns = __atomic_load_n(&place->deadline_ns, __ATOMIC_RELAXED);
            *(now_ns < deadline_ns ? &out->active : &out->expired) += 1;
        }
        for (int at = 0; at < NEGATIVES; at++)
            out->negatives += view->negatives[(size_t)bank * NEGATIVES + at].deadline_ns > now_ns;
        for (int at = 0; at < LEASES; at++)
            out->held += view->leases[(size_t)bank * LEASES + at].state == LEASE_HELD;
    }
}

typedef struct {
    uint64_t words, bits, misfits, lost_slots, unusable_banks;
} audit_result;

/* Whether every bank is whole: bits = words, each word fits its slot. Takes each mutex once. */
static inline void audit(const region_view *view, audit_result *out)
{
    memset(out, 0, sizeof(*out));
    for (uint32_t bank = 0; bank < view->banks; bank++) {
        if (lock_bank(view, bank, 1) != LOCKED) {
            out->unusable_banks++;
            continue;
        }
        bank_head *head = head_of(view, bank);
        const uint64_t *words = view->words + (size_t)bank * view->sets_per_bank * WAYS;
        uint64_t linked = 0, used = 0;
        for (uint32_t at = 0; at < view->sets_per_bank * WAYS; at++) {
            if (words[at] == 0)
                continue;
            linked++;
            if (!word_fits(view, bank, words + at) || !bit_is_set(head, word_slot(words[at])))
                out->misfits++;
        }
        for (uint32_t at = 0; at < view->slots_per_bank / 64; at++)
            used += (uint64_t)__builtin_popcountll(head->bitmap[at]);
        out->words += linked;
        out->bits += used;
        out->lost_slots += used > linked ? used - linked : 0;
        unlock_bank(view, bank);
    }
}

#endif
