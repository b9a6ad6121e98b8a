"""Measuring instruments in Cython: clock, histogram, percentiles, recorder; no I/O, no policy."""

from _timing.clock import (
    monotonic_ns,
    overhead_ns,
    resolution_ns,
    sleep_until,
    thread_cpu_ns,
)
from _timing.histogram import Histogram
from _timing.manual import ManualClock
from _timing.percentiles import percentiles

__all__ = [
    "Histogram",
    "ManualClock",
    "monotonic_ns",
    "overhead_ns",
    "percentiles",
    "resolution_ns",
    "sleep_until",
    "thread_cpu_ns",
]
