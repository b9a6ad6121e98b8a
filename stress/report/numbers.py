"""Every figure as text, once for all views: digits, units, signs, what is never rounded away.

Measured values have 3 significant digits, margins 2, counts all of them. A share is never rounded
to 0% or 100%. What was not measured is `n/a`. Arithmetic is decimal, on the shortest decimal form
of a float, so that 0.57 is 57% and never 56.99%.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

NOT_AVAILABLE = "n/a"
DIGITS = 3
MARGIN_DIGITS = 2

# (smallest nanoseconds after rounding, unit, nanoseconds in one)
_DURATIONS = (("ns", 1), ("µs", 10**3), ("ms", 10**6), ("s", 10**9))
_SIZES = (("B", 1), ("KB", 10**3), ("MB", 10**6), ("GB", 10**9), ("TB", 10**12))


def _decimal(value: float) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))


def _rounded(value: Decimal, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """The value with that many significant digits, trailing zeros kept."""
    if not value:
        return Decimal(0)
    exponent = value.adjusted() - digits + 1
    found = value.quantize(Decimal(1).scaleb(exponent), rounding)
    if found.adjusted() > value.adjusted():  # 9.996 became 10.00: one digit too many
        found = found.quantize(Decimal(1).scaleb(exponent + 1))
    return found


def count(value: int) -> str:
    """`299,949`"""
    return f"{value:,}"


def figure(value: float | None, digits: int = DIGITS) -> str:
    """A measured value without a unit: `2,840,000`, `191`, `5.23`."""
    return NOT_AVAILABLE if value is None else f"{_rounded(_decimal(value), digits):,f}"


def duration(value_ns: float | None) -> str:
    """A measured time: `402 ns`, `1.10 µs`, `38.3 ms`, `1,230 s`. 999.7 µs is `1.00 ms`.

    Whole nanoseconds (an int) below a microsecond are printed as they are.
    """
    if value_ns is None:
        return NOT_AVAILABLE
    if isinstance(value_ns, int) and abs(value_ns) < 1000:
        return f"{value_ns} ns"
    value = _decimal(value_ns)
    for unit, size in _DURATIONS:
        found = _rounded(value / size, DIGITS)
        if abs(found) < 1000 or unit == "s":
            return f"{found:,f} {unit}"
    raise AssertionError("seconds take every value")


def seconds(value_s: float | None) -> str:
    """A measured time given in seconds, in the same form as a duration."""
    return NOT_AVAILABLE if value_s is None else duration(float(_decimal(value_s) * 10**9))


def planned(value_s: float) -> str:
    """A time that somebody chose, without needless zeros: `1 s`, `2.5 s`, `500 ms`."""
    return _chosen_time(_decimal(value_s) * 10**9)


def rate(value_per_s: float | None) -> str:
    """`216,000/s`"""
    return NOT_AVAILABLE if value_per_s is None else f"{figure(value_per_s)}/s"


def times(value: float | None) -> str:
    """A measured ratio: `1,190×`."""
    return NOT_AVAILABLE if value is None else f"{figure(value)}×"


def percent(fraction: float | Fraction | None, decimals: int = 1) -> str:
    """A share of 1. 0% and 100% only where exact: rounded down above 50%, `<0.1%` below."""
    if fraction is None:
        return NOT_AVAILABLE
    value = _hundredfold(fraction)
    step = Decimal(1).scaleb(-decimals)
    if 50 < value < 100:
        return f"{value.quantize(step, ROUND_FLOOR):,f}%"
    found = value.quantize(step, ROUND_HALF_UP)
    return f"<{step:f}%" if value > 0 and not found else f"{found:,f}%"


def share(part: int, whole: int, decimals: int = 1) -> str:
    """The share that `part` is of `whole`; n/a of nothing."""
    return percent(Fraction(part, whole), decimals) if whole else NOT_AVAILABLE


def _hundredfold(fraction: float | Fraction) -> Decimal:
    if isinstance(fraction, Fraction):
        # 40 digits are more than any count of requests has, so no share becomes 0 or 100 here.
        return Decimal(fraction.numerator) * 100 / Decimal(fraction.denominator)
    return _decimal(fraction) * 100


def efficiency(fraction: float) -> str:
    """A ratio in whole percent; no share of anything, so it may be 100% or more: `91%`, `104%`."""
    return f"{(_decimal(fraction) * 100).quantize(Decimal(1), ROUND_HALF_UP):,f}%"


def margin(value: float) -> str:
    """How many times better than its target: `910×`, `0.43×`. Below 1 it never reads 1."""
    exact = _decimal(value)
    if 0 < exact < 1:
        return f"{_rounded(exact, MARGIN_DIGITS, ROUND_FLOOR):,f}×"
    return f"{_rounded(exact, MARGIN_DIGITS):,f}×"


def points(difference: float) -> str:
    """A difference of two shares: `+9.8 pts`, `-0.50 pts`."""
    value = _rounded(_decimal(difference) * 100, MARGIN_DIGITS)
    return f"{value:+,f} pts"


def one_in(upper_bound: float) -> str:
    """A bound near 0 as `1 in 947,187`, rounded down so that it never promises more."""
    return f"1 in {int(round(1 / _decimal(upper_bound), 6)):,}"


def size(count_bytes: int) -> str:
    """`512 B`, `41 KB`, `11 MB`; thousands, not 1024s."""
    for unit, one in _SIZES:
        value = (Decimal(count_bytes) / one).quantize(Decimal(1), ROUND_HALF_UP)
        if value < 1000 or unit == _SIZES[-1][0]:
            break
    return f"{value:,f} {unit}"


def clock(elapsed_s: float) -> str:
    """Seconds since the start as `0:05` or `1:02:03`."""
    minutes, second = divmod(int(elapsed_s), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def actual(value: float | None, unit: str) -> str:
    """What a threshold was judged by, in the form of its unit (ns, fraction, 1/s, ratio, count)."""
    if value is None:
        return NOT_AVAILABLE
    if unit == "ns":
        # A percentile is a whole number of nanoseconds: no decimals that were not measured.
        return duration(int(value) if float(value).is_integer() else value)
    if unit == "fraction":
        return percent(value, 2)
    if unit == "1/s":
        return rate(value)
    if unit == "ratio":
        return times(value)
    return f"{int(value):,}" if float(value).is_integer() else figure(value)


def target(value: float, unit: str) -> str:
    """What a threshold asks for, as somebody would write it: `50 ms`, `90%`, `100/s`, `20×`."""
    exact = _decimal(value)
    if unit == "ns":
        return _chosen_time(exact)
    if unit == "fraction":
        return f"{_plain(exact * 100)}%"
    if unit == "1/s":
        return f"{_plain(exact)}/s"
    if unit == "ratio":
        return f"{_plain(exact)}×"
    return _plain(exact)


def _chosen_time(value_ns: Decimal) -> str:
    for unit, one in reversed(_DURATIONS):
        if abs(value_ns) >= one or unit == "ns":
            break
    return f"{_plain(value_ns / one)} {unit}" if value_ns else "0 s"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 process`, `4 processes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
