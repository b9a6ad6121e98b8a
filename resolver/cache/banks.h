/* A bank: its mutex, its repair after a death, and the two ways in which a word goes. */
#ifndef RESOLVER_BANKS_H
#define RESOLVER_BANKS_H

#include "counters.h"
#include "killpoints.h"
#include "layout.h"
#include "liveness.h"

#include <string.h>

/* Under the bank's mutex there is one writer: a load and a store are an increment. */
static inline void bump(uint64_t *epoch)
{
    __atomic_store_n(epoch, *epoch + 1, __ATOMIC_RELEASE);
}

static inline void set_bit(bank_head *head, uint32_t slot)
{
    head->bitmap[slot / 64] |= UINT64_C(1) << slot % 64;
}

static inline void clear_bit(bank_head *head, uint32_t slot)
{
    head->bitmap[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

static inline int bit_is_set(const bank_head *head, uint32_t slot)
{
    return head->bitmap[slot / 64] >> slot % 64 & 1;
}

static inline int bank_is_empty(const region_view *view, const bank_head *head)
{
    uint64_t any = 0;
    for (uint32_t at = 0; at < view->slots_per_bank / 64; at++)
        any |= __atomic_load_n(head->bitmap + at, __ATOMIC_RELAXED);
    return any == 0;
}

/* Whether a word is what a whole link of this bank and set would have left. */
static inline int word_fits(const region_view *view, uint32_t bank, const uint64_t *word)
{
    uint64_t value = *word;
    if (!(value >> 63) || word_slot(value) >= view->slots_per_bank)
        return 0;
    const slot *place = view->slots + slot_index(view, bank, word_slot(value));
    return (place->generation & GENERATION_MASK) == (value & GENERATION_MASK) &&
           bank_of(view, place->hash) == bank && (place->hash & 0x7fff) == word_tag(value) &&
           word >= set_of(view, place->hash) && word < set_of(view, place->hash) + WAYS;
}

/* After the owner of the mutex died: keeps the words that fit, raises every epoch of the bank (the dead
 * may have unlinked without a bump), and makes the bitmap anew. May itself be killed anywhere. */
static inline void repair_bank(const region_view *view, uint32_t bank)
{
    bank_head *head = head_of(view, bank);
    uint64_t *words = view->words + (size_t)bank * view->sets_per_bank * WAYS;
    KILL_POINT(repair_begun);
    memset(head->bitmap, 0, view->slots_per_bank / 8);
    for (uint32_t at = 0; at < view->sets_per_bank * WAYS; at++) {
        if (words[at] == 0)
            continue;
        if (word_fits(view, bank, words + at) && !bit_is_set(head, word_slot(words[at])))
            set_bit(head, word_slot(words[at]));
        else
            __atomic_store_n(words + at, 0, __ATOMIC_RELAXED);
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (uint32_t at = 0; at < view->epochs_per_bank; at++)
        bump(view->epochs + (size_t)bank * view->epochs_per_bank + at);
    KILL_POINT(repair_bumped);
    count(view, COUNT_REPAIRS, 1);
    KILL_POINT(repair_done);
}

/* LOCKED, LOCK_BUSY (only where it may not wait), LOCK_TIMED_OUT or LOCK_UNUSABLE. */
static inline int lock_bank(const region_view *view, uint32_t bank, int may_wait)
{
    bank_head *head = head_of(view, bank);
    int taken = take_mutex(&head->mutex, may_wait);
    if (taken == LOCK_OWNER_DIED) {
        repair_bank(view, bank);
        /* Unlocking without this would make the bank unusable for ever. */
        if (pthread_mutex_consistent(&head->mutex))
            return LOCK_UNUSABLE;
        taken = LOCKED;
    }
    return taken;
}

static inline void unlock_bank(const region_view *view, uint32_t bank)
{
    pthread_mutex_unlock(&head_of(view, bank)->mutex);
}

/* Unlink, bump, clear the bit: rule 1. `epoch` is that of the slot's key. */
static inline void drop_word(const region_view *view, uint32_t bank, uint64_t *word, uint64_t *epoch)
{
    uint32_t in_bank = word_slot(*word);
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    KILL_POINT(old_unlinked);
    bump(epoch);
    KILL_POINT(old_bumped);
    clear_bit(head_of(view, bank), in_bank);
}

/* The linked word of this key, or NULL. */
static inline uint64_t *find_word(const region_view *view, uint64_t hash, const uint8_t *key,
                                  uint32_t key_length)
{
    uint64_t *set = set_of(view, hash);
    uint32_t bank = bank_of(view, hash);
    for (int way = 0; way < WAYS; way++) {
        if (!(set[way] >> 63) || word_tag(set[way]) != (hash & 0x7fff))
            continue;
        const slot *place = view->slots + slot_index(view, bank, word_slot(set[way]));
        if (place->hash == hash && place->key_length == key_length &&
            memcmp(place->payload, key, key_length) == 0)
            return set + way;
    }
    return NULL;
}

/* Takes the word of another key away, because its slot or its place in the set is wanted. */
static inline void evict_word(const region_view *view, uint32_t bank, uint64_t *word)
{
    uint32_t in_bank = word_slot(*word);
    uint64_t hash = view->slots[slot_index(view, bank, in_bank)].hash;
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    KILL_POINT(victim_unlinked);
    bump(epoch_of(view, hash));
    KILL_POINT(victim_bumped);
    clear_bit(head_of(view, bank), in_bank);
    count(view, COUNT_EVICTIONS, 1);
}

/* Expired or not referenced since the hand last passed; a referenced one loses its mark. */
static inline int may_go(const region_view *view, size_t index, int64_t now_ns)
{
    if (view->slots[index].deadline_ns <= now_ns)
        return 1;
    if (__atomic_load_n(view->marks + index, __ATOMIC_RELAXED) == 0)
        return 1;
    __atomic_store_n(view->marks + index, 0, __ATOMIC_RELAXED);
    return 0;
}

/* An empty way of the key's set; where there is none, a way is emptied. */
static inline uint64_t *free_way(const region_view *view, uint64_t hash, int64_t now_ns)
{
    uint64_t *set = set_of(view, hash);
    uint32_t bank = bank_of(view, hash);
    for (int way = 0; way < WAYS; way++)
        if (set[way] == 0)
            return set + way;
    int way = 0; /* after one round all marks are gone: the second finds one */
    while (!may_go(view, slot_index(view, bank, word_slot(set[way])), now_ns))
        way = (way + 1) % WAYS;
    evict_word(view, bank, set + way);
    return set + way;
}

/* A free slot of the bank, its bit not yet set; where there is none, the clock hand frees one. */
static inline uint32_t free_slot(const region_view *view, uint32_t bank, int64_t now_ns)
{
    bank_head *head = head_of(view, bank);
    for (uint32_t at = 0; at < view->slots_per_bank / 64; at++)
        if (~head->bitmap[at])
            return at * 64 + (uint32_t)__builtin_ctzll(~head->bitmap[at]);
    uint32_t hand = head->clock_hand & (view->slots_per_bank - 1);
    while (!may_go(view, slot_index(view, bank, hand), now_ns))
        hand = (hand + 1) & (view->slots_per_bank - 1);
    head->clock_hand = hand + 1;
    uint64_t *set = set_of(view, view->slots[slot_index(view, bank, hand)].hash);
    for (int way = 0; way < WAYS; way++)
        if (set[way] >> 63 && word_slot(set[way]) == hand) {
            evict_word(view, bank, set + way);
            return hand;
        }
    clear_bit(head, hand); /* a slot without a word is free, whatever the bitmap said */
    return hand;
}

#endif
