/* What the array passes share: AVX2 beside portable C, chosen at run time by the caller's flag, so
   that one wheel serves every x86-64. Both give identical results; tests compare them. */

#ifndef TIMING_VECTORS
#define TIMING_VECTORS

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define TIMING_AVX2 1
#endif
#if defined(TIMING_AVX2) || defined(__SSE2__)
#include <immintrin.h>
#endif

enum { BLOCK = 256 };           /* elements looked at together: 2 KiB, which stay in the L1 cache */

static inline int timing_has_avx2(void) {
#ifdef TIMING_AVX2
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

#ifdef TIMING_AVX2
/* OR of a block's elements. */
__attribute__((target("avx2")))
static inline __m256i timing_block_bits(const int64_t *block) {
    __m256i seen = _mm256_setzero_si256();
    for (int j = 0; j < BLOCK; j += 4)
        seen = _mm256_or_si256(seen, _mm256_loadu_si256((const __m256i *)(block + j)));
    return seen;
}

/* The low halves of four 64-bit elements. */
__attribute__((target("avx2")))
static inline __m128i timing_low_halves(__m256i wide) {
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0);
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(wide, order));
}

/* Integers from 0 to 2^52 - 1 as doubles: with the exponent bits of 2^52 OR-ed in, v reads as the
   double 2^52 + v, and subtracting 2^52 leaves v. */
__attribute__((target("avx2")))
static inline __m256d timing_small_to_double(__m256i v) {
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000LL);
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(v, magic)),
                         _mm256_castsi256_pd(magic));
}
#endif

#endif
