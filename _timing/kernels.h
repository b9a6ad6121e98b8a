/* Passes over whole arrays: histogram counters and percentile bins.

   Each exists as portable C and as AVX2, chosen at run time by the caller's flag (one wheel serves
   every x86-64). Both give identical counts; tests compare them. The vector forms convert
   non-negative integers below 2^52 to doubles by arithmetic: with the exponent bits of 2^52 OR-ed
   in, v reads as the double 2^52 + v, and subtracting 2^52 leaves v. A double's upper bits are a
   log-linear bucket number, which is all that a histogram's index is. */

#ifndef TIMING_KERNELS
#define TIMING_KERNELS

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define TIMING_AVX2 1
#include <immintrin.h>
#endif

enum { BLOCK = 256, BINS = 65536 };

static int timing_has_avx2(void) {
#ifdef TIMING_AVX2
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

/* ---- histogram ---------------------------------------------------------------------------- */

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

static void timing_count_each(Counters *c, const int64_t *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) timing_count(c, values[i], 1);
}

#ifdef TIMING_AVX2
/* Blocks whose OR shows a negative or large value (`beyond`: the bits that must be clear) take the
   scalar path. For unit_magnitude 0 and at most 2^16 counters. */
__attribute__((target("avx2")))
static void timing_count_blocks(Counters *c, const int64_t *values, int64_t n, int64_t beyond) {
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000LL);
    const __m256d two52 = _mm256_castsi256_pd(magic);
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
        __m256i seen = _mm256_setzero_si256();
        for (int j = 0; j < BLOCK; j += 4)
            seen = _mm256_or_si256(seen, _mm256_loadu_si256((const __m256i *)(block + j)));
        if (!_mm256_testz_si256(seen, _mm256_set1_epi64x(beyond))) {
            timing_count_each(c, block, BLOCK);
            continue;
        }
        vectors = 1;
        for (int j = 0; j < BLOCK; j += 4) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(block + j));
            __m256d d = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(v, magic)), two52);
            low = _mm256_min_pd(low, d);
            high = _mm256_max_pd(high, d);
            __m256i at = _mm256_sub_epi64(_mm256_srl_epi64(_mm256_castpd_si256(d), shift), bias);
            at = _mm256_blendv_epi8(at, v, _mm256_cmpgt_epi64(linear, v));
            __m256i packed = _mm256_permutevar8x32_epi32(at, _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0));
            _mm_storeu_si128((__m128i *)(index + j), _mm256_castsi256_si128(packed));
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

static void timing_count_many(Counters *c, const int64_t *values, int64_t n, int64_t beyond, int avx2) {
#ifdef TIMING_AVX2
    if (avx2 && beyond) { timing_count_blocks(c, values, n, beyond); return; }
#endif
    (void)beyond; (void)avx2;
    timing_count_each(c, values, n);
}

/* ---- percentiles -------------------------------------------------------------------------- */

/* Order image of a double: an integer that sorts (unsigned) as the doubles do, NaN at the ends. An
   int64 takes the image of its nearest double: equal for some neighbours above 2^53, never in the
   wrong order, and finer for small values than for large ones, which suits heavy tails. */
static inline uint64_t timing_image(double value) {
    int64_t bits;
    memcpy(&bits, &value, 8);
    return (uint64_t)bits ^ ((uint64_t)(bits >> 63) | 0x8000000000000000ULL);
}
static inline uint64_t timing_image_int(int64_t value) { return timing_image((double)value); }
static inline uint64_t timing_image_real(double value) { return timing_image(value); }

static inline uint16_t timing_bin(uint64_t image, uint64_t base, int shift) {
    if (image < base) return 0;
    image = (image - base) >> shift;
    return image < BINS ? (uint16_t)image : BINS - 1;
}

static void timing_bin_ints(const int64_t *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts) {
    for (int64_t i = 0; i < n; i++) counts[bins[i] = timing_bin(timing_image_int(v[i]), base, shift)]++;
}

/* Returns 1 if there is a NaN. */
static int timing_bin_reals(const double *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts) {
    int nan = 0;
    for (int64_t i = 0; i < n; i++) {
        nan |= v[i] != v[i];
        counts[bins[i] = timing_bin(timing_image(v[i]), base, shift)]++;
    }
    return nan;
}

#ifdef TIMING_AVX2
/* Four images to four bins in the low halves; comparisons of unsigned numbers by flipped sign. The
   caller's shift is at least 1, so a shifted difference is a positive signed number. */
__attribute__((target("avx2")))
static inline __m128i timing_bin4(__m256i bits, __m256i base, __m128i shift) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i sign = _mm256_cmpgt_epi64(zero, bits);
    const __m256i ordered = _mm256_xor_si256(bits, _mm256_srli_epi64(sign, 1));    /* signed order */
    const __m256i below = _mm256_cmpgt_epi64(base, ordered);
    __m256i bin = _mm256_srl_epi64(_mm256_sub_epi64(ordered, base), shift);
    const __m256i top = _mm256_set1_epi64x(BINS - 1);
    bin = _mm256_blendv_epi8(bin, top, _mm256_cmpgt_epi64(bin, top));
    bin = _mm256_andnot_si256(below, bin);
    bin = _mm256_permutevar8x32_epi32(bin, _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0));
    return _mm256_castsi256_si128(bin);
}

static inline void timing_tally(const uint16_t *bins, int64_t *counts) {
    for (int j = 0; j < BLOCK; j += 4) {
        counts[bins[j]]++; counts[bins[j + 1]]++; counts[bins[j + 2]]++; counts[bins[j + 3]]++;
    }
}

__attribute__((target("avx2")))
static void timing_bin_ints_avx2(const int64_t *v, int64_t n, uint64_t base, int shift,
                                 uint16_t *bins, int64_t *counts) {
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000LL);
    const __m256d two52 = _mm256_castsi256_pd(magic);
    const __m256i beyond = _mm256_set1_epi64x((int64_t)0xFFF0000000000000ULL);
    const __m256i from = _mm256_set1_epi64x((int64_t)(base ^ 0x8000000000000000ULL));
    const __m128i by = _mm_cvtsi32_si128(shift);
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        __m256i seen = _mm256_setzero_si256();
        for (int j = 0; j < BLOCK; j += 8) {
            __m128i half[2];
            for (int k = 0; k < 2; k++) {
                __m256i x = _mm256_loadu_si256((const __m256i *)(v + i + j + 4 * k));
                seen = _mm256_or_si256(seen, x);
                __m256d d = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, magic)), two52);
                half[k] = timing_bin4(_mm256_castpd_si256(d), from, by);
            }
            _mm_storeu_si128((__m128i *)(bins + i + j), _mm_packus_epi32(half[0], half[1]));
        }
        if (_mm256_testz_si256(seen, beyond)) timing_tally(bins + i, counts);
        else timing_bin_ints(v + i, BLOCK, base, shift, bins + i, counts);
    }
    timing_bin_ints(v + i, n - i, base, shift, bins + i, counts);
}

__attribute__((target("avx2")))
static int timing_bin_reals_avx2(const double *v, int64_t n, uint64_t base, int shift,
                                 uint16_t *bins, int64_t *counts) {
    const __m256i from = _mm256_set1_epi64x((int64_t)(base ^ 0x8000000000000000ULL));
    const __m128i by = _mm_cvtsi32_si128(shift);
    __m256d unordered = _mm256_setzero_pd();
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        for (int j = 0; j < BLOCK; j += 8) {
            __m128i half[2];
            for (int k = 0; k < 2; k++) {
                __m256d d = _mm256_loadu_pd(v + i + j + 4 * k);
                unordered = _mm256_or_pd(unordered, _mm256_cmp_pd(d, d, _CMP_UNORD_Q));
                half[k] = timing_bin4(_mm256_castpd_si256(d), from, by);
            }
            _mm_storeu_si128((__m128i *)(bins + i + j), _mm_packus_epi32(half[0], half[1]));
        }
        timing_tally(bins + i, counts);
    }
    return timing_bin_reals(v + i, n - i, base, shift, bins + i, counts)
        | (_mm256_movemask_pd(unordered) != 0);
}
#endif

static int timing_bins_int(const int64_t *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                           int64_t *counts, int avx2) {
#ifdef TIMING_AVX2
    if (avx2) { timing_bin_ints_avx2(v, n, base, shift, bins, counts); return 0; }
#endif
    (void)avx2;
    timing_bin_ints(v, n, base, shift, bins, counts);
    return 0;
}

static int timing_bins_real(const double *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts, int avx2) {
#ifdef TIMING_AVX2
    if (avx2) return timing_bin_reals_avx2(v, n, base, shift, bins, counts);
#endif
    (void)avx2;
    return timing_bin_reals(v, n, base, shift, bins, counts);
}

/* Positions of `bin`: whole blocks are skipped by a comparison that compilers vectorise. Values are
   copied as 8 bytes, whatever they are. Returns how many were copied. */
static int64_t timing_gather(const uint64_t *v, int64_t n, const uint16_t *bins, uint16_t bin,
                             uint64_t *out) {
    int64_t found = 0, i = 0;
    for (; i + 64 <= n; i += 64) {
        uint16_t any = 0;
        for (int j = 0; j < 64; j++) any |= (uint16_t)-(bins[i + j] == bin);
        if (!any) continue;
        for (int j = 0; j < 64; j++)
            if (bins[i + j] == bin) out[found++] = v[i + j];
    }
    for (; i < n; i++)
        if (bins[i] == bin) out[found++] = v[i];
    return found;
}

#endif
