"""The percentiles that a user asked for, read from the recorded distributions of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from _timing import Histogram
from _timing.rank import exact, rank
from stress.report.part import Part
from stress.report.result import Result, Summary
from stress.scenario.scenario import DEFAULT_PERCENTILES

MIN_BEYOND = 10  # samples beyond a percentile, below which it says nothing
# Where a summary holds them already, from the very counters.
FIXED = {"50": "p50", "95": "p95", "99": "p99", "99.9": "p99_9"}

T = TypeVar("T")


def spelled(percentile: float) -> str:
    """The key of one in the result file: `50`, `99.9`."""
    return repr(float(percentile)).removesuffix(".0")


def asked(scenario: Mapping[str, Any]) -> list[str] | None:
    """What the user of a told scenario wants to see; None: nothing of the user's own."""
    found = scenario.get("percentiles") or DEFAULT_PERCENTILES
    return None if tuple(found) == DEFAULT_PERCENTILES else [spelled(one) for one in found]


def needed(percentile: str) -> int | None:
    """Values from which on MIN_BEYOND lie beyond it; None: beyond the 100th is never one."""
    beyond = 1 - exact(percentile) / 100
    return -(-Fraction(MIN_BEYOND) // beyond) if beyond else None


def with_percentiles(result: Result, percentiles: Sequence[float]) -> Result:
    """The result, each of its distributions with these percentiles; unchanged for the default."""
    if tuple(percentiles) == DEFAULT_PERCENTILES:
        return result
    keys = [spelled(one) for one in percentiles]
    return _deep(result, keys, {})


def _deep(value: T, keys: Sequence[str], known: dict[int, Summary]) -> T:
    """The value with every summary in it replaced; response and service may be the same one."""
    made: Any = value
    if isinstance(value, Summary):
        if id(value) not in known:
            figures = _figures(value, keys)
            known[id(value)] = msgspec.structs.replace(value, percentiles=figures)
        made = known[id(value)]
    elif isinstance(value, Part):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        made = msgspec.structs.replace(
            value, **{name: _deep(one, keys, known) for name, one in fields.items()}
        )
    elif isinstance(value, dict):
        made = {key: _deep(one, keys, known) for key, one in value.items()}
    elif isinstance(value, list):
        made = [_deep(one, keys, known) for one in value]
    found: T = made
    return found


def _figures(summary: Summary, keys: Sequence[str]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    histogram: Histogram | None = None
    for key in keys:
        if key in FIXED:
            found[key] = getattr(summary, FIXED[key])
        elif summary.count - rank(key, max(1, summary.count)) < MIN_BEYOND:
            found[key] = None
        else:
            if histogram is None:
                histogram = Histogram.decode(summary.hdr)
            value = int(histogram.value_at_percentile(key))
            # The payload holds the maximum to three digits, the summary all of them.
            found[key] = value if summary.max is None else min(value, summary.max)
    return found
