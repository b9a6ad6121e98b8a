/* Counting values into a histogram: one, or a whole array. */

#ifndef TIMING_COUNTING
#define TIMING_COUNTING

#include "vectors.h"

typedef struct {
    int64_t *table;
    int64_t least, greatest, highest, overflow;
    int unit_magnitude, half_magnitude;
} Counters;

static inline int64_t timing_index(int64_t value, int unit_magnitude, int half_magnitude) {
    int64_t units = value >> unit_magnitude;
    if (units < ((int64_t)2 << half_magnitude)) return units;
    int shift = 63 - half_magnitude - __builtin_clzll((unsigned long long)units);
    return ((int64_t)shift << half_magnitude) + (units >> shift);
}

/* Out of range is clamped and counted, never dropped. */
static inline void timing_count(Counters *c, int64_t value, int64_t count) {
    if (value > c->highest) { value = c->highest; c->overflow += count; }
    if (value < 0) { value = 0; c->overflow += count; }
    if (value < c->least) c->least = value;
    if (value > c->greatest) c->greatest = value;
    c->table[timing_index(value, c->unit_magnitude, c->half_magnitude)] += count;
}

static inline void timing_count_each(Counters *c, const int64_t *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) timing_count(c, values[i], 1);
}

#ifdef TIMING_AVX2
/* A double's upper bits are a log-linear bucket number, which is what a histogram's index is. Blocks
   whose OR shows a negative or large value (`beyond`: the bits that must be clear) take the scalar
   path. For unit_magnitude 0 and at most 2^16 counters. */
__attribute__((target("avx2")))
static inline void timing_count_blocks(Counters *c, const int64_t *values, int64_t n, int64_t beyond) {
    const int half = c->half_magnitude;
    const __m128i shift = _mm_cvtsi32_si128(52 - half);
    const __m256i bias = _mm256_set1_epi64x((int64_t)(1023 + half - 1) << half);
    const __m256i linear = _mm256_set1_epi64x((int64_t)2 << half);
    __m256d low = _mm256_set1_pd(9e15), high = _mm256_setzero_pd();
    uint32_t index[BLOCK];
    int64_t i = 0;
    int vectors = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        const int64_t *block = values + i;
        if (!_mm256_testz_si256(timing_block_bits(block), _mm256_set1_epi64x(beyond))) {
            timing_count_each(c, block, BLOCK);
            continue;
        }
        vectors = 1;
        for (int j = 0; j < BLOCK; j += 4) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(block + j));
            __m256d d = timing_small_to_double(v);
            low = _mm256_min_pd(low, d);
            high = _mm256_max_pd(high, d);
            __m256i at = _mm256_sub_epi64(_mm256_srl_epi64(_mm256_castpd_si256(d), shift), bias);
            at = _mm256_blendv_epi8(at, v, _mm256_cmpgt_epi64(linear, v));
            _mm_storeu_si128((__m128i *)(index + j), timing_low_halves(at));
        }
        for (int j = 0; j < BLOCK; j += 8) {
            _mm_prefetch((const char *)(block + j + 512), _MM_HINT_T0);
            c->table[index[j]]++; c->table[index[j + 1]]++;
            c->table[index[j + 2]]++; c->table[index[j + 3]]++;
            c->table[index[j + 4]]++; c->table[index[j + 5]]++;
            c->table[index[j + 6]]++; c->table[index[j + 7]]++;
        }
    }
    if (vectors) {
        double lows[4], highs[4];
        _mm256_storeu_pd(lows, low);
        _mm256_storeu_pd(highs, high);
        for (int j = 0; j < 4; j++) {
            if ((int64_t)lows[j] < c->least) c->least = (int64_t)lows[j];
            if ((int64_t)highs[j] > c->greatest) c->greatest = (int64_t)highs[j];
        }
    }
    timing_count_each(c, values + i, n - i);
}
#endif

static inline void timing_count_many(Counters *c, const int64_t *values, int64_t n, int64_t beyond,
                                     int avx2) {
#ifdef TIMING_AVX2
    if (avx2 && beyond) { timing_count_blocks(c, values, n, beyond); return; }
#endif
    (void)beyond; (void)avx2;
    timing_count_each(c, values, n);
}

#endif
