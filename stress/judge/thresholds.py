"""Judges thresholds by the figures of a run. Pure: the same figures give the same judgement.

Which part of a run a threshold without a `phase` label speaks of:

    throughput                                    steady, where there is one
    resolve{outcome:miss}, cache_speedup          the measured part where it has MIN_MISSES misses,
                                                  else the cold block
    failed:count, loads, <check>_violations       the whole run
    all else                                      the measured part

Percentiles: rank max(1, ceil(p*n/100)). One with fewer than MIN_BEYOND samples beyond its rank is
judged by the extremes: where even the slowest request meets the threshold it passes (`by_max`),
otherwise it is not judged, which is not met. p(0) and p(100) are the extremes themselves.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Protocol

from _timing import Histogram
from _timing.rank import rank
from stress.load.figures import MIN_BEYOND
from stress.load.outcomes import UNKNOWN
from stress.report.result import ThresholdResult
from stress.scenario.thresholds import Operator, Threshold

MIN_MISSES = 10

WHOLE_RUN = "all"
FAILED_SHARE = "failed_share"
NO_SAMPLES = "not evaluated: no samples"

_COMPARE: dict[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_LATENCIES = ("resolve", "connect", "query", "lag")


class Measures(Protocol):
    """The figures of a run. `labels` always names the phase; None: there is no such figure."""

    def histogram(self, metric: str, labels: Mapping[str, str]) -> Histogram | None:
        """Response times in ns of a latency metric."""

    def value(self, metric: str, labels: Mapping[str, str]) -> float | None:
        """Any other figure, in its base unit. `failed` is a count, FAILED_SHARE a fraction."""

    def withheld(self, metric: str, labels: Mapping[str, str]) -> str | None:
        """Why a metric says nothing of the target in this run; None where it does."""


def judge(thresholds: Iterable[Threshold], measures: Measures) -> list[ThresholdResult]:
    """One result for each threshold, in their order.

    A built-in one about a check that is NOT TESTED is left out, and so is one about hits and misses
    that cannot be told apart: what is NOT TESTED changes no exit code.
    """
    found = [(threshold, _judge(threshold, measures)) for threshold in thresholds]
    return [
        result
        for threshold, result in found
        if not (threshold.built_in and result.ok is None and _untestable(threshold, result))
    ]


def _untestable(threshold: Threshold, result: ThresholdResult) -> bool:
    return _of_check(threshold) or UNKNOWN in (result.note or "")


def _of_check(threshold: Threshold) -> bool:
    return threshold.metric.endswith("_violations")


def _judge(threshold: Threshold, measures: Measures) -> ThresholdResult:
    phase = _phase(threshold, measures)
    if why := measures.withheld(threshold.metric, threshold.labels):
        return _told(threshold, phase, None, None, note=f"not judged: {why}")
    labels = {**threshold.labels, "phase": phase}
    if threshold.metric in _LATENCIES:
        samples = measures.histogram(threshold.metric, labels)
        if samples is None:
            return _told(threshold, phase, None, None, note=NO_SAMPLES)
        if threshold.aggregation == "count":
            return _compared(threshold, phase, samples.total_count)
        if not samples.total_count:
            return _told(threshold, phase, None, None, note=NO_SAMPLES)
        return _judge_latency(threshold, phase, samples)
    asked = (threshold.metric, threshold.aggregation)
    metric = FAILED_SHARE if asked == ("failed", "rate") else threshold.metric
    actual = measures.value(metric, labels)
    if actual is None:
        return _told(threshold, phase, None, None, note=NO_SAMPLES)
    return _compared(threshold, phase, actual)


def _phase(threshold: Threshold, measures: Measures) -> str:
    if "phase" in threshold.labels:
        return threshold.labels["phase"]
    metric, aggregation = threshold.metric, threshold.aggregation
    if metric == "loads" or (metric, aggregation) == ("failed", "count"):
        return WHOLE_RUN
    if _of_check(threshold):
        return WHOLE_RUN
    if metric == "throughput":
        labels = {**threshold.labels, "phase": "steady"}
        steady = measures.value(metric, labels)
        return "measured" if steady is None else "steady"
    if metric == "cache_speedup" or threshold.labels.get("outcome") == "miss":
        return _phase_of_misses(threshold, measures)
    return "measured"


def _phase_of_misses(threshold: Threshold, measures: Measures) -> str:
    """Where the misses are; the measured part of a warm cache has few or none."""
    if threshold.metric not in ("resolve", "cache_speedup") or "tenant" in threshold.labels:
        return "measured"
    labels = {**threshold.labels, "outcome": "miss"}
    measured = measures.histogram("resolve", {**labels, "phase": "measured"})
    if measured is not None and measured.total_count >= MIN_MISSES:
        return "measured"
    cold = measures.histogram("resolve", {**labels, "phase": "cold"})
    return "cold" if cold is not None and cold.total_count else "measured"


def _judge_latency(threshold: Threshold, phase: str, samples: Histogram) -> ThresholdResult:
    figure = {"min": samples.min, "max": samples.max, "avg": samples.mean()}
    if threshold.aggregation in figure:
        return _compared(threshold, phase, figure[threshold.aggregation])
    percentile = Fraction(threshold.percentile or 50)  # med is p(50)
    if percentile in (0, 100):
        return _compared(threshold, phase, samples.max if percentile else samples.min)
    if samples_beyond(samples.total_count, percentile) >= MIN_BEYOND:
        return _compared(threshold, phase, samples.value_at_percentile(percentile))
    return _judge_by_extremes(threshold, phase, samples, percentile)


def samples_beyond(count: int, percentile: Fraction) -> int:
    """How many of `count` samples lie beyond the percentile's rank."""
    return count - rank(percentile, count)


def samples_needed(percentile: Fraction) -> int:
    """The least count that leaves MIN_BEYOND samples beyond: p95 needs 200, p99 1,000."""
    exact = MIN_BEYOND * 100 / (100 - percentile)
    return -(-exact.numerator // exact.denominator)


def _judge_by_extremes(
    threshold: Threshold, phase: str, samples: Histogram, percentile: Fraction
) -> ThresholdResult:
    """The percentile lies between the extremes: what both of them say holds for it too."""
    meets = _COMPARE[threshold.op]
    low, high, target = float(samples.min), float(samples.max), threshold.value
    needs = f"{samples_needed(percentile):,}"
    if threshold.op in (">", ">="):
        ok, actual, told = meets(low, target), low, "even the fastest request is above"
    elif threshold.op == "!=":
        ok, actual, told = not low <= target <= high, high, "every request lies on one side"
    elif threshold.op == "==":
        ok, actual, told = low == high == target, high, "every request equals it"
    else:
        ok, actual, told = meets(high, target), high, "even the slowest request is below"
    if ok:
        return _told(threshold, phase, actual, True, by_max=True, note=f"too few samples; {told}")
    note = f"not judged: {samples.total_count:,} samples are too few, it needs {needs}"
    return _told(threshold, phase, actual, None, note=note)


def _compared(threshold: Threshold, phase: str, actual: float) -> ThresholdResult:
    ok = _COMPARE[threshold.op](actual, threshold.value)
    return _told(threshold, phase, float(actual), ok)


def _told(
    threshold: Threshold,
    phase: str,
    actual: float | None,
    ok: bool | None,
    *,
    by_max: bool = False,
    note: str | None = None,
) -> ThresholdResult:
    return ThresholdResult(
        expression=threshold.expression,
        phase=phase,
        actual=actual,
        unit=threshold.unit,
        target=threshold.value,
        ok=ok,
        by_max=by_max,
        built_in=threshold.built_in,
        label=threshold.label,
        note=note,
    )
