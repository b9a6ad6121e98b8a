"""Thresholds judged by histograms that were made by hand."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _timing import Histogram
from stress.judge.thresholds import (
    FAILED_SHARE,
    NO_SAMPLES,
    judge,
    samples_beyond,
    samples_needed,
)
from stress.report.result import ThresholdResult
from stress.scenario.thresholds import built_in, parse

MS = 1_000_000


def histogram(values: Iterable[int]) -> Histogram:
    found = Histogram()
    for value in values:
        found.record(value)
    return found


class Figures:
    """The figures of a run: by metric and by the labels that a test names."""

    def __init__(self, figures: dict[tuple[str, str], object], reason: str | None = None) -> None:
        self._figures = figures
        self.reason = reason
        self.asked: list[tuple[str, dict[str, str]]] = []

    def histogram(self, metric: str, labels: Mapping[str, str]) -> Histogram | None:
        return self._find(metric, labels)  # type: ignore[return-value]

    def withheld(self, metric: str, labels: Mapping[str, str]) -> str | None:
        return self.reason if metric == "throughput" else None

    def value(self, metric: str, labels: Mapping[str, str]) -> float | None:
        return self._find(metric, labels)  # type: ignore[return-value]

    def _find(self, metric: str, labels: Mapping[str, str]) -> object:
        self.asked.append((metric, dict(labels)))
        place = ",".join(f"{key}:{labels[key]}" for key in sorted(labels))
        return self._figures.get((metric, place))


def judged(text: str, figures: dict[tuple[str, str], object]) -> ThresholdResult:
    (result,) = judge([parse(text)], Figures(figures))
    return result


MEASURED = "phase:measured"


@pytest.mark.parametrize(
    ("text", "actual", "ok"),
    [
        ("resolve:max<4ms", 3 * MS, True),
        ("resolve:max<3ms", 3 * MS, False),
        ("resolve:max<=3ms", 3 * MS, True),
        ("resolve:max>=3ms", 3 * MS, True),
        ("resolve:max>3ms", 3 * MS, False),
        ("resolve:max==3ms", 3 * MS, True),
        ("resolve:max==4ms", 3 * MS, False),
        ("resolve:max!=3ms", 3 * MS, False),
        ("resolve:max!=4ms", 3 * MS, True),
        ("resolve:min<=1ms", MS, True),
        ("resolve:count==3", 3, True),
        ("resolve:p(0)==1ms", MS, True),
        ("resolve:p(100)==3ms", 3 * MS, True),
    ],
)
def test_every_operator_compares_exactly(text: str, actual: float, ok: bool) -> None:
    samples = histogram([MS, 2 * MS, 3 * MS])
    result = judged(text, {("resolve", MEASURED): samples})
    assert (result.actual, result.ok) == (actual, ok)
    assert (result.phase, result.unit) == ("measured", "count" if "count" in text else "ns")
    assert not result.by_max


def test_the_mean_of_equal_values_is_compared_on_both_sides() -> None:
    samples = {("resolve", MEASURED): histogram([1000] * 50)}
    assert judged("resolve:avg<1.01us", samples).ok is True
    assert judged("resolve:avg<0.99us", samples).ok is False


@pytest.mark.parametrize("text", ["resolve:avg<1ms", "resolve:p(99)<1ms", "resolve:max<1ms"])
def test_an_empty_series_is_never_a_silent_pass(text: str) -> None:
    for figures in ({}, {("resolve", MEASURED): histogram([])}):
        result = judged(text, figures)
        assert (result.ok, result.actual, result.note) == (None, None, NO_SAMPLES)


def test_no_requests_of_an_outcome_count_as_zero() -> None:
    figures = {("resolve", "outcome:error,phase:measured"): histogram([])}
    assert judged("resolve{outcome:error}:count==0", figures).ok is True


def test_a_metric_that_this_run_does_not_measure_is_not_evaluated() -> None:
    for text in ("query:p(99)<5ms", "lag:max<1ms", "expiry_violations:count==0", "query:count==0"):
        result = judged(text, {})
        assert (result.ok, result.note) == (None, NO_SAMPLES)


def test_a_percentile_with_ten_samples_beyond_it_is_judged_by_its_rank() -> None:
    # 200 samples: rank 190 of p95 is the last fast one.
    samples = histogram([MS] * 190 + [100 * MS] * 10)
    result = judged("resolve:p(95)<50ms", {("resolve", MEASURED): samples})
    assert (result.ok, result.by_max) == (True, False)
    assert result.actual == pytest.approx(MS, rel=1e-3)
    samples = histogram([MS] * 189 + [100 * MS] * 11)
    assert judged("resolve:p(95)<50ms", {("resolve", MEASURED): samples}).ok is False


def test_too_few_samples_pass_by_the_maximum() -> None:
    samples = histogram([MS] * 99 + [40 * MS])
    result = judged("resolve:p(95)<50ms", {("resolve", MEASURED): samples})
    assert (result.ok, result.by_max, result.actual) == (True, True, 40 * MS)


def test_too_few_samples_are_not_judged_where_the_maximum_does_not_settle_it() -> None:
    samples = histogram([MS] * 99 + [231 * MS])
    result = judged("resolve:p(99)<100ms", {("resolve", MEASURED): samples})
    assert (result.ok, result.by_max, result.actual) == (None, False, 231 * MS)
    assert result.note == "not judged: 100 samples are too few, it needs 1,000"


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("resolve:p(95)>=1ms", True),
        ("resolve:p(95)>1ms", None),
        ("resolve:p(95)>2ms", None),
        ("resolve:p(95)<=5ms", True),
        ("resolve:p(95)<5ms", None),
        ("resolve:p(95)!=6ms", True),
        ("resolve:p(95)!=3ms", None),
        ("resolve:p(95)==5ms", None),
        ("resolve:med<=5ms", True),
    ],
)
def test_each_operator_asks_the_extreme_that_settles_it(text: str, ok: bool | None) -> None:
    samples = histogram([MS, 2 * MS, 5 * MS])
    result = judged(text, {("resolve", MEASURED): samples})
    assert (result.ok, result.by_max) == (ok, ok is True)


def test_one_value_equals_its_percentiles() -> None:
    samples = histogram([MS] * 3)
    assert judged("resolve:p(95)==1ms", {("resolve", MEASURED): samples}).ok is True


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=60),
    st.integers(1, 99),
    st.sampled_from(["<", "<=", ">", ">=", "!=", "=="]),
    st.integers(1, 10**9),
)
def test_what_passes_by_an_extreme_is_true_of_the_exact_percentile(
    values: list[int], percentile: int, op: str, target: int
) -> None:
    text = f"resolve:p({percentile}){op}{target}ns"
    result = judged(text, {("resolve", MEASURED): histogram(values)})
    rank = max(1, -(-percentile * len(values) // 100))
    exact = sorted(values)[rank - 1]
    if result.by_max:
        assert len(values) - rank < 10
        assert {
            "<": exact < target, "<=": exact <= target, ">": exact > target,
            ">=": exact >= target, "!=": exact != target, "==": exact == target,
        }[op]  # fmt: skip
    elif result.ok is not None:
        assert len(values) - rank >= 10


def test_the_samples_that_a_percentile_needs() -> None:
    needed = {"50": 20, "95": 200, "99": 1000, "99.9": 10_000, "99.99": 100_000}
    for text, count in needed.items():
        assert samples_needed(Fraction(text)) == count
        assert samples_beyond(count, Fraction(text)) >= 10
        assert samples_beyond(count - 1, Fraction(text)) < 10


HIT, MISS = "outcome:hit,phase:measured", "outcome:miss,phase:measured"
COLD_MISS = "outcome:miss,phase:cold"


def test_misses_are_judged_where_they_are() -> None:
    cold = histogram([2 * MS] * 10)
    few, enough = histogram([60 * MS] * 9), histogram([60 * MS] * 10)
    text = "resolve{outcome:miss}:avg<50ms"
    assert judged(text, {("resolve", MISS): few, ("resolve", COLD_MISS): cold}).phase == "cold"
    result = judged(text, {("resolve", MISS): enough, ("resolve", COLD_MISS): cold})
    assert (result.phase, result.ok) == ("measured", False)
    assert judged(text, {("resolve", MISS): few}).phase == "measured"
    assert judged(text, {}).ok is None


def test_a_named_phase_is_the_phase_that_is_judged() -> None:
    cold, measured = histogram([MS] * 10), histogram([60 * MS] * 10)
    figures = {("resolve", MISS): measured, ("resolve", COLD_MISS): cold}
    assert judged("resolve{outcome:miss,phase:cold}:avg<50ms", figures).ok is True
    assert judged("resolve{outcome:miss,phase:counted}:avg<50ms", figures).ok is False
    assert judged("resolve{phase:steady}:avg<50ms", figures).ok is None


@pytest.mark.parametrize(("misses", "phase"), [(0, "cold"), (9, "cold"), (10, "measured")])
def test_the_speed_up_is_of_the_part_that_has_the_misses(misses: int, phase: str) -> None:
    figures = {
        ("resolve", MISS): histogram([MS] * misses),
        ("resolve", COLD_MISS): histogram([MS] * 10),
        ("cache_speedup", "phase:cold"): 21.0,
        ("cache_speedup", "phase:measured"): 19.0,
    }
    result = judged("cache_speedup:value>20", figures)
    assert (result.phase, result.ok, result.unit) == (phase, phase == "cold", "ratio")


def test_throughput_is_the_steady_one_where_there_is_one() -> None:
    both = {("throughput", "phase:steady"): 500.0, ("throughput", MEASURED): 50.0}
    result = judged("throughput:rate>100/s", both)
    assert (result.phase, result.actual, result.ok) == ("steady", 500.0, True)
    result = judged("throughput:rate>100/s", {("throughput", MEASURED): 50.0})
    assert (result.phase, result.ok) == ("measured", False)
    text = "throughput{process:1}:rate>100/s"
    assert judged(text, {("throughput", "phase:steady,process:1"): 101.0}).ok is True


def test_failures_and_violations_are_of_the_whole_run() -> None:
    for metric in ("failed", "isolation_violations", "loads"):
        for count, ok in ((0, True), (1, False)):
            result = judged(f"{metric}:count==0", {(metric, "phase:all"): count})
            assert (result.phase, result.actual, result.ok) == ("all", count, ok)
    assert judged("failed{phase:steady}:count==0", {("failed", "phase:steady"): 1}).ok is False


def test_the_share_of_failures_is_asked_for_by_its_own_name() -> None:
    result = judged("failed:rate<1%", {(FAILED_SHARE, MEASURED): 0.005, ("failed", MEASURED): 7})
    assert (result.actual, result.ok, result.unit) == (0.005, True, "fraction")


def test_a_hit_rate_equal_to_the_target_is_not_above_it() -> None:
    result = judged("hit_rate:value>90%", {("hit_rate", MEASURED): 9 / 10})
    assert (result.ok, result.target) == (False, 0.9)
    assert judged("hit_rate:value>=90%", {("hit_rate", MEASURED): 9 / 10}).ok is True


def test_results_keep_the_order_and_the_names_of_the_thresholds() -> None:
    given = built_in("heavy")
    thresholds = [one for one in given if not one.metric.endswith("_violations")]
    results = judge(given, Figures({}))
    assert [one.label for one in results] == [one.label for one in thresholds]
    assert [one.expression for one in results] == [one.expression for one in thresholds]
    assert all(one.built_in and one.ok is None for one in results)


def test_only_a_threshold_of_ones_own_turns_a_check_that_is_not_tested_red() -> None:
    text = "isolation_violations:count==0"
    (built,) = [one for one in built_in("heavy") if one.expression == text]
    assert judge([built], Figures({})) == []
    (result,) = judge([parse(text)], Figures({}))
    assert result.ok is None


def test_a_label_reaches_the_figures() -> None:
    figures = Figures({})
    judge([parse("resolve{tenant:tenant-0001}:p(99)<1ms")], figures)
    assert figures.asked == [("resolve", {"tenant": "tenant-0001", "phase": "measured"})]


def test_a_rate_that_was_held_back_is_not_judged_and_not_met() -> None:
    figures = Figures({("throughput", "phase:steady"): 20.0}, "--max-loads held calls back")
    (result,) = judge([parse("throughput:rate>100/s")], figures)
    assert (result.ok, result.actual) == (None, None)
    assert result.note == "not judged: --max-loads held calls back"
