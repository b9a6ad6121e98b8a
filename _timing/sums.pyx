"""Adding up histograms that are being written: marked pages only, into a copy of one's own."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

import numpy as np

from _timing.geometry cimport Geometry, index_of
from _timing.histogram cimport HIGHEST_VALUE, INDEX_COUNT, Histogram
from _timing.layout cimport PAGE_COUNTERS, TENANT_COUNTERS


@cython.final
cdef class HistogramSum:
    """A sum of histograms of one geometry: 1 ns to 60 s at 3, or 2, significant figures."""

    def __cinit__(self, int figures):
        self.figures = figures
        self.array = np.zeros(INDEX_COUNT if figures == 3 else TENANT_COUNTERS, np.int64)
        self.counts = self.array
        self.empty = True

    cdef void add(
        self, uint64_t marked, const int64_t* counts, int64_t least, int64_t greatest
    ) noexcept:
        """Add the marked pages of `counts`; reading an unmarked one would allocate it."""
        cdef Py_ssize_t page, i, first
        cdef Py_ssize_t n = self.counts.shape[0]
        cdef int64_t* into = &self.counts[0]
        if not marked:
            return
        for page in range((n + PAGE_COUNTERS - 1) // PAGE_COUNTERS):
            if marked >> page & 1:
                first = page * PAGE_COUNTERS
                for i in range(first, min(n, first + PAGE_COUNTERS)):
                    into[i] += counts[i]
        self.least = least if self.empty else min(self.least, least)
        self.greatest = greatest if self.empty else max(self.greatest, greatest)
        self.empty = False

    cdef object histogram(self):
        """The sum as a Histogram, which takes the counts over."""
        histogram = Histogram(1, HIGHEST_VALUE, self.figures, self.array)
        histogram.adopt(self.least, self.greatest, self.overflow)
        return histogram

    cdef object shifted(self, HistogramSum shifts):
        """This sum with the shifts' counts applied: samples moved from one value to another.

        An extreme is exact where an exact one of either part lies in the outermost counter.
        """
        cdef Histogram histogram
        cdef Geometry* geometry
        cdef Py_ssize_t i
        for i in range(self.counts.shape[0]):
            self.counts[i] = max(0, self.counts[i] + shifts.counts[i])
        histogram = Histogram(1, HIGHEST_VALUE, self.figures, self.array)
        if shifts.empty or not histogram.total_count:
            histogram.adopt(self.least, self.greatest, self.overflow)
            return histogram
        geometry = &histogram.geometry
        first, last = index_of(geometry, histogram.min), index_of(geometry, histogram.max)
        lows = [v for v in (self.least, shifts.least) if index_of(geometry, v) == first]
        highs = [v for v in (self.greatest, shifts.greatest) if index_of(geometry, v) == last]
        histogram.adopt(
            min(lows) if lows else histogram.min,
            max(highs) if highs else histogram.max,
            self.overflow,
        )
        return histogram
