"""Exact percentiles of arrays, by selection: the wanted ranks are found without sorting.

One pass puts each element into one of 65,536 bins in the elements' order, their borders guessed
from a sample; the bins that hold a wanted rank are gathered and searched the same way, with exact
borders from then on. Every level divides a range of at most 2**64 by 2**14 or more, so it ends. An
array that is sorted, or constant, is recognised in one pass that stops at the first descent.
"""

from libc.stdint cimport int64_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort
from libc.string cimport memcpy

from _timing.vectors cimport avx2

import numpy as np

from _timing.rank import rank

cdef extern from "binning.h":
    enum:
        BINS
    uint64_t image_int "timing_image_int"(int64_t value) noexcept nogil
    uint16_t slot_of_bin "timing_slot"(unsigned int bin) noexcept nogil
    uint16_t slot_of_int "timing_bin_int"(int64_t value, uint64_t base, int shift) noexcept nogil
    uint64_t image_real "timing_image_real"(double value) noexcept nogil
    int bins_int "timing_bins_int"(const int64_t* values, int64_t n, uint64_t base, int shift,
                                   uint16_t* bins, int64_t* counts, int avx2) noexcept nogil
    int bins_real "timing_bins_real"(const double* values, int64_t n, uint64_t base, int shift,
                                     uint16_t* bins, int64_t* counts, int avx2) noexcept nogil
    int64_t gather "timing_gather"(const uint64_t* values, int64_t n, const uint16_t* bins,
                                   uint16_t bin, uint64_t* out) noexcept nogil
    int64_t first_in_bin "timing_first"(int64_t n, const uint16_t* bins,
                                        uint16_t bin) noexcept nogil

cdef enum:
    SAMPLE = 4096
    SMALL = 8192            # below this, sorting is faster than clearing 65,536 counters
    CROWDED = 64            # a bin with more than 1/64 of the elements may hold one value only
    BATCH = 64              # ranks searched together within one bin; more take another turn
    WITHOUT_MEMORY = 1
    NOT_A_NUMBER = 2

cdef int64_t MAX_EXACT = 1 << 53    # beyond it neighbouring integers share an image


cdef uint64_t image(number value) noexcept nogil:
    if number is int64_t:
        return image_int(value)
    else:
        return image_real(value)


cdef int compare_ints(const void* a, const void* b) noexcept nogil:
    cdef int64_t x = (<const int64_t*>a)[0]
    cdef int64_t y = (<const int64_t*>b)[0]
    return (x > y) - (x < y)


cdef int compare_reals(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const double*>a)[0]
    cdef double y = (<const double*>b)[0]
    return (x > y) - (x < y)


cdef void sort(number* values, int64_t n) noexcept nogil:
    if number is int64_t:
        qsort(values, n, sizeof(number), &compare_ints)
    else:
        qsort(values, n, sizeof(number), &compare_reals)


cdef bint ascending(const number* values, int64_t n) noexcept nogil:
    """Whether each element is at least its predecessor; a NaN among them says no (n >= 2)."""
    cdef int64_t i
    for i in range(n - 1):
        if not values[i] <= values[i + 1]:
            return False
    return True


cdef bint sort_copy(const number* values, int64_t n, const int64_t* ranks, int64_t k, number* out,
                    int* trouble) noexcept nogil:
    """Answer by sorting a copy."""
    cdef int64_t i
    cdef number* copy
    for i in range(n):
        if values[i] != values[i]:
            trouble[0] = NOT_A_NUMBER
            return False
    copy = <number*>malloc(n * sizeof(number))
    if copy == NULL:
        trouble[0] = WITHOUT_MEMORY
        return False
    memcpy(copy, values, n * sizeof(number))
    sort(copy, n)
    for i in range(k):
        out[i] = copy[ranks[i] - 1]
    free(copy)
    return True


cdef void borders(const number* values, int64_t n, int64_t step, uint64_t* base,
                  int* shift) noexcept nogil:
    """First bin's border and the bins' width (a power of two) from every `step`-th element.

    Their range lies within the middle half of the bins, so that elements just outside it still have
    bins of their own.
    """
    cdef uint64_t low = image(values[0])
    cdef uint64_t high = low
    cdef uint64_t here, margin
    cdef int64_t i = 0
    while i < n:
        here = image(values[i])
        low = min(low, here)
        high = max(high, here)
        i += step
    # At least 1: the vector pass compares shifted differences as signed numbers.
    shift[0] = 1
    while (high - low) >> shift[0] >= <uint64_t>(BINS // 2):
        shift[0] += 1
    margin = <uint64_t>(BINS // 4) << shift[0]
    base[0] = low - margin if low > margin else 0


cdef bint alone(number value, uint64_t base, int shift) noexcept nogil:
    """Whether nothing else can share the bin of this integer; for doubles it always can."""
    if number is int64_t:
        return (-MAX_EXACT < value < MAX_EXACT
                and slot_of_int(value, base, shift) != slot_of_int(value - 1, base, shift)
                and slot_of_int(value, base, shift) != slot_of_int(value + 1, base, shift))
    else:
        return False


cdef bint select_near(const number* values, int64_t n, const int64_t* ranks, int64_t k, number* out,
                      int* trouble) noexcept nogil:
    """Answer where exact borders divide nothing: two neighbouring images hold all the elements."""
    cdef number low = values[0]
    cdef number high = values[0]
    cdef number* copy
    cdef int64_t i
    cdef int64_t equal = 0
    cdef bint good
    for i in range(n):
        low = min(low, values[i])
        high = max(high, values[i])
    if number is double:
        # Neighbouring doubles: no third value is possible.
        for i in range(n):
            equal += values[i] == low
        for i in range(k):
            out[i] = low if ranks[i] <= equal else high
        return True
    else:
        # Integers above 2**53: their distances from the smallest have images of their own.
        copy = <number*>malloc(n * sizeof(number))
        if copy == NULL:
            trouble[0] = WITHOUT_MEMORY
            return False
        for i in range(n):
            copy[i] = values[i] - low
        good = select(copy, n, ranks, k, out, 1, trouble)
        free(copy)
        for i in range(k):
            out[i] += low
        return good


cdef bint select(const number* values, int64_t n, const int64_t* ranks, int64_t k, number* out,
                 int64_t step, int* trouble) noexcept nogil:
    """The elements of the ascending `ranks` (1 = smallest) into `out`; False: see `trouble`."""
    cdef uint64_t base = 0
    cdef int shift = 1
    cdef int64_t below = 0
    cdef int64_t here = 0
    cdef int bin = -1
    cdef uint16_t slot = 0
    cdef int64_t first = 0
    cdef int64_t last, i
    cdef int64_t inner[BATCH]
    cdef bint good = True
    if ascending(values, n) and values[0] == values[0]:
        for i in range(k):
            out[i] = values[ranks[i] - 1]
        return True
    if n <= SMALL:
        return sort_copy(values, n, ranks, k, out, trouble)
    borders(values, n, step, &base, &shift)
    cdef uint16_t* bins = <uint16_t*>malloc(n * sizeof(uint16_t))
    cdef int64_t* counts = <int64_t*>calloc(BINS, sizeof(int64_t))
    cdef number* part = NULL
    if bins == NULL or counts == NULL:
        trouble[0] = WITHOUT_MEMORY
        good = False
    elif number is int64_t:
        bins_int(values, n, base, shift, bins, counts, avx2)
    elif bins_real(values, n, base, shift, bins, counts, avx2):
        trouble[0] = NOT_A_NUMBER
        good = False
    while good and first < k:
        while below + here < ranks[first]:
            below += here
            bin += 1
            slot = slot_of_bin(bin)
            here = counts[slot]
        if here == n and step == 1:
            good = select_near(values, n, ranks, k, out, trouble)
            break
        last = first
        while last < k and last - first < BATCH and ranks[last] <= below + here:
            inner[last - first] = ranks[last] - below
            last += 1
        i = first_in_bin(n, bins, slot)
        if alone(values[i], base, shift) or here > n // CROWDED and gather(
                <const uint64_t*>values, n, bins, slot, NULL):
            # Few distinct values: nothing to select from.
            while first < last:
                out[first] = values[i]
                first += 1
            continue
        part = <number*>malloc(here * sizeof(number))
        if part == NULL:
            trouble[0] = WITHOUT_MEMORY
            good = False
            break
        gather(<const uint64_t*>values, n, bins, slot, <uint64_t*>part)
        good = select(part, here, inner, last - first, out + first, 1, trouble)
        free(part)
        first = last
    free(bins)
    free(counts)
    return good


cdef answer(const number[::1] values, const int64_t[::1] ranks, number[::1] out):
    cdef int64_t n = values.shape[0]
    cdef int64_t k = ranks.shape[0]
    cdef int64_t step = max(1, n // SAMPLE)
    cdef int trouble = 0
    with nogil:
        select(&values[0], n, &ranks[0], k, &out[0], step, &trouble)
    if trouble == WITHOUT_MEMORY:
        raise MemoryError
    if trouble == NOT_A_NUMBER:
        raise ValueError("an array with NaN has no order, so no percentiles")


def percentiles(array, ps):
    """Exact percentiles of a one-dimensional array: of n values the one of rank
    max(1, ceil(p * n / 100)), computed exactly; never an interpolation.

    Args:
        array: integers that fit int64, or floats that fit float64; not changed.
        ps: percentiles from 0 to 100 in any order, each taken as the decimal that was written.

    Returns a numpy array, int64 or float64 like `array`, with one value for each of `ps`. Takes
    about 2 bytes for each element besides. ValueError for an empty array, NaN in it, more than one
    dimension, or what is no percentile; TypeError for elements that convert to neither type.
    """
    array = np.asarray(array)
    if array.ndim != 1:
        raise ValueError(f"the array must have one dimension, not {array.ndim}")
    if array.size == 0:
        raise ValueError("an empty array has no percentiles")
    kind = np.float64 if array.dtype.kind == "f" else np.int64
    array = np.ascontiguousarray(array.astype(kind, casting="safe", copy=False))
    wanted = np.array([rank(p, array.size) for p in ps], dtype=np.int64)
    found = np.empty(wanted.size, dtype=kind)
    if wanted.size == 0:
        return found
    order = np.argsort(wanted, kind="stable")
    values = np.empty_like(found)
    if kind is np.float64:
        answer[double](array, wanted[order], values)
    else:
        answer[int64_t](array, wanted[order], values)
    found[order] = values
    return found
