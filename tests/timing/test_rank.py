from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _timing.rank import rank
from tests.timing import oracle


@pytest.mark.parametrize(
    ("percentile", "count", "expected"),
    [
        (0, 10, 1),
        (100, 10, 10),
        (50, 10, 5),
        (50, 11, 6),
        (99.9, 10_000_000, 9_990_000),  # numpy's floating point gives 9,990,001
        (99.9, 1000, 999),
        (0.1, 1000, 1),
        (1e-9, 5, 1),
        (99, 1, 1),
    ],
)
def test_the_rank_is_the_ceiling_in_exact_arithmetic(percentile, count, expected):
    assert rank(percentile, count) == expected


@given(st.integers(0, 100_000), st.integers(1, 10**12))
def test_the_rank_of_a_float_is_that_of_the_decimal_it_was_written_as(thousandths, count):
    text = f"{thousandths // 1000}.{thousandths % 1000:03}"
    expected = oracle.rank(text, count)
    written_as = (float(text), text, Decimal(text), Fraction(text), np.float64(text))
    assert [rank(percentile, count) for percentile in written_as] == [expected] * 5


@pytest.mark.parametrize(
    "percentile", [-0.1, 100.1, 101, float("nan"), float("inf"), Decimal("nan"), "median", ""]
)
def test_what_is_no_percentile_is_refused(percentile):
    with pytest.raises(ValueError, match="percentile"):
        rank(percentile, 10)
