from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.scenario import keys
from stress.scenario.units import Misread

SPECS = ["uniform", "zipf:0.99", "zipf:0", "zipf:10", "hotspot:0.2:0.8", "hotspot:1:0", "seq"]
TENANTS = st.integers(min_value=1, max_value=300)
SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


@given(st.sampled_from(SPECS), TENANTS, SEEDS, st.integers(min_value=1, max_value=500))
def test_a_sequence_is_pure_and_stays_within_the_tenants(
    spec: str, tenants: int, seed: int, size: int
) -> None:
    first = keys.sequence(spec, tenants, seed, size)
    assert first.dtype == np.int32
    assert first.shape == (size,)
    assert first.min() >= 0
    assert first.max() < tenants
    np.testing.assert_array_equal(first, keys.sequence(spec, tenants, seed, size))


@given(TENANTS, SEEDS)
def test_seq_asks_for_the_tenants_in_turn(tenants: int, seed: int) -> None:
    found = keys.sequence("seq", tenants, seed, 3 * tenants)
    np.testing.assert_array_equal(found, np.tile(np.arange(tenants), 3))


def test_another_seed_gives_another_sequence() -> None:
    for spec in ("uniform", "zipf:0.99", "hotspot:0.2:0.8"):
        one, other = (keys.sequence(spec, 50, seed, 1000) for seed in (1, 2))
        assert not np.array_equal(one, other)


def test_a_seed_keeps_its_sequence_over_versions() -> None:
    # Results are compared across versions of this program: these figures may not change.
    assert keys.sequence("uniform", 10, 1, 8).tolist() == UNIFORM_OF_SEED_1
    assert keys.sequence("zipf:0.99", 10, 1, 8).tolist() == ZIPF_OF_SEED_1
    assert keys.sequence("hotspot:0.2:0.8", 10, 1, 8).tolist() == HOTSPOT_OF_SEED_1


def expected_shares(spec: str, tenants: int) -> np.ndarray:
    kind, *parameters = spec.split(":")
    if kind == "zipf":
        weights = np.array([1 / k ** float(parameters[0]) for k in range(1, tenants + 1)])
        return weights / weights.sum()
    if kind == "hotspot":
        share, requests = Fraction(parameters[0]), float(parameters[1])
        hot = min(tenants, max(1, -(-share.numerator * tenants // share.denominator)))
        if hot == tenants:
            return np.full(tenants, 1 / tenants)
        weights = np.full(tenants, requests / hot)
        weights[hot:] = (1 - requests) / (tenants - hot)
        return weights
    return np.full(tenants, 1 / tenants)


@pytest.mark.parametrize("spec", [*SPECS, "zipf:1", "zipf:2.5", "hotspot:0.5:1", "hotspot:0.1:0"])
@pytest.mark.parametrize("tenants", [1, 2, 3, 10, 97])
def test_each_tenant_gets_its_share(spec: str, tenants: int) -> None:
    size = 2**16
    counts = np.bincount(keys.sequence(spec, tenants, 7, size), minlength=tenants)
    expected = expected_shares(spec, tenants) * size
    # Seven standard deviations of the binomial distribution; the seed is fixed, so is the result.
    assert np.all(np.abs(counts - expected) <= 7 * np.sqrt(expected) + 1)
    assert not counts[expected == 0].any()


def test_a_tenant_without_weight_is_never_asked_for_even_by_the_last_draw() -> None:
    weights = np.array([0.25, 0.75, 0.0])
    draws = np.array([0.0, 0.2499, 0.25, np.nextafter(1.0, 0.0)])
    assert keys._drawn(draws, weights).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("spec", SPECS)
def test_the_canonical_spelling_is_what_was_written(spec: str) -> None:
    assert str(keys.parse(spec)) == spec


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no distribution"),
        ("zipff:1", "unknown distribution zipff"),
        ("Zipf:1", "unknown distribution Zipf"),
        ("normal", "unknown distribution normal"),
        ("zipf", "zipf takes one parameter"),
        ("zipf:1:2", "zipf takes one parameter"),
        ("uniform:1", "uniform takes no parameter"),
        ("seq:", "seq takes no parameter"),
        ("hotspot:0.2", "hotspot takes two parameters"),
        ("zipf:", "nothing is no number of 0 or more"),
        ("zipf:nan", "nan is no number of 0 or more"),
        ("zipf:-1", "-1 is no number of 0 or more"),
        ("zipf:٣", "٣ is no number of 0 or more"),
        ("zipf: 1", " 1 is no number of 0 or more"),
        ("zipf:1e1", "1e1 is no number of 0 or more"),
        ("zipf:11", "an exponent above 10 asks for one tenant only"),
        ("hotspot:0:0.8", "0 is no share of the tenants, above 0 to 1"),
        ("hotspot:2:0.8", "2 is no share of the tenants, above 0 to 1"),
        ("hotspot:0.2:1.1", "1.1 is no share of the requests, 0 to 1"),
    ],
)
def test_what_is_no_distribution_is_said(text: str, what: str) -> None:
    with pytest.raises(Misread) as raised:
        keys.parse(text)
    assert raised.value.what == what


def test_impossible_sizes_are_refused() -> None:
    for arguments in ((0, 1, 1), (1, -1, 1), (1, 1, 0)):
        with pytest.raises(ValueError, match="at least"):
            keys.sequence("uniform", *arguments)


UNIFORM_OF_SEED_1 = [5, 9, 1, 9, 3, 4, 8, 4]
ZIPF_OF_SEED_1 = [2, 8, 0, 8, 0, 1, 5, 1]
HOTSPOT_OF_SEED_1 = [1, 8, 0, 7, 0, 1, 3, 1]
