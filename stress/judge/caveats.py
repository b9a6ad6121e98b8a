"""Everything that makes a figure of this run doubtful: a fact, its consequence, and its cure.

Fired by the data of the run alone; what is true of every run is said once in the report instead.
"""

from __future__ import annotations

from collections.abc import Callable

from stress.report.result import Caveat, Result
from stress.scenario.command import command_of

MAX_CAVEATS = 5
FEW_LOADS = 20
GIL_WAIT_SHARE = 0.20
BUSY_SHARE = 1.5  # load average in processors, above which others took part of the machine
SHORT_RUN_S = 1.0


def find(result: Result) -> list[Caveat]:
    """The caveats that fire, the worst first, at most MAX_CAVEATS."""
    # A phase provokes misses and waits on purpose: only doubts about the machine hold there.
    rules = MACHINE_RULES if result.headline == "check" else RULES
    found = [caveat for rule in rules if (caveat := rule(result)) is not None]
    return found[:MAX_CAVEATS]


def _command(result: Result, **changed: object) -> str:
    return command_of(result.scenario, **changed)


def _idle_lanes(result: Result) -> Caveat | None:
    requests = result.scenario["requests"]
    lanes = result.scenario["procs"] * result.scenario["threads"]
    if requests is None or requests >= lanes:
        return None
    return Caveat(
        id="idle_lanes",
        message=f"{lanes - requests:,} of {lanes:,} threads had no request of their own.",
        cure=_command(result, requests=lanes * 10),
    )


def _short_run(result: Result) -> Caveat | None:
    if result.requests.total == 0 or result.steady is not None:
        return None
    if result.throughput.wall_s >= SHORT_RUN_S:
        return None
    seconds = result.throughput.wall_s
    return Caveat(
        id="short_run",
        message=f"All requests took {seconds * 1e3:.3g} ms, most of it starting threads: no rate.",
        cure=_command(result, steady_s=1.0),
    )


def _few_samples(result: Result) -> Caveat | None:
    requests = result.scenario["requests"]
    every = result.latency_ns.get("all")
    if requests is None or every is None or every.response.count >= 1000:
        return None
    count = every.response.count
    missing = "no p95 and no p99" if count < 200 else "no p99"
    return Caveat(
        id="few_samples",
        message=f"{count:,} requests give {missing}.",
        cure=_command(result, requests=1000),
    )


def _few_loads(result: Result) -> Caveat | None:
    cold = result.cold
    if cold is None or cold.loads == 0 or cold.loads >= FEW_LOADS:
        return None
    if result.cache.speedup_from == "measured":
        return None
    return Caveat(
        id="few_loads",
        message=f"The miss figures rest on {cold.loads:,} loads, one for each tenant.",
        cure=_command(result, tenants=100),
    )


def _gil_wait(result: Result) -> Caveat | None:
    share = result.waiting.gil_and_cpu_share if result.waiting else None
    if share is None or share <= GIL_WAIT_SHARE:
        return None
    threads = result.scenario["threads"]
    return Caveat(
        id="gil_wait",
        message=f"{share:.0%} of the hits' time was waiting for the GIL or a processor: the hit "
        f"figures measure {threads} threads more than the cache.",
        cure=_command(result, threads=1),
    )


def _oversubscribed(result: Result) -> Caveat | None:
    procs, cores = result.scenario["procs"], result.environment.cores
    if procs <= cores:
        return None
    return Caveat(
        id="oversubscribed",
        message=f"{procs} processes share {cores} cores: rates of single processes and scaling are "
        "those of the machine.",
        cure=_command(result, procs=cores),
    )


def _busy_machine(result: Result) -> Caveat | None:
    load, cores = result.environment.load_average, result.environment.cores
    if load is None or load <= BUSY_SHARE * cores:
        return None
    return Caveat(
        id="busy_machine",
        message=f"Other work had the machine: load average {load:.1f} on {cores} cores. Compare by "
        "requests per CPU-second.",
        cure=f"repeat when it is quiet: {_command(result)}",
    )


def _not_warmed(result: Result) -> Caveat | None:
    misses, total = result.cache.misses, result.requests.total
    if not total or not misses or result.scenario["warmup_passes"] or result.scenario["warmup_s"]:
        return None
    return Caveat(
        id="not_warmed",
        message=f"{misses:,} of {total:,} requests were first loads: the cache was not warmed.",
        cure=_command(result, warmup_passes=1),
    )


RULES: tuple[Callable[[Result], Caveat | None], ...] = (
    _idle_lanes,
    _short_run,
    _not_warmed,
    _gil_wait,
    _few_samples,
    _few_loads,
    _busy_machine,
    _oversubscribed,
)
MACHINE_RULES: tuple[Callable[[Result], Caveat | None], ...] = (_busy_machine, _oversubscribed)
