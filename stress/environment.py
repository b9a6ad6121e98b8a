"""Where a run takes place: no host name, no user name, no path."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from importlib import metadata

from _timing import clock
from stress.report.result import Environment

READINGS = 5
VERSIONS = ("tenant-stress", "numpy", "SQLAlchemy", "psycopg2-binary", "cryptography")


def describe(backend: str) -> Environment:
    """The machine, the interpreter, the clock and the libraries that matter to the figures."""
    return Environment(
        os=platform.system(),
        kernel=platform.release(),
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        gil=getattr(sys, "_is_gil_enabled", lambda: True)(),
        clock="CLOCK_MONOTONIC",
        clock_overhead_ns=clock.overhead_ns(),
        clock_resolution_ns=clock.resolution_ns(),
        versions={name: _version(name) for name in VERSIONS},
        backend=backend,
        load_average=os.getloadavg()[0],
    )


def wall_clock_offset_ns(
    wall_ns: Callable[[], int] = time.time_ns, steady_ns: Callable[[], int] = time.monotonic_ns
) -> int:
    """How far the wall clock is ahead of the monotonic one; it changes only where the wall clock is
    set or the machine sleeps, for both are slewed alike.

    The tightest of some readings: between two clocks the processor may be taken away.
    """
    found = []
    for _ in range(READINGS):
        before, wall, after = steady_ns(), wall_ns(), steady_ns()
        found.append((after - before, wall - (before + after) // 2))
    return min(found)[1]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
