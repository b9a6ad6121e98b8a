import mmap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _timing import Histogram
from tests.timing.oracle import OracleHistogram

MINUTE = 60_000_000_000
PERCENTILES = ["0", "0.1", "25", "50", "90", "95", "99", "99.9", "100"]
GEOMETRIES = [
    (1, MINUTE, 3),
    (1, 3_600_000_000, 1),
    (1, 100_000, 5),
    (1000, MINUTE, 2),
    (3, 7, 1),
    (1, 2**63 - 1, 3),
    (2**40, 2**63 - 1, 4),
    (1, 2, 1),
]
geometries = st.sampled_from(GEOMETRIES)
values = st.one_of(
    st.integers(-10, 5000),
    st.integers(0, 2 * MINUTE),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 62).flatmap(lambda bits: st.integers(2**bits - 2, 2**bits + 2)),
)


def counted(histogram):
    """{index: count} of the counters in use."""
    return {int(i): int(histogram.counts[i]) for i in np.flatnonzero(histogram.counts)}


def state(histogram):
    return (
        counted(histogram),
        histogram.total_count,
        histogram.overflow,
        histogram.min,
        histogram.max,
    )


def assert_agrees(histogram, oracle):
    assert histogram.total_count == len(oracle.values) == int(histogram.counts.sum())
    assert histogram.overflow == oracle.overflow
    assert (histogram.min, histogram.max) == (min(oracle.values), max(oracle.values))
    expected = [oracle.value_at_percentile(p) for p in PERCENTILES]
    assert histogram.values_at_percentiles([float(p) for p in PERCENTILES]) == expected
    assert [histogram.value_at_percentile(p) for p in PERCENTILES] == expected
    assert histogram.mean() == pytest.approx(float(oracle.mean()), rel=1e-12)
    # A difference of large, nearly equal numbers: to the precision that the mean itself allows.
    assert histogram.stddev() == pytest.approx(oracle.stddev(), rel=1e-9, abs=1e-12 * oracle.mean())


def test_the_default_range_has_27648_counters():
    histogram = Histogram()
    assert histogram.index_count == 27_648
    assert histogram.counts.shape == (27_648,)
    assert histogram.counts.dtype == np.int64
    assert histogram.lowest_discernible_value == 1
    assert histogram.highest_trackable_value == MINUTE
    assert histogram.significant_figures == 3


@settings(deadline=None)
@given(geometries, st.lists(st.tuples(values, st.integers(1, 3)), min_size=1, max_size=60))
def test_recorded_values_agree_with_the_oracle(geometry, recorded):
    histogram, oracle = Histogram(*geometry), OracleHistogram(*geometry)
    for value, count in recorded:
        histogram.record(value, count)
        oracle.record(value, count)
    assert_agrees(histogram, oracle)


@given(geometries, values)
def test_a_value_is_reported_within_the_significant_figures(geometry, value):
    lowest, highest, figures = geometry
    histogram = Histogram(*geometry)
    histogram.record(value)
    histogram.record(highest)
    value = min(max(value, 0), highest)
    reported = histogram.value_at_percentile(50)
    assert 0 <= reported - value <= max(lowest, value / 10**figures)


def test_every_counter_of_the_default_range_is_reached_by_its_lowest_and_highest_value():
    lowest_values = []
    oracle = OracleHistogram()
    value = 0
    while value <= MINUTE:
        lowest_values.append(value)
        value = oracle.counter(value)[1] + 1
    highest_values = [value - 1 for value in lowest_values[1:]]
    for edge in (lowest_values, highest_values):
        histogram = Histogram()
        for value in edge:
            histogram.record(value)
        assert histogram.counts[: len(edge)].tolist() == [1] * len(edge)
        assert histogram.total_count == len(edge)


def test_out_of_range_is_clamped_and_counted():
    histogram = Histogram()
    histogram.record(MINUTE)
    assert histogram.overflow == 0
    histogram.record(MINUTE + 1, 2)
    histogram.record(-1)
    assert (histogram.total_count, histogram.overflow) == (4, 3)
    assert (histogram.min, histogram.max) == (0, MINUTE)
    assert histogram.value_at_percentile(100) == MINUTE


def test_an_empty_histogram_answers_zero():
    histogram = Histogram()
    assert histogram.values_at_percentiles([0, 50, 100]) == [0, 0, 0]
    assert (histogram.min, histogram.max, histogram.mean(), histogram.stddev()) == (0, 0, 0, 0)
    assert repr(histogram) == "<Histogram of 0 values, 0 to 0, overflow 0>"


def test_a_count_of_zero_changes_nothing_and_a_negative_one_is_refused():
    histogram = Histogram()
    histogram.record(5, 0)
    assert state(histogram) == ({}, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="-1 is negative"):
        histogram.record(5, -1)
    assert state(histogram) == ({}, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("value", "error"), [(1.5, TypeError), ("1", TypeError), (2**63, OverflowError)]
)
def test_a_value_that_is_no_64_bit_integer_is_refused(value, error):
    with pytest.raises(error):
        Histogram().record(value)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ((0, 1000, 3), "at least 1"),
        ((-5, 1000, 3), "at least 1"),
        ((10, 19, 3), "at least 2"),
        ((1, 1000, 0), "1 to 5"),
        ((1, 1000, 6), "1 to 5"),
        ((2**50, 2**62, 5), "exceed int64"),
    ],
)
def test_an_impossible_geometry_is_refused(geometry, reason):
    with pytest.raises(ValueError, match=reason):
        Histogram(*geometry)


def test_counting_happens_in_the_array_of_the_caller():
    array = np.zeros(27_648, dtype=np.int64)
    histogram = Histogram(counts=array)
    histogram.record(17, 3)
    assert histogram.counts is array
    assert array[17] == 3


def test_counting_happens_in_a_slice_of_a_shared_mapping():
    mapping = mmap.mmap(-1, 27_648 * 8 + 4096)
    view = memoryview(mapping)[4096:].cast("q")
    histogram = Histogram(counts=view)
    histogram.record(20)
    assert mapping[4096 + 20 * 8] == 1
    assert histogram.counts[20] == 1


def test_what_the_memory_holds_already_counts():
    first = Histogram()
    first.record_many(np.array([5, 3000, 70_001]))
    second = Histogram(counts=first.counts.copy())
    assert counted(second) == counted(first)
    # Extremes are known to the width of a counter: 2 at 3000, 64 at 70,001.
    assert (second.total_count, second.min, second.max) == (3, 5, 70_015)


def test_a_snapshot_adopts_the_extremes_that_its_writer_kept():
    writer = Histogram()
    writer.record_many(np.array([70_001, 70_002, 900_001, MINUTE + 5]))
    snapshot = Histogram(counts=writer.counts.copy())
    snapshot.adopt(writer.min, writer.max, writer.overflow)
    assert state(snapshot) == state(writer)


def test_extremes_that_contradict_the_counters_give_way():
    snapshot = Histogram()
    snapshot.counts[100] = 2
    snapshot.counts[200] = 1
    snapshot.adopt(3, 5000)
    assert (snapshot.total_count, snapshot.min, snapshot.max) == (3, 100, 200)
    snapshot.counts[:] = 0
    snapshot.adopt(3, 5000)
    assert (snapshot.total_count, snapshot.min, snapshot.max) == (0, 0, 0)


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros(27_647, dtype=np.int64),
        np.zeros(27_649, dtype=np.int64),
        np.zeros(27_648, dtype=np.int32),
        np.zeros(27_648, dtype=np.float64),
        np.zeros(2 * 27_648, dtype=np.int64)[::2],
        np.zeros((2, 13_824), dtype=np.int64),
    ],
)
def test_memory_that_cannot_hold_the_counters_is_refused(counts):
    with pytest.raises(ValueError, match=r"counts|[Bb]uffer|contiguous|dimension"):
        Histogram(counts=counts)


def test_read_only_memory_is_refused():
    array = np.zeros(27_648, dtype=np.int64)
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        Histogram(counts=array)
    with pytest.raises(BufferError, match="writable"):
        Histogram(counts=bytes(27_648 * 8))


@settings(deadline=None)
@given(
    geometries,
    st.lists(values, min_size=1, max_size=20),
    st.integers(1, 3 * 10**9),
    st.integers(1, 300),
)
def test_corrected_values_agree_with_the_oracle(geometry, recorded, interval, most):
    histogram, oracle = Histogram(*geometry), OracleHistogram(*geometry)
    for value in recorded:
        # The oracle goes one by one: at most `most` values of each.
        step = max(interval, value // most)
        histogram.record_corrected(value, step)
        oracle.record_corrected(value, step)
    assert_agrees(histogram, oracle)


def test_a_correction_by_small_steps_costs_by_counters_not_by_values():
    histogram = Histogram()
    histogram.record_corrected(MINUTE, 1)
    assert histogram.total_count == MINUTE
    assert (histogram.min, histogram.max) == (1, MINUTE)
    assert histogram.value_at_percentile(50) == pytest.approx(MINUTE / 2, rel=0.001)


@pytest.mark.parametrize("interval", [0, -1, 101, 2**63 - 1])
def test_nothing_is_corrected_without_an_interval_or_within_it(interval):
    histogram = Histogram()
    histogram.record_corrected(100, interval)
    assert state(histogram) == ({100: 1}, 1, 0, 100, 100)


@settings(deadline=None)
@given(geometries, st.lists(values, max_size=40), st.lists(values, min_size=1, max_size=40))
def test_a_sum_is_what_one_histogram_would_have_recorded(geometry, left, right):
    one, two, both = Histogram(*geometry), Histogram(*geometry), Histogram(*geometry)
    for value in left:
        one.record(value)
        both.record(value)
    for value in right:
        two.record(value)
        both.record(value)
    one.add(two)
    assert state(one) == state(both)
    one.add(Histogram(*geometry))
    assert state(one) == state(both)


def test_adding_a_histogram_to_itself_doubles_it():
    histogram = Histogram()
    histogram.record(10)
    histogram.record(-3)
    histogram.add(histogram)
    assert state(histogram) == ({0: 2, 10: 2}, 4, 2, 0, 10)


def test_another_geometry_is_added_counter_by_counter_and_clamped_here():
    coarse = Histogram(1, 1000, 1)
    fine = Histogram()
    for value in (1, 900, 5_000_000):
        fine.record(value)
    coarse.add(fine)
    assert (coarse.total_count, coarse.overflow) == (3, 1)
    assert (coarse.min, coarse.max) == (1, 1000)
    assert coarse.value_at_percentile(50) == OracleHistogram(1, 1000, 1).counter(900)[1]
