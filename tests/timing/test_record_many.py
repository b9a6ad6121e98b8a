import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _timing import Histogram
from _timing.vectors import allow_avx2

MINUTE = 60_000_000_000
N = 256 * 20 + 17  # whole vector blocks and a rest


@pytest.fixture(params=["portable", "avx2"], autouse=True)
def passes(request):
    wanted = request.param == "avx2"
    if allow_avx2(wanted) != wanted:
        pytest.skip("this processor has no AVX2")
    yield
    allow_avx2(True)


def assert_as_one_by_one(array, geometry=()):
    many, one_by_one = Histogram(*geometry), Histogram(*geometry)
    many.record_many(array)
    for value in array.tolist():
        one_by_one.record(value)
    assert np.array_equal(many.counts, one_by_one.counts)
    for name in ("total_count", "overflow", "min", "max"):
        assert getattr(many, name) == getattr(one_by_one, name), name


def datasets():
    r = np.random.default_rng(7)
    normal = r.lognormal(7, 1, N).astype(np.int64)
    return {
        "hits": normal,
        "wide": r.lognormal(14, 4, N).astype(np.int64),
        "constant": np.full(N, 12_345),
        "sorted": np.arange(N) * 1000,
        "around every power of two": np.concatenate(
            [2**bits + np.arange(-40, 40) for bits in range(6, 36)]
        ),
        "at the edge of range": MINUTE + np.arange(-N // 2, N // 2),
        "one negative in a block": np.where(np.arange(N) == 1000, -5, normal),
        "one huge in a block": np.where(np.arange(N) == 3000, 2**63 - 1, normal),
        "all of int64": r.integers(-(2**63), 2**63 - 1, N),
        "zeros": np.zeros(N, dtype=np.int64),
    }


@pytest.mark.parametrize(
    "geometry", [(), (1, 1000, 2), (1000, MINUTE, 3), (1, 2**62, 3), (1, 2**40, 5)]
)
@pytest.mark.parametrize("name", datasets())
def test_an_array_counts_as_its_elements_one_by_one(name, geometry):
    assert_as_one_by_one(datasets()[name], geometry)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30), st.integers(0, 600))
def test_rare_values_among_ordinary_ones_count_the_same(values, ordinary):
    assert_as_one_by_one(np.r_[np.arange(ordinary), np.array(values, dtype=np.int64)])


def test_a_second_array_adds_to_the_first():
    histogram = Histogram()
    histogram.record_many(np.arange(1000, 2000))
    histogram.record_many(np.arange(2000, 3000))
    assert (histogram.total_count, histogram.min, histogram.max) == (2000, 1000, 2999)


@pytest.mark.parametrize("kind", [np.int8, np.uint32, ">i8", bool])
def test_integers_of_any_width_that_fits_are_accepted(kind):
    histogram = Histogram()
    histogram.record_many(np.array([1, 0, 1], dtype=kind))
    assert histogram.counts[:2].tolist() == [1, 2]


def test_steps_through_an_array_are_followed():
    histogram = Histogram()
    histogram.record_many(np.arange(100)[::-3])
    assert np.flatnonzero(histogram.counts).tolist() == list(range(0, 100, 3))


def test_an_empty_array_changes_nothing():
    histogram = Histogram()
    histogram.record_many(np.array([], dtype=np.int64))
    assert histogram.total_count == 0


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.array([1.0]), TypeError),
        (np.array([1], dtype=np.uint64), TypeError),
        (np.array(["1"]), TypeError),
        (np.zeros((2, 2), dtype=np.int64), ValueError),
        (np.int64(3), ValueError),
    ],
)
def test_what_is_no_array_of_64_bit_integers_is_refused(array, error):
    histogram = Histogram()
    with pytest.raises(error):
        histogram.record_many(array)
    assert histogram.total_count == 0
