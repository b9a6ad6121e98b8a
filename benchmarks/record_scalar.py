"""Recording one value from Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from _timing import Histogram
from _timing.null import NullOperation
from benchmarks.contest import Benchmark, Contender, Peers, calls

N = 20_000


@contextmanager
def benchmarks() -> Iterator[Iterator[Benchmark]]:
    yield iter((scalar(),))


def scalar() -> Benchmark:
    """Each contender records the same 20,000 latencies (log-normal, median 22 µs), one a call."""
    values = np.random.default_rng(1).lognormal(10, 1, N).astype(np.int64).tolist()
    peers = Peers()
    if hdrh := peers.library("hdrh.histogram"):
        record = hdrh.HdrHistogram(1, 60_000_000_000, 3).record_value
        peers.found.append(Contender("hdrhistogram record_value", calls(record, values), N))
    if ddsketch := peers.library("ddsketch"):
        add = ddsketch.DDSketch(relative_accuracy=0.001).add
        peers.found.append(
            Contender("ddsketch add", calls(add, values), N, "relative accuracy 0.1 %, as ours")
        )
    if prometheus := peers.library("prometheus_client"):
        registry = prometheus.CollectorRegistry()
        metric = prometheus.Histogram("latency", "seconds", registry=registry)
        seconds = [value / 1e9 for value in values]
        peers.found.append(
            Contender(
                "prometheus_client observe",
                calls(metric.observe, seconds),
                N,
                "its default 15 buckets; takes a lock, so it serves several threads",
            )
        )
    return Benchmark(
        name="record_scalar",
        case="one value, from Python",
        ours=Contender("Histogram.record", calls(Histogram().record, values), N),
        peers=tuple(peers.found),
        limit=Contender(
            "a compiled method that does nothing", calls(NullOperation().resolve, values), N
        ),
        skipped=tuple(peers.missing),
    )
