"""The instruments' meaning in plain Python and exact fractions, slow and obvious."""

import math
from fractions import Fraction


def rank(percentile, count):
    """Position (1 = smallest) of a percentile written as a decimal string or an integer."""
    return max(1, math.ceil(Fraction(percentile) * count / 100))


def percentile(values, p):
    return sorted(values)[rank(p, len(values)) - 1]


class OracleHistogram:
    """A list of values; geometry by search in place of bit tricks."""

    def __init__(self, lowest=1, highest=60_000_000_000, figures=3):
        self.lowest, self.highest, self.figures = lowest, highest, figures
        self.values = []
        self.overflow = 0

    def counter(self, value):
        """(smallest, largest) value of the counter that `value` falls into."""
        unit = 1
        while unit * 2 <= self.lowest:
            unit *= 2
        sub_buckets = 1
        while sub_buckets < 2 * 10**self.figures:
            sub_buckets *= 2
        width = unit
        while value >= width * sub_buckets:
            width *= 2
        smallest = value // width * width
        return smallest, smallest + width - 1

    def record(self, value, count=1):
        if not 0 <= value <= self.highest:
            self.overflow += count
            value = min(max(value, 0), self.highest)
        self.values += [value] * count

    def record_corrected(self, value, interval):
        self.record(value)
        missing = value - interval
        while interval > 0 and missing >= interval:
            self.record(missing)
            missing -= interval

    def value_at_percentile(self, p):
        if not self.values:
            return 0
        return min(self.counter(percentile(self.values, p))[1], max(self.values))

    def middles(self):
        for value in self.values:
            smallest, largest = self.counter(value)
            yield Fraction(smallest + (largest - smallest + 1) // 2)

    def mean(self):
        return sum(self.middles(), Fraction()) / len(self.values)

    def stddev(self):
        mean = self.mean()
        return math.sqrt(sum((m - mean) ** 2 for m in self.middles()) / len(self.values))
