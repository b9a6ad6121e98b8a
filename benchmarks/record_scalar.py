"""Recording one value from Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from _timing import Histogram
from _timing.null import NullOperation
from benchmarks.contest import Benchmark, Contender, Peers, calls

VALUES = 1000  # few enough for the L1 cache: recording is measured, not fetching the values
N = 20 * VALUES


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    yield iter(
        (
            # Cache hits lie close together; a wide distribution leaves the processor's L1 cache.
            scalar("one value of a cache hit (median 110 ns)", np.log(110), 0.2),
            scalar("one value of a wide range (median 22 µs)", 10.0, 1.0),
        )
    )


def scalar(case: str, mu: float, sigma: float) -> Benchmark:
    """Each contender records the same log-normal latencies, one a call."""
    values = np.random.default_rng(1).lognormal(mu, sigma, VALUES).astype(np.int64).tolist() * 20
    peers = Peers()
    if hdrh := peers.library("hdrh.histogram"):
        record = hdrh.HdrHistogram(1, 60_000_000_000, 3).record_value
        peers.found.append(Contender("hdrhistogram record_value", calls(record, values), N))
    if ddsketch := peers.library("ddsketch"):
        add = ddsketch.DDSketch(relative_accuracy=0.001).add
        note = "relative accuracy 0.1 %, as ours"
        peers.found.append(Contender("ddsketch add", calls(add, values), N, note))
    if prometheus := peers.library("prometheus_client"):
        registry = prometheus.CollectorRegistry()
        metric = prometheus.Histogram("latency", "seconds", registry=registry)
        observe = calls(metric.observe, [value / 1e9 for value in values])
        note = "its default 15 buckets; takes a lock, so it serves several threads"
        peers.found.append(Contender("prometheus_client observe", observe, N, note))
    nothing = calls(NullOperation().resolve, values)
    return Benchmark(
        name="record_scalar",
        case=case,
        ours=Contender("Histogram.record", calls(Histogram().record, values), N),
        peers=tuple(peers.found),
        limit=Contender("a compiled method that does nothing", nothing, N),
        skipped=tuple(peers.missing),
    )
