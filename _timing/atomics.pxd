"""Atomic operations for memory shared between processes: acquire loads, release stores, adds.

Loads and stores are plain ones on x86; elsewhere they order a word after what it announces.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from *:
    """
    #ifndef TIMING_ATOMICS
    #define TIMING_ATOMICS
    #include <stdint.h>

    #define timing_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define timing_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #define timing_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)

    static inline void timing_raise(int64_t *p, int64_t v) {
        int64_t seen = __atomic_load_n(p, __ATOMIC_RELAXED);
        while (seen < v && !__atomic_compare_exchange_n(
            p, &seen, v, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {}
    }
    #endif
    """
    uint32_t load_u32 "timing_load"(uint32_t*) noexcept nogil
    int32_t load_i32 "timing_load"(int32_t*) noexcept nogil
    uint64_t load_u64 "timing_load"(uint64_t*) noexcept nogil
    int64_t load_i64 "timing_load"(int64_t*) noexcept nogil
    void store_u32 "timing_store"(uint32_t*, uint32_t) noexcept nogil
    void store_i32 "timing_store"(int32_t*, int32_t) noexcept nogil
    void store_i64 "timing_store"(int64_t*, int64_t) noexcept nogil
    void add_u32 "timing_add"(uint32_t*, uint32_t) noexcept nogil
    void add_u64 "timing_add"(uint64_t*, uint64_t) noexcept nogil
    void add_i64 "timing_add"(int64_t*, int64_t) noexcept nogil
    void raise_to "timing_raise"(int64_t*, int64_t) noexcept nogil
