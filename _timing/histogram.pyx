"""HdrHistogram over memory that the caller gives: one writer, read at any time.

Layout, rounding and the meaning of a percentile are HdrHistogram's (Gil Tene; hdrhistogram.org),
with three decisions of our own: a value out of range is clamped *and* counted (`overflow`), never
dropped; the extremes are kept exactly; a rank is max(1, ceil(p * n / 100)) in exact arithmetic.
"""

cimport cython
from cpython.number cimport PyNumber_Index
from libc.limits cimport LLONG_MAX
from libc.math cimport sqrt
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp

from _timing.geometry cimport (
    Geometry, clamped, highest_of, index_of, lowest_of, make_geometry, middle_of
)
from _timing.vectors cimport avx2

import numpy as np

from _timing import hlog
from _timing.rank import rank

cdef extern from "counting.h":
    ctypedef struct Counters:
        int64_t* table
        int64_t least
        int64_t greatest
        int64_t highest
        int64_t overflow
        int unit_magnitude
        int half_magnitude
    void count_many "timing_count_many"(
        Counters* c, const int64_t* values, int64_t n, int64_t beyond, int avx2) noexcept nogil


cdef inline int64_t integer(value) except? -1:
    """`value` as C, no float among them (Cython would cut it off)."""
    return value if type(value) is int else PyNumber_Index(value)


@cython.final
cdef class Histogram:
    """Counts of int64 values, with every counter's width within the asked significant figures.

    Args:
        lowest_discernible_value: unit below which values need not be told apart, >= 1.
        highest_trackable_value: larger values are clamped to it; at least twice the lowest.
        significant_figures: 1 to 5; the defaults are 1 ns to 60 s with a relative error < 0.1 %.
        counts: one-dimensional, contiguous, writable int64 buffer of `index_count` elements to
            count in (a numpy array, a slice of a shared mapping), or None for memory of its own.
            What is in it already counts: its extremes are then known to the width of a counter.

    ValueError for an impossible geometry or a buffer of another size; ValueError or BufferError
    for memory that cannot be written.
    """

    def __cinit__(self, int64_t lowest_discernible_value=1,
                  int64_t highest_trackable_value=60_000_000_000, int significant_figures=3,
                  counts=None):
        self.geometry = make_geometry(
            lowest_discernible_value, highest_trackable_value, significant_figures)
        self.lowest_discernible_value = lowest_discernible_value
        self.highest_trackable_value = highest_trackable_value
        self.significant_figures = significant_figures
        self.index_count = self.geometry.index_count
        cdef bint given = counts is not None
        if not given:
            counts = np.zeros(self.index_count, dtype=np.int64)
        cdef int64_t[::1] memory = counts
        if memory.shape[0] != self.index_count:
            raise ValueError(f"counts has {memory.shape[0]} elements; this range needs "
                             f"{self.index_count}")
        self.memory = memory
        self.table = &memory[0]
        self.array = counts if isinstance(counts, np.ndarray) else np.asarray(memory)
        self.total_count = 0
        self.overflow = 0
        self.least = LLONG_MAX
        self.greatest = -1
        if given:
            self.survey()

    cdef void survey(self) noexcept:
        """Total and extremes from the counters, the extremes to a counter's width."""
        cdef int64_t index, first = -1, last = -1
        self.total_count = 0
        for index in range(self.index_count):
            if self.table[index]:
                self.total_count += self.table[index]
                last = index
                if first < 0:
                    first = index
        self.least = LLONG_MAX
        self.greatest = -1
        if last >= 0:
            self.least = lowest_of(&self.geometry, first)
            self.greatest = clamped(&self.geometry, highest_of(&self.geometry, last))

    def adopt(self, int64_t minimum, int64_t maximum, int64_t overflow=0):
        """Take the counters as they stand now, with extremes that somebody else kept exactly.

        For a snapshot: copy counters that a recorder writes into `counts`, then adopt its extremes.
        The total is counted anew, so that a copy made in mid-write is consistent in itself;
        extremes that contradict the counters (they are ahead or behind by a few records) give way.
        """
        cdef Geometry* g = &self.geometry
        self.survey()
        self.overflow = overflow
        if self.total_count:
            minimum = clamped(g, minimum)
            maximum = clamped(g, maximum)
            if index_of(g, minimum) == index_of(g, self.least):
                self.least = minimum
            if index_of(g, maximum) == index_of(g, self.greatest):
                self.greatest = maximum

    cdef void tally(self, int64_t value, int64_t count) noexcept nogil:
        """The one way a single value enters; `count` > 0."""
        # Unsigned, a negative value is too large as well: one comparison for both ends.
        if <uint64_t>value > <uint64_t>self.highest_trackable_value:
            value = clamped(&self.geometry, value)
            self.overflow += count
        if value < self.least:
            self.least = value
        if value > self.greatest:
            self.greatest = value
        self.table[index_of(&self.geometry, value)] += count
        self.total_count += count

    def record(self, value, int64_t count=1):
        """Count `value` `count` times. Out of range is clamped and adds `count` to `overflow`.

        ValueError for a negative count, OverflowError for an integer beyond 64 bits, TypeError for
        a float: it would be seconds.
        """
        if count <= 0:
            if count < 0:
                raise ValueError(f"a count of {count} is negative")
            return
        self.tally(integer(value), count)

    def record_many(self, values):
        """Count every element of a one-dimensional array of integers, as `record` would.

        TypeError for anything that does not convert to int64 without loss (floats, uint64).
        """
        array = np.asarray(values)
        if array.ndim != 1:
            raise ValueError(f"values must have one dimension, not {array.ndim}")
        cdef const int64_t[::1] memory = np.ascontiguousarray(
            array.astype(np.int64, casting="safe", copy=False))
        if memory.shape[0] == 0:
            return
        # The bits that are clear below the largest power of two in range.
        cdef int64_t beyond = 0
        if self.geometry.unit_magnitude == 0 and self.index_count <= 65536:
            beyond = -(<int64_t>1 << min(self.highest_trackable_value.bit_length() - 1, 51))
        cdef Counters c = Counters(
            self.table, self.least, self.greatest, self.highest_trackable_value, self.overflow,
            self.geometry.unit_magnitude, self.geometry.half_magnitude)
        count_many(&c, &memory[0], memory.shape[0], beyond, avx2)
        self.least = c.least
        self.greatest = c.greatest
        self.overflow = c.overflow
        self.total_count += memory.shape[0]

    def record_corrected(self, value, int64_t expected_interval):
        """Count `value`, and what a caller who waited for it could not send meanwhile.

        HdrHistogram's correction of coordinated omission: where `value` exceeds
        `expected_interval`, also value - interval, value - 2 * interval, … down to the interval.
        An interval of 0 or less corrects nothing. Takes time for counters, not for values.
        """
        cdef int64_t missing = integer(value)
        self.tally(missing, 1)
        if expected_interval <= 0:
            return
        missing = missing - expected_interval if missing > expected_interval else 0
        cdef int64_t lowest, more
        while missing >= expected_interval:
            if missing > self.highest_trackable_value:
                lowest = self.highest_trackable_value + 1
            else:
                lowest = lowest_of(&self.geometry, index_of(&self.geometry, missing))
            # All terms of this counter at once; its largest and its smallest keep extremes exact.
            more = (missing - max(lowest, expected_interval)) // expected_interval
            if more:
                self.tally(missing, more)
                missing -= more * expected_interval
            self.tally(missing, 1)
            missing -= expected_interval

    def add(self, Histogram other not None):
        """Add all counts of `other`. With another geometry, each counter by its lowest value.

        Extremes and `overflow` are taken over; what is out of range here is clamped and counted.
        """
        cdef int64_t index
        if other.total_count == 0:
            return
        self.overflow += other.overflow
        if memcmp(&self.geometry, &other.geometry, sizeof(Geometry)) == 0:
            self.total_count += other.total_count
            for index in range(self.index_count):
                self.table[index] += other.table[index]
        else:
            for index in range(other.index_count):
                if other.table[index]:
                    self.tally(lowest_of(&other.geometry, index), other.table[index])
        self.least = min(self.least, clamped(&self.geometry, other.least))
        self.greatest = max(self.greatest, clamped(&self.geometry, other.greatest))

    def value_at_percentile(self, percentile):
        """Highest value of the counter that holds the percentile's rank, at most `max`.

        `percentile` is 0 to 100, taken as the decimal that was written (float, int, str, Decimal,
        Fraction). 0 for an empty histogram; ValueError for what is no percentile.
        """
        return self.values_at_percentiles((percentile,))[0]

    def values_at_percentiles(self, percentiles):
        """`value_at_percentile` of each, in the order given, as a list; one pass over counts."""
        ranks = [rank(percentile, self.total_count) for percentile in percentiles]
        values = [0] * len(ranks)
        if self.total_count == 0:
            return values
        cdef int64_t index = -1
        cdef int64_t below = 0
        cdef int64_t wanted
        for place in sorted(range(len(ranks)), key=ranks.__getitem__):
            wanted = ranks[place]
            while below < wanted and index + 1 < self.index_count:
                index += 1
                below += self.table[index]
            values[place] = min(highest_of(&self.geometry, index), self.greatest)
        return values

    def mean(self):
        """Arithmetic mean, each value taken as the middle of its counter; 0.0 when empty."""
        cdef double total = 0.0
        cdef int64_t index
        if self.total_count == 0:
            return 0.0
        for index in range(self.index_count):
            if self.table[index]:
                total += <double>self.table[index] * middle_of(&self.geometry, index)
        return total / <double>self.total_count

    def stddev(self):
        """Standard deviation of the population, on the same terms as `mean`; 0.0 when empty."""
        cdef double mean = self.mean()
        cdef double total = 0.0
        cdef double distance
        cdef int64_t index
        if self.total_count == 0:
            return 0.0
        for index in range(self.index_count):
            if self.table[index]:
                distance = middle_of(&self.geometry, index) - mean
                total += <double>self.table[index] * (distance * distance)
        return sqrt(total / <double>self.total_count)

    @property
    def min(self):
        """Smallest recorded value, exact (to a counter's width after `decode`); 0 when empty."""
        return self.least if self.total_count else 0

    @property
    def max(self):
        """Largest recorded value, exact (to a counter's width after `decode`); 0 when empty."""
        return self.greatest if self.total_count else 0

    @property
    def counts(self):
        """The counters: the caller's numpy array, or our own; int64[index_count], not a copy."""
        return self.array

    def encode(self):
        """HdrHistogram's V2 compressed form in base64; without `overflow` and exact extremes."""
        cdef int64_t used = index_of(&self.geometry, self.greatest) + 1 if self.total_count else 0
        geometry = hlog.Geometry(self.lowest_discernible_value, self.highest_trackable_value,
                                 self.significant_figures)
        return hlog.encode(geometry, self.memory[:used])

    @staticmethod
    def decode(data):
        """The histogram in `data` (bytes or str), from any HdrHistogram port; else ValueError."""
        payload = hlog.Payload(data)
        cdef Histogram histogram = Histogram(*payload.geometry)
        payload.unpack(histogram.memory)
        histogram.survey()
        return histogram

    def __repr__(self):
        return (f"<Histogram of {self.total_count} values, {self.min} to {self.max}, "
                f"overflow {self.overflow}>")
