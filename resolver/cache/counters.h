/* What is counted in a worker's row. Single writer: its process. Read by everybody, never reset. */
#ifndef RESOLVER_COUNTERS_H
#define RESOLVER_COUNTERS_H

#include "layout.h"

/* Indices into worker_row.counters. requests = the sum of the first six. */
enum {
    COUNT_L1_HITS,
    COUNT_L2_HITS,
    COUNT_MISSES,
    COUNT_WAITS,
    COUNT_NEGATIVES,
    COUNT_FAILED,
    COUNT_LOADS,
    COUNT_TAKEOVERS,
    COUNT_INVALIDATIONS,
    COUNT_REPAIRS,
    COUNT_EVICTIONS,
    COUNT_UNCACHEABLE,
    COUNT_DEPOSED,
    COUNT_REVOKED,
    COUNT_QUERY_NS,
    COUNT_DECRYPTION_NS,
};

/* Atomic: sections count without the GIL. Without a row (a loader that forked) nobody counts. */
static inline void count(const region_view *view, int counter, uint64_t amount)
{
    if (view->counters)
        __atomic_fetch_add(view->counters + counter, amount, __ATOMIC_RELAXED);
}

#endif
