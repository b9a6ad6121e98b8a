/* What one process keeps of a cache besides the region: its L1, and how a fork leaves both behind.
 *
 * L1: lines of four entries, one cache line each, looked up by the id's str hash in its line and in the
 * neighbour. Written and read under the GIL. A child of fork starts with an empty one and no row: its
 * counts must not go into the parent's row. The parent's table stays allocated in the child, untouched:
 * giving it back would copy its pages.
 */
#ifndef RESOLVER_PROCESS_H
#define RESOLVER_PROCESS_H

#include "layout.h"

#include <stdlib.h>
#include <string.h>

enum { L1_WAYS = 4, L1_FIRST_LINES = 256 };

typedef struct {
    int64_t hash[L1_WAYS];
    void *entry[L1_WAYS]; /* owned reference to a result object; NULL = empty */
} l1_line;

typedef struct process_state {
    l1_line *lines; /* never NULL */
    uint64_t mask;  /* number of lines - 1; at least 1 */
    uint64_t max_lines;
    uint64_t entries;
    uint64_t victim; /* rotates through the ways of a full line */
    region_view *view;
    struct process_state *next;
} process_state;

/* Stands for a table without entries; never written. */
static l1_line no_lines[2];
static process_state *processes;

static void forget_parent(void)
{
    for (process_state *at = processes; at; at = at->next) {
        at->lines = no_lines;
        at->mask = 1;
        at->entries = 0;
        at->view->counters = NULL;
    }
}

/* The list is changed under the GIL by whole stores, so that a fork at any moment finds it whole. */
static inline int adopt_process(process_state *state, region_view *view, uint64_t max_lines)
{
    static int hooked;
    if (!hooked && pthread_atfork(NULL, NULL, forget_parent))
        return -1;
    hooked = 1;
    state->lines = no_lines;
    state->mask = 1;
    state->max_lines = max_lines < L1_FIRST_LINES ? L1_FIRST_LINES : max_lines;
    state->entries = state->victim = 0;
    state->view = view;
    state->next = processes;
    processes = state;
    return 0;
}

static inline void abandon_process(process_state *state)
{
    for (process_state **at = &processes; *at; at = &(*at)->next)
        if (*at == state) {
            *at = state->next;
            return;
        }
}

/* Twice as many lines, or the first ones; 0 = it could not be done, the table stays as it is. */
static inline int grow_lines(process_state *state)
{
    uint64_t old_count = state->lines == no_lines ? 0 : state->mask + 1;
    uint64_t new_count = old_count ? old_count * 2 : L1_FIRST_LINES;
    if (new_count > state->max_lines)
        return 0;
    l1_line *fresh = (l1_line *)aligned_alloc(64, new_count * sizeof(l1_line));
    if (!fresh)
        return 0;
    memset(fresh, 0, new_count * sizeof(l1_line));
    for (uint64_t line = 0; line < old_count; line++)
        for (int way = 0; way < L1_WAYS; way++) {
            void *entry = state->lines[line].entry[way];
            if (!entry)
                continue;
            int64_t hash = state->lines[line].hash[way];
            l1_line *home = fresh + ((uint64_t)hash & (new_count - 1));
            int free_way = 0;
            while (free_way < L1_WAYS && home->entry[free_way])
                free_way++;
            if (free_way == L1_WAYS) { /* an entry from the neighbour may meet a full home */
                home = fresh + (((uint64_t)hash & (new_count - 1)) ^ 1);
                for (free_way = 0; free_way < L1_WAYS && home->entry[free_way];)
                    free_way++;
            }
            if (free_way == L1_WAYS) {
                free(fresh);
                return 0;
            }
            home->hash[free_way] = hash;
            home->entry[free_way] = entry;
        }
    l1_line *old = state->lines;
    state->lines = fresh;
    state->mask = new_count - 1;
    if (old_count)
        free(old);
    return 1;
}

#endif
