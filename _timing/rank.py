"""The rank of a percentile, defined once, in exact arithmetic.

HdrHistogram's C and Java ports and numpy disagree among themselves here: numpy computes 99.9/100*n
in floating point and takes rank 9,990,001 of 10,000,000, where 99.9 % of them are 9,990,000.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

Percentile = int | float | str | Decimal | Fraction


def exact(percentile: Percentile) -> Fraction:
    """`percentile` (0 to 100) as the decimal number that was written: 99.9 is 999/10.

    ValueError outside 0..100, for NaN and for text that is not a number.
    """
    if not isinstance(percentile, int | str | Decimal | Fraction):
        percentile = repr(float(percentile))
    try:
        value = Fraction(percentile)
    except (ValueError, OverflowError):
        raise ValueError(f"not a percentile: {percentile!r}") from None
    if not 0 <= value <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not {percentile}")
    return value


def rank(percentile: Percentile, count: int) -> int:
    """Rank (1 = smallest) of `percentile` among `count` values: max(1, ceil(p * n / 100)).

    The smallest rank at or below which at least p percent of the values lie (nearest rank).
    """
    return max(1, -(-exact(percentile) * count // 100))
