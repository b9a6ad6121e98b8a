import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from _timing import percentiles
from _timing.vectors import allow_avx2
from tests.timing import oracle

RANKS = ["0", "0.1", "1", "25", "50", "90", "95", "99", "99.7", "99.9", "100"]
INT64 = st.integers(-(2**63), 2**63 - 1)
N = 50_000  # several bins deep, and no multiple of a vector block


@pytest.fixture(params=["portable", "avx2"], autouse=True)
def passes(request):
    """Every test here runs with both forms of the passes."""
    wanted = request.param == "avx2"
    if allow_avx2(wanted) != wanted:
        pytest.skip("this processor has no AVX2")
    yield
    allow_avx2(True)


def generator():
    return np.random.default_rng(20)


def datasets():
    r = generator()
    wide = r.lognormal(10, 2, N)
    base = 2**60
    return {
        "log-normal": wide.astype(np.int64),
        "log-normal floats": wide,
        "uniform": r.integers(-(10**9), 10**9, N),
        "uniform floats": r.uniform(-1, 1, N),
        "all of int64": r.integers(-(2**63), 2**63 - 1, N),
        "sorted": np.arange(N),
        "descending": np.arange(N)[::-1],
        "constant": np.full(N, 7),
        "constant but for two": np.r_[np.full(N, 7), -(2**62), 2**62],
        "five values": r.integers(0, 5, N),
        "five floats": r.integers(0, 5, N) * 1.1,
        "near 300": r.normal(300, 10, N).astype(np.int64),
        "heavy tail": (r.pareto(0.5, N) * 100).clip(0, 2**62).astype(np.int64),
        "heavy tail floats": r.pareto(0.3, N),
        "integers that share a double": r.integers(base, base + 300, N),
        "two neighbouring doubles": np.where(r.random(N) < 0.3, 1.0, np.nextafter(1.0, 2.0)),
        "infinities": np.where(r.random(N) < 0.5, np.inf, -np.inf),
        "subnormals": r.integers(0, 1000, N) * 5e-324,
        "outliers the sample misses": np.r_[r.integers(0, 3, N), r.integers(2**61, 2**62, 200)],
        "periodic": np.tile(np.r_[np.full(11, 5), 10**12], N // 12),
    }


@pytest.mark.parametrize("name", datasets())
def test_percentiles_are_the_sorted_array_at_the_exact_rank(name):
    array = datasets()[name]
    found = percentiles(array, [float(p) for p in RANKS])
    assert found.dtype == array.dtype
    in_order = np.sort(array)
    assert found.tolist() == [in_order[oracle.rank(p, array.size) - 1] for p in RANKS]


@settings(max_examples=60)
@given(st.lists(INT64, min_size=1, max_size=300), st.lists(st.sampled_from(RANKS), max_size=20))
def test_short_integer_arrays_agree_with_the_oracle(values, ranks):
    array = np.array(values, dtype=np.int64)
    found = percentiles(array, ranks)
    assert found.tolist() == [oracle.percentile(values, p) for p in ranks]
    assert array.tolist() == values


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(np.float64, st.integers(1, 400), elements=st.floats(allow_nan=False)),
    st.integers(1, 60),
)
def test_long_float_arrays_with_repeated_values_agree_with_sorting(values, repeats):
    array = np.resize(values, values.size * repeats)
    generator().shuffle(array)
    in_order = np.sort(array)
    expected = [in_order[oracle.rank(p, array.size) - 1] for p in RANKS]
    assert percentiles(array, RANKS).tolist() == expected


def test_many_ranks_in_one_bin_and_in_any_order_each_get_their_value():
    array = generator().integers(0, 10**6, N)
    wanted = [f"{p / 1000:.3f}" for p in range(50_000, 50_200)][::-1]
    in_order = np.sort(array)
    expected = [in_order[oracle.rank(p, N) - 1] for p in wanted]
    assert percentiles(array, wanted).tolist() == expected


@pytest.mark.parametrize("size", [1, 2, 100, N])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("place", [0, -1, "middle"])
def test_an_array_with_nan_is_refused_wherever_it_stands(size, sign, place):
    array = generator().random(size)
    array[size // 2 if place == "middle" else place] = np.copysign(np.nan, sign)
    with pytest.raises(ValueError, match="NaN"):
        percentiles(array, [50])


@pytest.mark.parametrize("kind", [np.int8, np.uint32, np.float32, ">i8", ">f8", bool])
def test_every_element_type_that_fits_is_accepted(kind):
    array = np.array([1, 0, 1, 1], dtype=kind)
    assert percentiles(array, [25, 50]).tolist() == [0, 1]


def test_an_array_that_is_not_contiguous_is_read_by_its_own_steps():
    array = generator().integers(0, 1000, 2 * N)
    expected = np.sort(array[::-2])[N // 2 - 1]
    assert percentiles(array[::-2], [50]).tolist() == [expected]


@pytest.mark.parametrize(
    ("array", "error", "reason"),
    [
        (np.array([], dtype=np.int64), ValueError, "empty"),
        (np.zeros((2, 2)), ValueError, "one dimension"),
        (np.array([2**63], dtype=np.uint64), TypeError, "safe"),
        (np.array([1j]), TypeError, "safe"),
        (np.array(["a"]), TypeError, "safe"),
        (np.array([1], dtype=object), TypeError, "safe"),
    ],
)
def test_what_has_no_exact_percentiles_is_refused(array, error, reason):
    with pytest.raises(error, match=reason):
        percentiles(array, [50])


def test_a_percentile_outside_0_to_100_is_refused():
    with pytest.raises(ValueError, match="101"):
        percentiles([1, 2, 3], [50, 101])


def test_no_percentiles_asked_for_gives_an_empty_array():
    assert percentiles([1, 2, 3], []).tolist() == []
