/* Putting the elements of an array into 65,536 bins in the elements' order, for exact percentiles. */

#ifndef TIMING_BINNING
#define TIMING_BINNING

#include "vectors.h"

enum { BINS = 65536 };

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

/* Where bin number `bin` is kept. Small integers come at distances of a power of two, which would
   put their counters into very few sets of the cache; this permutation spreads them. */
static inline uint16_t timing_slot(unsigned bin) { return (uint16_t)(bin ^ ((bin >> 6) & 0x1F8)); }

static inline uint16_t timing_bin(uint64_t image, uint64_t base, int shift) {
    if (image < base) return timing_slot(0);
    image = (image - base) >> shift;
    return timing_slot(image < BINS ? (unsigned)image : BINS - 1);
}
static inline uint16_t timing_bin_int(int64_t value, uint64_t base, int shift) {
    return timing_bin(timing_image_int(value), base, shift);
}

static inline void timing_bin_ints(const int64_t *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts) {
    for (int64_t i = 0; i < n; i++) counts[bins[i] = timing_bin(timing_image_int(v[i]), base, shift)]++;
}

/* Returns 1 if there is a NaN. */
static inline int timing_bin_reals(const double *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts) {
    int nan = 0;
    for (int64_t i = 0; i < n; i++) {
        nan |= v[i] != v[i];
        counts[bins[i] = timing_bin(timing_image(v[i]), base, shift)]++;
    }
    return nan;
}

#ifdef TIMING_AVX2
/* Four images to four slots in the low halves; comparisons of unsigned numbers by flipped sign. The
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
    const __m256i spread = _mm256_and_si256(_mm256_srli_epi64(bin, 6), _mm256_set1_epi64x(0x1F8));
    bin = _mm256_xor_si256(bin, spread);
    return timing_low_halves(bin);
}

static inline void timing_tally(const uint16_t *bins, int64_t *counts) {
    for (int j = 0; j < BLOCK; j += 4) {
        counts[bins[j]]++; counts[bins[j + 1]]++; counts[bins[j + 2]]++; counts[bins[j + 3]]++;
    }
}

__attribute__((target("avx2")))
static inline void timing_bin_ints_avx2(const int64_t *v, int64_t n, uint64_t base, int shift,
                                 uint16_t *bins, int64_t *counts) {
    const __m256i beyond = _mm256_set1_epi64x((int64_t)0xFFF0000000000000ULL);
    const __m256i from = _mm256_set1_epi64x((int64_t)(base ^ 0x8000000000000000ULL));
    const __m128i by = _mm_cvtsi32_si128(shift);
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        if (!_mm256_testz_si256(timing_block_bits(v + i), beyond)) {
            timing_bin_ints(v + i, BLOCK, base, shift, bins + i, counts);
            continue;
        }
        for (int j = 0; j < BLOCK; j += 8) {
            __m128i half[2];
            for (int k = 0; k < 2; k++) {
                __m256i x = _mm256_loadu_si256((const __m256i *)(v + i + j + 4 * k));
                __m256d d = timing_small_to_double(x);
                half[k] = timing_bin4(_mm256_castpd_si256(d), from, by);
            }
            _mm_storeu_si128((__m128i *)(bins + i + j), _mm_packus_epi32(half[0], half[1]));
        }
        timing_tally(bins + i, counts);
    }
    timing_bin_ints(v + i, n - i, base, shift, bins + i, counts);
}

__attribute__((target("avx2")))
static inline int timing_bin_reals_avx2(const double *v, int64_t n, uint64_t base, int shift,
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

static inline int timing_bins_int(const int64_t *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                           int64_t *counts, int avx2) {
#ifdef TIMING_AVX2
    if (avx2) { timing_bin_ints_avx2(v, n, base, shift, bins, counts); return 0; }
#endif
    (void)avx2;
    timing_bin_ints(v, n, base, shift, bins, counts);
    return 0;
}

static inline int timing_bins_real(const double *v, int64_t n, uint64_t base, int shift, uint16_t *bins,
                            int64_t *counts, int avx2) {
#ifdef TIMING_AVX2
    if (avx2) return timing_bin_reals_avx2(v, n, base, shift, bins, counts);
#endif
    (void)avx2;
    return timing_bin_reals(v, n, base, shift, bins, counts);
}

/* Bit j set: bins[j] is `bin`, for 16 neighbours. */
static inline unsigned timing_matches(const uint16_t *bins, uint16_t bin) {
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi16((short)bin);
    __m128i low = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)bins), wanted);
    __m128i high = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(bins + 8)), wanted);
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
    unsigned mask = 0;
    for (int j = 0; j < 16; j++) mask |= (unsigned)(bins[j] == bin) << j;
    return mask;
#endif
}

/* Elements in `bin`, copied as 8 bytes, whatever they are. Returns how many were copied. With `out`
   NULL only looks whether they all are the same 8 bytes: 1 if so, and 0 at the first that differs. */
static inline int64_t timing_gather(const uint64_t *v, int64_t n, const uint16_t *bins,
                                    uint16_t bin, uint64_t *out) {
    int64_t found = 0, i = 0;
    uint64_t first = 0;
    for (; i < n; i += 16) {
        unsigned mask = 0;
        if (i + 16 <= n) mask = timing_matches(bins + i, bin);
        else for (int j = 0; i + j < n; j++) mask |= (unsigned)(bins[i + j] == bin) << j;
        for (; mask; mask &= mask - 1) {
            uint64_t here = v[i + __builtin_ctz(mask)];
            if (out) out[found] = here;
            else if (!found) first = here;
            else if (here != first) return 0;
            found++;
        }
    }
    return out ? found : 1;
}

/* Position of the first element in `bin`, of which there is one. */
static inline int64_t timing_first(int64_t n, const uint16_t *bins, uint16_t bin) {
    int64_t i = 0;
    while (i + 16 <= n && !timing_matches(bins + i, bin)) i += 16;
    while (bins[i] != bin) i++;
    return i;
}

#endif
