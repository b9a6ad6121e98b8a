"""Percentiles of the user's choice: read from the distributions, shown as columns."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from _timing import Histogram
from stress.report import percentiles
from stress.report.result import Latency, Result, Summary
from stress.report.terminal import render
from stress.scenario.scenario import DEFAULT_PERCENTILES
from tests.report import samples

EIGHT = (10.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0)


def recorded(values: list[int]) -> Summary:
    histogram = Histogram()
    histogram.record_many(values)
    fixed = {"p50": None, "p95": None, "p99": 777, "p99_9": None}
    return Summary(
        count=len(values),
        min=min(values),
        mean=sum(values) / len(values),
        stddev=0.0,
        max=max(values),
        hdr=histogram.encode().decode("ascii"),
        **fixed,
    )


def made(asked: tuple[float, ...], values: list[int] | None = None) -> Result:
    """The passing sample, measured with these percentiles."""
    one = recorded(values or list(range(1, 1001)))
    base = samples.passing()
    both = {"all": Latency(response=one, service=one), "hit": Latency(response=one, service=one)}
    assert base.steady is not None
    assert base.cold is not None
    assert base.reference is not None
    steady = msgspec.structs.replace(base.steady, latency_ns=both)
    result = msgspec.structs.replace(
        base,
        scenario={**base.scenario, "percentiles": list(asked)},
        latency_ns=both,
        steady=steady,
        cold=msgspec.structs.replace(base.cold, latency_ns=both),
        reference=msgspec.structs.replace(base.reference, steady=steady),
        phases=[msgspec.structs.replace(base.phases[0], latency_ns=both)],
    )
    return percentiles.with_percentiles(result, asked)


def table(result: Result, width: int = 80) -> list[str]:
    text = render(result, width=width)
    section = text[text.index("Response Time Statistics") :]
    return section[: section.index("\nCache Performance")].splitlines()[1:]


def summaries(value: Any) -> list[Summary]:
    if isinstance(value, Summary):
        return [value]
    if isinstance(value, msgspec.Struct):
        return [s for name in value.__struct_fields__ for s in summaries(getattr(value, name))]
    if isinstance(value, dict):
        return [s for one in value.values() for s in summaries(one)]
    return [s for one in value for s in summaries(one)] if isinstance(value, list) else []


def test_every_distribution_of_a_result_has_what_was_asked_for() -> None:
    found = summaries(made((10.0, 99.0, 99.9)))
    assert len(found) == 2 * 2 * 5
    # 777: a percentile that stands in the result already is not computed again.
    assert all(one.percentiles == {"10": 100, "99": 777, "99.9": None} for one in found)


def test_the_default_changes_no_result() -> None:
    result = samples.passing()
    assert percentiles.with_percentiles(result, DEFAULT_PERCENTILES) is result
    assert all(one.percentiles is None for one in summaries(result))


def test_a_percentile_never_exceeds_the_greatest_value() -> None:
    # To three digits 1,234,567 is 1,235,967.
    (one, *_) = summaries(made((50.0, 98.0), [1_234_567] * 1000))
    assert one.percentiles == {"50": None, "98": 1_234_567}


@pytest.mark.parametrize(
    ("percentile", "count"),
    [("50", 20), ("95", 200), ("99", 1000), ("99.9", 10_000), ("10", 12), ("99.999", 1_000_000)],
)
def test_the_number_of_requests_that_it_needs_is_the_least_that_gives_it(percentile, count) -> None:
    assert percentiles.needed(percentile) == count


@pytest.mark.parametrize(("percentile", "count"), [(50.5, 21), (10.0, 12), (98.0, 500)])
def test_it_is_given_from_that_number_on(percentile, count) -> None:
    key = percentiles.spelled(percentile)
    assert percentiles.needed(key) == count
    enough, fewer = (made((percentile,), list(range(1, n + 1))) for n in (count, count - 1))
    assert summaries(enough)[0].percentiles != {key: None}
    assert summaries(fewer)[0].percentiles == {key: None}


def test_no_value_lies_beyond_the_hundredth() -> None:
    assert percentiles.needed("100") is None
    said = " ".join(" ".join(table(made((50.0, 100.0)))).split())
    assert "p100 is the maximum." in said


def test_the_table_has_the_columns_that_were_asked_for() -> None:
    lines = table(made((10.0, 75.0, 99.9)))
    assert lines[0].split() == ["outcome", "requests", "avg", "min", "p10", "p75", "p99.9", "max"]
    assert lines[2].split()[:6] == ["hit", "1,000", "501", "ns", "1", "ns"]
    assert lines[2].endswith("100 ns  750 ns     n/a 1.00 µs")
    assert "p99.9 needs 10,000 requests." in " ".join(" ".join(lines).split())


def test_columns_that_have_no_room_stand_in_a_second_table() -> None:
    lines = table(made(EIGHT))
    assert lines[0].split() == ["outcome", "requests", "avg", "min", "max"]
    second = lines.index("") + 1
    assert lines[second].split() == [
        "outcome",
        "p10",
        "p50",
        "p75",
        "p90",
        "p99",
        "p99.9",
        "p99.99",
        "p100",
    ]
    assert lines[second + 2].split()[0] == "hit"
    said = " ".join(" ".join(lines).split())
    assert "p50 needs 20 requests (-n 20), p99.9 10,000, p99.99 100,000. p100 is the" in said


@pytest.mark.parametrize("width", [30, 40, 60, 79, 80, 100])
def test_no_percentile_is_left_out_on_any_width(width: int) -> None:
    lines = table(made(EIGHT), width)
    heads = [word for line in lines for word in line.split() if word.startswith("p")]
    for one in EIGHT:
        assert f"p{percentiles.spelled(one)}" in heads
    assert all(len(line) <= width for line in lines)


def test_a_result_that_was_measured_without_them_shows_that_it_has_none() -> None:
    base = samples.passing()
    odd = msgspec.structs.replace(base, scenario={**base.scenario, "percentiles": [42.0]})
    assert "p42" in table(odd)[0]
    assert "n/a" in table(odd)[2]
