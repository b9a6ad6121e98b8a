from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.report import numbers


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "n/a"),
        (0, "0 ns"),
        (5, "5 ns"),
        (402, "402 ns"),
        (999, "999 ns"),
        (1000, "1.00 µs"),
        (1104, "1.10 µs"),
        (38_349_999, "38.3 ms"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (999_700, "1.00 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.00 s"),
        (59_960_000_000, "60.0 s"),
        (1_234_560_000_000, "1,230 s"),
        (0.4, "0.400 ns"),
        (411.26, "411 ns"),
        (999.4, "999 ns"),
        (999.6, "1.00 µs"),
        (5.0, "5.00 ns"),
        (-5000, "-5.00 µs"),
    ],
)
def test_a_duration_has_three_digits_and_the_unit_that_keeps_it_below_1000(ns, text) -> None:
    assert numbers.duration(ns) == text


@given(st.floats(1, 9.9e11))
def test_any_duration_is_printed_within_half_a_digit(ns: float) -> None:
    figure, unit = numbers.duration(ns).split(" ")
    value = float(figure) * {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}[unit]
    assert value == pytest.approx(ns, rel=0.00501)
    assert 1 <= float(figure) < 1000
    assert len(figure.replace(".", "")) == 3


@pytest.mark.parametrize(
    ("fraction", "decimals", "text"),
    [
        (None, 1, "n/a"),
        (0.0, 1, "0.0%"),
        (1.0, 2, "100.00%"),
        (0.99999, 2, "99.99%"),
        (0.57, 2, "57.00%"),
        (0.5, 0, "50%"),
        (0.8996, 1, "89.9%"),
        (0.00001, 1, "<0.1%"),
        (0.00001, 0, "<1%"),
        (0.0214, 0, "2%"),
        (0.204896, 1, "20.5%"),
        (Fraction(10**12 - 1, 10**12), 2, "99.99%"),
        (Fraction(1, 10**12), 2, "<0.01%"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(fraction, decimals, text) -> None:
    assert numbers.percent(fraction, decimals) == text


@given(st.integers(0, 10**15), st.integers(1, 10**15), st.integers(0, 3))
def test_only_exact_shares_read_none_or_all(part: int, whole: int, decimals: int) -> None:
    part = min(part, whole)
    text = numbers.share(part, whole, decimals)
    assert (re.fullmatch(r"100(\.0+)?%", text) is not None) == (part == whole)
    assert (re.fullmatch(r"0(\.0+)?%", text) is not None) == (part == 0)


def test_a_share_of_nothing_is_not_available() -> None:
    assert numbers.share(0, 0) == "n/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [(909.5, "910×"), (45_123.0, "45,000×"), (2.68, "2.7×"), (0.996, "0.99×"), (1.004, "1.0×")],
)
def test_a_margin_has_two_digits_and_reads_one_only_when_it_is(value, text) -> None:
    assert numbers.margin(value) == text


@given(st.floats(1e-6, 0.9999999))
def test_a_missed_target_never_reads_as_met(value: float) -> None:
    assert float(numbers.margin(value).rstrip("×")) < 1


@pytest.mark.parametrize(
    ("difference", "text"), [(0.1, "+10 pts"), (0.0978, "+9.8 pts"), (-0.005, "-0.50 pts")]
)
def test_a_difference_of_shares_is_in_points(difference, text) -> None:
    assert numbers.points(difference) == text


@pytest.mark.parametrize("examined", [4, 999, 1000, 1001, 2_841_562, 14_100_000, 10**12 + 1])
def test_a_bound_promises_no_more_than_a_third_of_what_was_examined(examined: int) -> None:
    assert numbers.one_in(3 / examined) == f"1 in {examined // 3:,}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2_840_512.3, "2,840,000/s"),
        (191.2, "191/s"),
        (5.234, "5.23/s"),
        (0.0, "0/s"),
        (None, "n/a"),
    ],
)
def test_a_rate_has_three_digits_with_commas(value, text) -> None:
    assert numbers.rate(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e6, "ns", "1 ms"),
        (50e6, "ns", "50 ms"),
        (1.5e6, "ns", "1.5 ms"),
        (100.0, "ns", "100 ns"),
        (0.0, "ns", "0 s"),
        (0.9, "fraction", "90%"),
        (0.999, "fraction", "99.9%"),
        (100.0, "1/s", "100/s"),
        (20.0, "ratio", "20×"),
        (0.0, "count", "0"),
        (1e6, "count", "1,000,000"),
    ],
)
def test_a_target_is_printed_as_somebody_would_write_it(value, unit, text) -> None:
    assert numbers.target(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1104.0, "ns", "1.10 µs"),
        (60.0, "ns", "60 ns"),
        (37.12, "ns", "37.1 ns"),
        (0.99987, "fraction", "99.98%"),
        (191.2, "1/s", "191/s"),
        (1190.9, "ratio", "1,190×"),
        (3.0, "count", "3"),
        (None, "ns", "n/a"),
    ],
)
def test_an_actual_value_has_the_digits_of_a_measurement(value, unit, text) -> None:
    assert numbers.actual(value, unit) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (512, "512 B"), (41_234, "41 KB"), (999_600, "1 MB"), (11_400_000, "11 MB")],
)
def test_a_size_is_whole_and_below_1000(size, text) -> None:
    assert numbers.size(size) == text


@pytest.mark.parametrize(("s", "text"), [(5.9, "0:05"), (90, "1:30"), (3723, "1:02:03")])
def test_elapsed_time_reads_like_a_clock(s, text) -> None:
    assert numbers.clock(s) == text


@pytest.mark.parametrize(("s", "text"), [(1.0, "1 s"), (0.5, "500 ms"), (300.0, "300 s")])
def test_a_planned_time_has_no_needless_zeros(s, text) -> None:
    assert numbers.planned(s) == text


def test_the_micro_sign_is_the_one_of_latin_1() -> None:
    assert "\u00b5" in numbers.duration(1500)
