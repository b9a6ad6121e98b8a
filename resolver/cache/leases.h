/* The miss: who loads (begin), who waits (wait_for_leader), and what becomes of a load (commit). */
#ifndef RESOLVER_LEASES_H
#define RESOLVER_LEASES_H

#include "records.h"

#include <limits.h>
#include <linux/futex.h>

#define WAIT_SLICE_NS 10000000 /* after each slice: is the owner dead? did a signal come? */

/* One call's question, and what the sections answered. */
typedef struct {
    uint64_t hash, second_hash;
    const uint8_t *key;
    uint32_t key_length, thread;
    uint64_t proven_dead; /* id of a lease whose owner the caller saw dead; 0 = none */
    record_copy record;
    lease *cell;
    uint64_t lease_id;
    int64_t load_start_ns; /* of the caller's own load */
    uint32_t futex;        /* of the lease waited for */
    uint32_t owner_row;
    uint64_t owner_incarnation;
    uint32_t error; /* code of a shared error */
} call_state;

enum {
    BEGIN_FOUND,
    BEGIN_NOT_FOUND,
    BEGIN_INACTIVE,
    BEGIN_SHARED_ERROR,
    BEGIN_GRANTED,
    BEGIN_HELD,
    BEGIN_FULL,
    BEGIN_RECURSIVE,
    COMMIT_PUBLISHED,
    COMMIT_RETURNED, /* lawful to answer, but not published and not for the L1 */
    COMMIT_DEPOSED,
    SECTION_BUSY,
    SECTION_TIMED_OUT,
    SECTION_UNUSABLE,
};

static inline int section_failure(int taken) { return SECTION_BUSY + taken - LOCK_BUSY; }

static inline void wake_waiters(lease *cell)
{
    syscall(SYS_futex, &cell->futex, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Sleeps until the leader is done, at most one slice. No lock is held. */
static inline void wait_for_leader(const call_state *call)
{
    struct timespec slice = {0, WAIT_SLICE_NS};
    syscall(SYS_futex, &call->cell->futex, FUTEX_WAIT, call->futex, &slice, NULL, 0);
}

static inline negative_cell *find_negative(const region_view *view, const call_state *call)
{
    negative_cell *cells = view->negatives + (size_t)bank_of(view, call->hash) * NEGATIVES;
    for (int at = 0; at < NEGATIVES; at++)
        if (cells[at].deadline_ns && cells[at].hash == call->hash &&
            cells[at].second_hash == call->second_hash)
            return cells + at;
    return NULL;
}

static inline void end_lease(lease *cell)
{
    __atomic_store_n(&cell->state, LEASE_FREE, __ATOMIC_RELAXED);
    KILL_POINT(lease_freed);
    __atomic_fetch_add(&cell->futex, 1, __ATOMIC_RELEASE);
}

static inline void grant(const region_view *view, lease *cell, call_state *call, int64_t now_ns)
{
    __atomic_store_n(&cell->state, LEASE_FREE, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a kill between two stores must find a free cell */
    cell->hash = call->hash;
    KILL_POINT(lease_half);
    cell->id = ++head_of(view, bank_of(view, call->hash))->lease_counter;
    cell->row = view->row;
    cell->thread = call->thread;
    cell->incarnation = view->incarnation;
    cell->revoked = 0;
    cell->error = 0;
    cell->deadline_ns = now_ns + view->header->lease_ns;
    __atomic_store_n(&cell->state, LEASE_HELD, __ATOMIC_RELEASE);
    KILL_POINT(lease_granted);
    call->cell = cell;
    call->lease_id = cell->id;
}

/* Finds the key's lease, or a cell that may be taken for it (free, or past its deadline); else NULL.
 * A dead leader of a tenant that nobody asks for again would keep its cell without the second rule. */
static inline lease *find_lease(const region_view *view, uint64_t hash, int64_t now_ns, int *own)
{
    lease *cells = view->leases + (size_t)bank_of(view, hash) * LEASES;
    lease *usable = NULL;
    *own = 1;
    for (int at = 0; at < LEASES; at++) {
        if (cells[at].state != LEASE_FREE && cells[at].hash == hash)
            return cells + at;
        if (!usable && (cells[at].state == LEASE_FREE || cells[at].deadline_ns <= now_ns))
            usable = cells + at;
    }
    *own = 0;
    return usable;
}

/* Whether a lease is this very thread's. */
static inline int held_by_me(const region_view *view, const lease *cell, const call_state *call)
{
    return cell->row == view->row && cell->incarnation == view->incarnation &&
           cell->thread == call->thread;
}

static inline int begin_locked(const region_view *view, call_state *call, int64_t now_ns)
{
    int own, found = read_record(view, call->hash, call->key, call->key_length, now_ns, &call->record);
    if (found == RECORD_FOUND)
        return BEGIN_FOUND;
    const negative_cell *negative = find_negative(view, call);
    if (negative && now_ns < negative->deadline_ns)
        return negative->inactive ? BEGIN_INACTIVE : BEGIN_NOT_FOUND;
    lease *cell = find_lease(view, call->hash, now_ns, &own);
    if (!cell)
        return BEGIN_FULL;
    if (own && cell->state == LEASE_ERROR && now_ns < cell->deadline_ns) {
        call->error = cell->error;
        return BEGIN_SHARED_ERROR;
    }
    if (own && cell->state == LEASE_HELD) {
        if (held_by_me(view, cell, call))
            return BEGIN_RECURSIVE;
        if (now_ns < cell->deadline_ns && cell->id != call->proven_dead) {
            call->cell = cell;
            call->lease_id = cell->id;
            call->futex = __atomic_load_n(&cell->futex, __ATOMIC_RELAXED);
            call->owner_row = cell->row;
            call->owner_incarnation = cell->incarnation;
            return BEGIN_HELD;
        }
        count(view, COUNT_TAKEOVERS, 1);
    }
    grant(view, cell, call, now_ns);
    return BEGIN_GRANTED;
}

/* The section of a miss: reads again, then not-found, shared error, a lease of one's own, or whom to wait
 * for. The clock is read inside: a section may have waited long for its lock. */
static inline int begin(const region_view *view, call_state *call, int may_wait)
{
    uint32_t bank = bank_of(view, call->hash);
    int taken = lock_bank(view, bank, may_wait);
    if (taken != LOCKED)
        return section_failure(taken);
    KILL_POINT(lease_locked);
    int result = begin_locked(view, call, precise_ns());
    unlock_bank(view, bank);
    return result;
}

enum { OUTCOME_RECORD, OUTCOME_UNCACHEABLE, OUTCOME_NOT_FOUND, OUTCOME_ERROR, OUTCOME_ABANDONED };

typedef struct {
    int kind;
    loaded_record record;
    uint32_t inactive; /* with OUTCOME_NOT_FOUND */
    uint32_t error;    /* with OUTCOME_ERROR */
} load_outcome;

static inline void remember_not_found(const region_view *view, const call_state *call,
                                      uint32_t inactive, int64_t now_ns)
{
    negative_cell *cells = view->negatives + (size_t)bank_of(view, call->hash) * NEGATIVES;
    negative_cell *cell = find_negative(view, call);
    int64_t deadline_ns = call->load_start_ns + view->header->negative_ttl_ns;
    for (int at = 0; at < NEGATIVES && !cell; at++)
        if (cells[at].deadline_ns <= now_ns)
            cell = cells + at;
    for (int at = 0; at < NEGATIVES && !cell; at++) /* none is free: the one that ends soonest */
        if (at == 0 || cells[at].deadline_ns < cell->deadline_ns)
            cell = cells + at;
    cell->deadline_ns = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a kill may strike between any two of these stores */
    cell->hash = call->hash;
    KILL_POINT(negative_half);
    cell->second_hash = call->second_hash;
    cell->inactive = inactive;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cell->deadline_ns = deadline_ns;
}

static inline int commit_locked(const region_view *view, call_state *call,
                                const load_outcome *outcome, int64_t now_ns)
{
    lease *cell = call->cell;
    if (cell->state != LEASE_HELD || cell->id != call->lease_id) {
        count(view, COUNT_DEPOSED, 1);
        return COMMIT_DEPOSED;
    }
    int result = COMMIT_RETURNED;
    int stays = outcome->kind == OUTCOME_RECORD && !cell->revoked;
    if (cell->revoked)
        count(view, COUNT_REVOKED, 1);
    if (stays) {
        uint32_t index = publish(view, call->hash, call->key, call->key_length, &outcome->record, now_ns);
        call->record.mark = index;
        call->record.epoch = *epoch_of(view, call->hash);
        result = COMMIT_PUBLISHED;
    } else if (outcome->kind != OUTCOME_ERROR && outcome->kind != OUTCOME_ABANDONED) {
        /* Rule 4: what is answered without being published leaves no older word behind. */
        uint64_t *word = find_word(view, call->hash, call->key, call->key_length);
        if (word)
            drop_word(view, bank_of(view, call->hash), word, epoch_of(view, call->hash));
    }
    if (outcome->kind == OUTCOME_NOT_FOUND && !cell->revoked)
        remember_not_found(view, call, outcome->inactive, now_ns);
    if (outcome->kind == OUTCOME_ERROR && !cell->revoked && view->header->error_ttl_ns > 0) {
        cell->error = outcome->error;
        cell->deadline_ns = now_ns + view->header->error_ttl_ns;
        __atomic_store_n(&cell->state, LEASE_ERROR, __ATOMIC_RELEASE);
        __atomic_fetch_add(&cell->futex, 1, __ATOMIC_RELEASE);
    } else {
        end_lease(cell);
    }
    return result;
}

/* The section that ends a load. DEPOSED: the lease went to somebody else, go round again. */
static inline int commit(const region_view *view, call_state *call, const load_outcome *outcome,
                         int may_wait)
{
    uint32_t bank = bank_of(view, call->hash);
    int taken = lock_bank(view, bank, may_wait);
    if (taken != LOCKED)
        return section_failure(taken);
    KILL_POINT(commit_locked);
    int result = commit_locked(view, call, outcome, precise_ns());
    unlock_bank(view, bank);
    KILL_POINT(commit_unlocked);
    if (result != COMMIT_DEPOSED)
        wake_waiters(call->cell);
    return result;
}

#endif
