"""The formulas of the hit rate against a simulation that knows nothing of them."""

from __future__ import annotations

import numpy as np
import pytest

from stress.judge.hit_rate import predicted, smallest_ttl_s


def simulated(ttl_s: float, rate_per_s: float, load_s: float, calls: int = 400_000) -> float:
    """One tenant, Poisson calls one by one; an entry answers until the TTL after its load began."""
    gaps = np.random.default_rng(7).exponential(1 / rate_per_s, calls)
    hits, began = 0, -float("inf")
    for now in np.cumsum(gaps).tolist():
        age = now - began
        if age >= ttl_s:
            began = now
        elif age >= load_s:
            hits += 1
    return hits / calls


@pytest.mark.parametrize("load_s", [0.0, 0.03])
@pytest.mark.parametrize("ttl_s", [0.05, 0.2, 1.0])
def test_the_predicted_rate_is_the_simulated_one(ttl_s: float, load_s: float) -> None:
    expected = predicted(ttl_s, [(50.0, 1)], load_s)
    assert simulated(ttl_s, 50.0, load_s) == pytest.approx(expected, abs=0.005)


def test_without_load_time_the_ttl_is_the_plain_formula() -> None:
    # D = h / ((1 - h)λ) = 0.9 / (0.1 · 50) = 0.18 s gives exactly 90 %: 0.19 s is the first above.
    assert predicted(0.18, [(50.0, 1)]) == pytest.approx(0.9)
    assert smallest_ttl_s(0.9, [(50.0, 1)]) == pytest.approx(0.19)
    assert smallest_ttl_s(0.9, [(50.0, 10)]) == pytest.approx(0.19)


@pytest.mark.parametrize("load_s", [0.0, 0.002])
@pytest.mark.parametrize("wanted", [0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "asked",
    [
        [(50.0, 1)],
        [(20_000.0, 10)],
        [(100 / rank, 1) for rank in range(1, 24)] + [(0.5, 200)],
        [(1000.0, 1), (0.0, 50)],
    ],
)
def test_it_is_the_smallest_of_two_digits(
    asked: list[tuple[float, int]], wanted: float, load_s: float
) -> None:
    ttl_s = smallest_ttl_s(wanted, asked, load_s)
    assert ttl_s is not None
    assert predicted(ttl_s, asked, load_s) > wanted
    digits = f"{ttl_s:.1e}"
    assert float(digits) == pytest.approx(ttl_s)
    step = 10.0 ** (int(digits.partition("e")[2]) - 1)
    assert predicted(ttl_s - 1.001 * step, asked, load_s) <= wanted


def test_no_ttl_gives_every_call_a_hit() -> None:
    assert smallest_ttl_s(1.0, [(50.0, 1)]) is None
    assert smallest_ttl_s(0.9, [(0.0, 5)]) is None
    assert smallest_ttl_s(0.9, []) is None
    assert predicted(5.0, []) == 0
