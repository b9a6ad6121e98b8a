"""What makes a figure doubtful without being the cause of a failure: the machine, a short run."""

from __future__ import annotations

from stress.judge.cure import again
from stress.report.numbers import target
from stress.report.result import Caveat, Result

FEW_LOADS = 20
GIL_WAIT_SHARE = 0.20
BUSY_SHARE = 1.5  # load average in processors, above which others took part of the machine
SHORT_RUN_S = 1.0


def idle_lanes(result: Result) -> Caveat | None:
    """Fewer requests than threads."""
    requests = result.scenario["requests"]
    lanes = result.scenario["procs"] * result.scenario["threads"]
    if requests is None or requests >= lanes:
        return None
    return Caveat(
        id="idle_lanes",
        message=f"{lanes - requests:,} of {lanes:,} threads had no request of their own.",
        cure=again(result, requests=lanes * 10),
    )


def short_run(result: Result) -> Caveat | None:
    """Too short for a rate."""
    if result.requests.total == 0 or result.steady is not None:
        return None
    if result.throughput.wall_s >= SHORT_RUN_S:
        return None
    seconds = result.throughput.wall_s
    return Caveat(
        id="short_run",
        message=f"All requests took {seconds * 1e3:.3g} ms, most of it starting threads: no rate.",
        cure=again(result, steady_s=1.0),
    )


def few_samples(result: Result) -> Caveat | None:
    """Too few requests for the percentiles that have a target."""
    requests = result.scenario["requests"]
    every = result.latency_ns.get("all")
    if requests is None or every is None or every.response.count >= 1000:
        return None
    count = every.response.count
    missing = "no p95 and no p99" if count < 200 else "no p99"
    return Caveat(
        id="few_samples",
        message=f"{count:,} requests give {missing}.",
        cure=again(result, requests=1000),
    )


def few_loads(result: Result) -> Caveat | None:
    """Miss figures that rest on a handful of loads."""
    cold = result.cold
    if cold is None or cold.loads == 0 or cold.loads >= FEW_LOADS:
        return None
    if result.cache.speedup_from == "measured":
        return None
    return Caveat(
        id="few_loads",
        message=f"The miss figures rest on {cold.loads:,} loads, one for each tenant.",
        cure=_more_loads(result),
    )


def _more_loads(result: Result) -> str:
    """More tenants, where there are any; else the same ones again and again."""
    if result.environment.backend.startswith("embedded"):
        return again(result, tenants=100)
    return again(result, cache_ttl_s=0.0)


def gil_wait(result: Result) -> Caveat | None:
    """Hit times that are mostly waiting for a turn."""
    share = result.waiting.gil_and_cpu_share if result.waiting else None
    if share is None or share <= GIL_WAIT_SHARE:
        return None
    threads = result.scenario["threads"]
    return Caveat(
        id="gil_wait",
        message=f"{share:.0%} of the hits' time was waiting for the GIL or a processor: the hit "
        f"figures measure {threads} threads more than the cache.",
        cure=again(result, threads=1),
    )


def oversubscribed(result: Result) -> Caveat | None:
    """More processes than cores."""
    procs, cores = result.scenario["procs"], result.environment.cores
    if procs <= cores:
        return None
    return Caveat(
        id="oversubscribed",
        message=f"{procs} processes share {cores} cores: rates of single processes and scaling are "
        "those of the machine.",
        cure=again(result, procs=cores),
    )


def busy_machine(result: Result) -> Caveat | None:
    """Somebody else's work on the machine."""
    load, cores = result.environment.load_average, result.environment.cores
    if load is None or load <= BUSY_SHARE * cores:
        return None
    return Caveat(
        id="busy_machine",
        message=f"Other work had the machine: load average {load:.1f} on {cores} cores. Compare by "
        "requests per CPU-second.",
        cure=f"repeat when it is quiet: {again(result)}",
    )


def outcomes_unknown(result: Result) -> Caveat | None:
    """Nothing shows which call was a hit."""
    if result.cache.source not in ("unknown", "counters") or not result.requests.total:
        return None
    told = "its own counters alone" if result.cache.source == "counters" else "nothing"
    return Caveat(
        id="outcomes_unknown",
        message=f"Of hits and misses {told} can be seen: no load shows on the calling thread, and "
        "the answers do not say. What rests on them is NOT TESTED.",
        cure="give the answers cache_hit or source, or load in the calling thread, then: "
        f"{again(result)}",
    )


def loads_capped(result: Result) -> Caveat | None:
    """Calls that loaded were held back on purpose."""
    if result.cache.loads_capped is not True:
        return None
    cap = result.scenario.get("max_loads_per_s")
    told = f"--max-loads {target(cap, '1/s')}" if cap else "--max-loads"
    command = again(result)
    if cap and "--max-loads" not in command:
        command += f" --max-loads {target(cap * 10, '1/s').replace(',', '')}"
    return Caveat(
        id="loads_capped",
        message=f"{told} held back threads that had loaded: throughput is not judged.",
        cure=f"where the server can bear more: {command}",
    )


def loads_uncapped(result: Result) -> Caveat | None:
    """A cap that could not be kept."""
    if result.cache.loads_capped is not False:
        return None
    return Caveat(
        id="loads_uncapped",
        message="The target's loads are not seen, so --max-loads could not hold them back: "
        "throughput is not judged.",
        cure=f"load through context.control_plane.load(), then: {again(result)}",
    )
