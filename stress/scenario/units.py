"""Durations, rates, shares and counts as people write them; the only place that reads them.

Every reader takes the text as typed and gives an exact value, or raises Misread with the fact and
the cure. Only ASCII digits count, without sign, exponent, separator or space: what is read must be
what was meant.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

NS = 1_000_000_000
NEGATIVE = "negative"
MAX_DURATION_S = 8760 * 3600  # a year: far from the clock's 63 bits, far above any run

_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5 MICRO SIGN
    "μs": 1_000,  # U+03BC GREEK SMALL LETTER MU, as some keyboards type it
    "ms": 1_000_000,
    "s": NS,
    "m": 60 * NS,
    "h": 3600 * NS,
}
_RATE_S = {"s": 1, "min": 60, "h": 3600}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_NUMERIC = re.compile(f"(?:{_NUMBER})")
_PIECE = re.compile(f"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(f"(?:(?:{_NUMBER})(?:ns|us|µs|μs|ms|s|m|h))+")
_RATE = re.compile(f"({_NUMBER})/([a-z]+)")
MAX_DIGITS = 40  # beyond it nothing can be meant; keeps the arithmetic small


class Misread(Exception):
    """A text that is not what it should be: `what` is the fact, `mend` the cure."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend


def is_number(text: str) -> bool:
    """Whether the text is a plain decimal number."""
    return _NUMERIC.fullmatch(text) is not None


def number(text: str, mend: str) -> Fraction:
    """A plain decimal number, exact."""
    if not is_number(text):
        raise Misread(_not("a number", text), mend)
    if len(text) > MAX_DIGITS:
        raise Misread(f"more than {MAX_DIGITS} digits", mend)
    return Fraction(text)


def whole(text: str, lowest: int, highest: int, too_few: str, mend: str) -> int:
    """A whole number from lowest to highest; `too_few` is the fact about one below."""
    if not (text.isascii() and text.isdigit()):
        negative = text[:1] == "-" and text[1:].isascii() and text[1:].isdigit()
        raise Misread(too_few if negative else _not("a whole number", text), mend)
    if len(text.lstrip("0")) > len(str(highest)) or int(text) > highest:
        raise Misread(
            f"at most {highest:,} are possible" if highest < 10**15 else "too large", mend
        )
    if int(text) < lowest:
        raise Misread(too_few, mend)
    return int(text)


def duration_ns(text: str) -> Fraction:
    """A duration with its unit, such as 500ms, 1.5s or 1m30s, in nanoseconds, exact.

    A plain 0 needs no unit.
    """
    if is_number(text) and Fraction(text[:MAX_DIGITS]) == 0:
        return Fraction(0)
    if is_number(text):
        raise Misread("a duration needs its unit", f"write {_with_units(text)}")
    if text[:1] in ("-", "−") and (_DURATION.fullmatch(text[1:]) or is_number(text[1:])):
        raise Misread(NEGATIVE, "write 0s or more")
    if not _DURATION.fullmatch(text) or len(text) > MAX_DIGITS:
        raise Misread(_not("a duration", text), "write 5s, 5m or 500ms")
    pieces = [(Fraction(figure), _UNIT_NS[unit]) for figure, unit in _PIECE.findall(text)]
    sizes = [size for _, size in pieces]
    if any(later >= sooner for sooner, later in pairwise(sizes)):
        raise Misread("its units do not fall from large to small", "write 1m30s")
    return sum((figure * size for figure, size in pieces), Fraction(0))


def duration_s(text: str, *, zero: str | None = None, example: str = "5s") -> float:
    """A duration in seconds, at most MAX_DURATION_S. `zero`: why 0 is impossible, where it is."""
    try:
        ns = duration_ns(text)
    except Misread as misread:
        if misread.what == NEGATIVE and zero is not None:
            raise Misread(NEGATIVE, f"write more than 0s, such as {example}") from None
        raise
    if ns > MAX_DURATION_S * NS:
        raise Misread("longer than a year", f"write 8760h or less, such as {example}")
    if ns == 0 and zero is not None:
        raise Misread(zero, f"write more than 0s, such as {example}")
    if 0 < ns < 1:
        raise Misread(
            "shorter than 1 ns, the clock's unit", f"write 1ns or more, such as {example}"
        )
    return float(ns / NS)


def figure_text(value: float) -> str:
    """A number as it may be typed again: exact, without an exponent."""
    figure = f"{Decimal(repr(float(value))):f}"
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def duration_text(seconds: float) -> str:
    """A duration as it may be typed again."""
    return f"{figure_text(seconds)}s"


def rate_per_s(text: str) -> Fraction:
    """A rate with its unit, such as 100/s or 6000/min, per second, exact."""
    found = _RATE.fullmatch(text)
    if found is None or found[2] not in _RATE_S or len(text) > MAX_DIGITS:
        if is_number(text):
            raise Misread(f"{text} has no unit", f"write {text}/s")
        raise Misread(_not("a rate", text), "write 100/s")
    return Fraction(found[1]) / _RATE_S[found[2]]


def rate_text(per_s: float) -> str:
    """A rate as it may be typed again."""
    return f"{figure_text(per_s)}/s"


def share(text: str) -> Fraction:
    """A share as 90% or 0.9, as an exact fraction of 1."""
    percent = text.endswith("%")
    figure = text[:-1] if percent else text
    if not is_number(figure) or len(figure) > MAX_DIGITS:
        raise Misread(_not("a share", text), "write 90% or 0.9")
    value = Fraction(figure) / (100 if percent else 1)
    if value > 1:
        cure = f"write {figure}%" if not percent and value <= 100 else "write 0% to 100%"
        raise Misread(f"{text} is more than the whole", cure)
    return value


def _with_units(text: str) -> str:
    short = text if len(text) <= 8 else "5"
    return f"{short}s, {short}m or 500ms" if short != "500" else "500ms, 500s or 500m"


def _not(kind: str, text: str) -> str:
    return f"not {kind}" if text else "empty"
