"""The choice between AVX2 and portable C in passes over arrays: AVX2 where the processor has it."""

cdef extern from "vectors.h":
    int has_avx2 "timing_has_avx2"() noexcept nogil

avx2 = has_avx2()


def allow_avx2(bint allowed):
    """Turn AVX2 on (where the processor has it) or off; returns whether it is on.

    For tests and benchmarks, which compare both. Results are the same either way.
    """
    global avx2
    avx2 = allowed and has_avx2()
    return avx2
