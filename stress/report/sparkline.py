"""A figure over time as one character for each interval, on a scale that does not move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_,-~=+*#"
NONE = "·"
ASCII_NONE = "."

T = TypeVar("T")


def sparkline(shares: Sequence[float | None], *, unicode: bool = True) -> str:
    """One character for each share of the scale (0 to 1, held to it); None is a dot."""
    levels, none = (LEVELS, NONE) if unicode else (ASCII_LEVELS, ASCII_NONE)
    return "".join(none if share is None else levels[_level(share)] for share in shares)


def _level(share: float) -> int:
    return max(0, min(len(LEVELS) - 1, int(share * len(LEVELS))))


def logarithmic(value: float, low: float, high: float) -> float:
    """Where the value stands between low and high if each factor of ten has the same room."""
    return math.log(max(value, low) / low) / math.log(high / low)


def ceiling(value: float) -> float:
    """The least 1, 2 or 5 × 10ⁿ that holds the value: a scale that seldom changes."""
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((step * scale for step in (1, 2, 5) if step * scale >= value), 10 * scale)


def fitted(values: Sequence[T], room: int, join: Callable[[T, T], T]) -> list[T]:
    """The values, pairs of neighbours joined until they fit; pairs are counted from the start."""
    found = list(values)
    while len(found) > max(1, room):
        pairs = [join(*found[i : i + 2]) for i in range(0, len(found) - 1, 2)]
        found = pairs + found[len(pairs) * 2 :]
    return found
