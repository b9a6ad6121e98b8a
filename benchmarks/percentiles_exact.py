"""Four exact percentiles of ten million values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from _timing import percentiles
from benchmarks.contest import Benchmark, Contender

N = 10_000_000
# Ranks on which numpy's floating-point arithmetic and the exact rule agree for this N.
PERCENTILES = [50, 95, 99, 99.5]
Values = NDArray[np.int64 | np.float64]

CASES: dict[str, Callable[[np.random.Generator], Values]] = {
    "log-normal int64": lambda r: r.lognormal(10, 2, N).astype(np.int64),
    "log-normal float64": lambda r: r.lognormal(10, 2, N),
    "sorted int64": lambda _: np.arange(N),
    "constant int64": lambda _: np.full(N, 7),
    "five distinct int64": lambda r: r.integers(0, 5, N),
    "heavy tail int64": lambda r: (r.pareto(0.7, N) * 100).clip(0, 2**62).astype(np.int64),
}


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    yield (case(name, make(np.random.default_rng(3))) for name, make in CASES.items())


def case(name: str, values: Values) -> Benchmark:
    """The contenders over one array; RuntimeError if ours is not the value of the exact rank."""
    expected = np.percentile(values, PERCENTILES, method="inverted_cdf")
    if not np.array_equal(percentiles(values, PERCENTILES), expected):
        raise RuntimeError(f"percentiles disagree on {name}")
    return Benchmark(
        name="percentiles_exact",
        case=f"{len(PERCENTILES)} of {N:,} {name}",
        ours=Contender("percentiles", lambda: percentiles(values, PERCENTILES), 1),
        peers=(
            Contender(
                "numpy.percentile",
                lambda: np.percentile(values, PERCENTILES),
                1,
                "interpolates between neighbours",
            ),
            Contender(
                "numpy.percentile inverted_cdf",
                lambda: np.percentile(values, PERCENTILES, method="inverted_cdf"),
                1,
                "the same rank rule, in floating point",
            ),
        ),
        limit=Contender("numpy.sum, one pass of memory", lambda: values.sum(), 1),
    )
