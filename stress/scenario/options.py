"""The table of a run's options, each with its reader. Nothing here knows click."""

from __future__ import annotations

import os

from stress.scenario import keys, thresholds, units
from stress.scenario.option import Option, Reader
from stress.scenario.output import writable_file
from stress.scenario.scenario import MAX_PROCS, MAX_TENANTS, MAX_THREADS
from stress.scenario.spelling import nearest
from stress.scenario.units import Misread

MAX_REQUESTS = 10**12
MAX_PASSES = 1_000
MAX_SEED = 2**63 - 1
OPERATIONS = ("resolve",)


def _whole(lowest: int, highest: int, too_few: str, upper: str | None = None) -> Reader:
    cure = f"write {lowest} to {upper or f'{highest:,}'}"
    return lambda text: units.whole(text, lowest, highest, too_few, cure)


def _duration(zero: str | None = None, example: str = "5s") -> Reader:
    return lambda text: units.duration_s(text, zero=zero, example=example)


def _warmup(text: str) -> int | float:
    """Passes over all tenants as a whole number, or a time in seconds as a float."""
    if text.isascii() and text.isdigit():
        return units.whole(text, 0, MAX_PASSES, "too few passes", f"write 0 to {MAX_PASSES:,}")
    return float(units.duration_s(text, zero=None, example="5s"))


def _operation(text: str) -> str:
    if text in OPERATIONS:
        return text
    near = nearest(text, OPERATIONS)
    raise Misread("no such operation", f"did you mean {near}?" if near else "write resolve")


def _keys(text: str) -> str:
    return str(keys.parse(text))


def _folder_of_binaries(path: str) -> str:
    cure = "name the folder that holds initdb and postgres"
    if not os.path.isdir(path):
        raise Misread("no such folder", cure)
    for folder, fault in ((path, None), (os.path.join(path, "bin"), path)):
        if all(os.access(os.path.join(folder, name), os.X_OK) for name in ("initdb", "postgres")):
            if fault is not None:
                raise Misread("no initdb there", f"write {folder}")
            return path
    missing = "initdb" if not os.access(os.path.join(path, "initdb"), os.X_OK) else "postgres"
    raise Misread(f"no {missing} there", cure)


def _target(text: str) -> str:
    # Whether it is there is looked up by stress.target.spec; only its form is seen here.
    place, colon, name = text.rpartition(":")
    if not (place and colon and name):
        raise Misread("not MODULE:NAME or FILE.py:NAME", "write mypkg:factory")
    return text


OPTIONS: tuple[Option, ...] = (
    Option(
        "--procs",
        "Load",
        "worker processes",
        _whole(1, MAX_PROCS, "at least one worker process is needed"),
        "N",
        "4",
        "1",
    ),
    Option(
        "--threads",
        "Load",
        "threads per process",
        _whole(1, MAX_THREADS, "at least one thread is needed"),
        "N",
        "20",
    ),
    Option(
        "--requests",
        "Load",
        "requests in total over all processes",
        _whole(1, MAX_REQUESTS, "at least one request is needed"),
        "N",
        "1000",
        short="-n",
    ),
    Option(
        "--duration",
        "Load",
        "instead of -n: send requests for this time",
        _duration("a run needs time", "10s"),
        "TIME",
        "10s",
        "none",
    ),
    Option(
        "--steady",
        "Load",
        "after -n requests: go on for this time; 0 is off",
        _duration(example="1s"),
        "TIME",
        "1s",
        "1s",
    ),
    Option(
        "--warmup",
        "Load",
        "passes over all tenants, or a time, before the start; 0 is off",
        _warmup,
        "N|TIME",
        "5s",
        "1",
    ),
    Option(
        "--graceful-stop",
        "Load",
        "time for requests in flight at the end",
        _duration(),
        "TIME",
        "5s",
        "5s",
    ),
    Option("--no-reference", "Load", "do not measure one process alone first"),
    Option(
        "--tenants",
        "Tenants",
        "tenants, each with its own database",
        _whole(1, MAX_TENANTS, "at least one tenant is needed"),
        "N",
        "10",
        "10",
    ),
    Option(
        "--keys",
        "Tenants",
        "which tenant a request asks for: uniform, zipf:S, hotspot:F:P, seq",
        _keys,
        "KEYS",
        "zipf:0.99",
        "uniform",
    ),
    Option(
        "--cache-ttl",
        "Tenants",
        "how long an answer may be cached; 0 is never",
        _duration(example="300s"),
        "TIME",
        "300s",
        "300s",
    ),
    Option(
        "--seed",
        "Tenants",
        "the same seed gives the same sequence of tenants",
        _whole(0, MAX_SEED, "a seed cannot be negative", "9223372036854775807"),
        "N",
        "1",
        "1",
    ),
    Option(
        "--operation",
        "Target",
        "what one request does: resolve",
        _operation,
        "OP",
        "resolve",
        "resolve",
    ),
    Option(
        "--target",
        "Target",
        "what to test: MODULE:NAME or FILE.py:NAME",
        _target,
        "SPEC",
        "mypkg:factory",
        "our resolver",
    ),
    Option(
        "--pg-bin",
        "Target",
        "PostgreSQL's binaries for the embedded server",
        _folder_of_binaries,
        "DIR",
        "/usr/lib/postgresql/16/bin",
        "found",
    ),
    Option(
        "--threshold",
        "Thresholds",
        "what the run must reach; may be given again",
        thresholds.read,
        "EXPR",
        "'resolve{outcome:hit}:p(99)<1ms'",
        "built in",
        many=True,
    ),
    Option("--no-thresholds", "Thresholds", "no built-in threshold but isolation"),
    Option(
        "--json",
        "Output",
        "write every figure to FILE; - is standard output",
        lambda path: writable_file(path, "run.json"),
        "FILE",
        "run.json",
        "none",
    ),
    Option(
        "--progress",
        "Output",
        "time between two progress lines",
        _duration("a progress line needs time to report on", "1s"),
        "TIME",
        "1s",
        "by the run's length",
    ),
    Option("--quiet", "Output", "only the verdict, no progress"),
    Option("--no-color", "Output", "no colour (also: NO_COLOR)"),
)

LONG_AND_SHORT = frozenset(
    name for option in OPTIONS for name in (option.long, option.short) if name is not None
) | {"--help"}
