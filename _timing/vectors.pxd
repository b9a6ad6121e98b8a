"""Whether the array passes may use AVX2; read by them before each pass."""

cdef bint avx2
