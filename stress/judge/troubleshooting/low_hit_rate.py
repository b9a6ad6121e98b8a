"""Low cache hit rate: too many tenants, a TTL that is too short, a cache that was not warmed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from stress.judge.cure import again
from stress.judge.hit_rate import Asked, predicted, smallest_ttl_s
from stress.report.numbers import figure, percent, planned, plural, target
from stress.report.result import Caveat, Result

NS = 1_000_000_000
HIT_RATE_TARGET = re.compile(r"\s*hit_rate\s*:\s*value\s*>")


@dataclass(frozen=True)
class Shortfall:
    """A missed target of the hit rate. `loaded` calls found no entry: misses, and waits for one.

    caches: over how many the requests were spread. firsts: how many loads fill all of them.
    """

    target: float
    total: int
    misses: int
    loaded: int
    tenants: int
    caches: int

    @property
    def firsts(self) -> int:
        """One load for each tenant in each cache."""
        return self.tenants * self.caches


def shortfall(result: Result) -> Shortfall | None:
    """The missed target; None where it was met, not asked for, or missed by failed calls alone."""
    cache, tenants = result.cache, result.scenario["tenants"]
    missed = [
        one.target
        for one in result.thresholds
        if one.ok is False and HIT_RATE_TARGET.match(one.expression)
    ]
    if not missed or cache.hits is None or not cache.misses or not tenants:
        return None
    loaded = cache.misses + (cache.waits or 0)
    if cache.hits / (cache.hits + loaded) > max(missed):
        return None
    return Shortfall(
        target=max(missed),
        total=result.requests.total,
        misses=cache.misses,
        loaded=loaded,
        tenants=tenants,
        caches=cache.caches or result.scenario["procs"],
    )


def too_many_tenants(result: Result) -> Caveat | None:
    """More tenants than the cache has room for, or than the requests can fill it with."""
    short = shortfall(result)
    if short is None:
        return None
    capacity = result.cache.capacity
    if capacity is not None and capacity < short.tenants:
        fewer = (
            f"or: {again(result, tenants=capacity)}" if capacity > 0 else f"then: {again(result)}"
        )
        return Caveat(
            id="too_many_tenants",
            message=f"The cache has room for {capacity:,} of {short.tenants:,} tenants: "
            f"{short.misses:,} of {short.total:,} requests had to load.",
            cure=f"a larger capacity in the target, {fewer}",
        )
    if short.misses > short.firsts or _needed_ttl(result, short) is not None:
        return None
    each = "tenant" if short.caches == 1 else "tenant and process"
    return Caveat(
        id="too_many_tenants",
        message=f"{short.total:,} requests for {plural(short.tenants, 'tenant')}: "
        f"{plural(short.misses, 'load')}, at most one for each {each}, already "
        f"{'keeps' if short.misses == 1 else 'keep'} the hit rate from "
        f"{target(short.target, 'fraction')}.",
        cure=_more_requests(result, short),
    )


def _more_requests(result: Result, short: Shortfall) -> str:
    """So many that first loads are a smaller share than the target leaves; two digits."""
    if short.target >= 1:
        return again(result, warmup_passes=1)
    wanted = math.floor(short.loaded / (1 - short.target)) + 1
    step = 10 ** max(0, len(str(wanted)) - 2)
    wanted = -(-wanted // step) * step
    if result.scenario["requests"] is not None:
        return again(result, requests=wanted)
    seconds = result.scenario["duration_s"] * wanted / max(1, short.total)
    return again(result, duration_s=float(math.ceil(seconds)))


def ttl_too_short(result: Result) -> Caveat | None:
    """Entries expire before they have answered often enough."""
    short = shortfall(result)
    needed = _needed_ttl(result, short) if short is not None else None
    if short is None or needed is None:
        return None
    ttl_s = result.scenario["cache_ttl_s"]
    mean = short.total / result.throughput.wall_s / short.firsts
    gives = percent(predicted(ttl_s, _asked(result, short), _load_s(result)))
    each = "Each tenant" if short.caches == 1 else "Each tenant in each process"
    return Caveat(
        id="ttl_too_short",
        message=f"{each} is asked for {figure(mean)} times a second on average: a TTL of "
        f"{planned(ttl_s)} gives a hit rate of {gives}; above "
        f"{target(short.target, 'fraction')} needs {planned(needed)}.",
        cure=again(result, cache_ttl_s=needed),
    )


def _needed_ttl(result: Result, short: Shortfall) -> float | None:
    """The TTL that would do; None where expiry does not explain the misses."""
    ttl_s, wall_s = result.scenario["cache_ttl_s"], result.throughput.wall_s
    oldest_s = result.cache.oldest_entry_s
    capacity = result.cache.capacity
    if oldest_s is None or ttl_s > oldest_s or not wall_s:
        return None  # nothing was old enough to expire
    if capacity is not None and capacity < short.tenants:
        return None  # evicted, not expired
    warmed = bool(result.scenario["warmup_passes"] or result.scenario["warmup_s"])
    firsts = 0 if warmed else short.firsts
    expiries = math.inf if not ttl_s else short.firsts * (math.floor(wall_s / ttl_s) + 1)
    if not firsts < short.misses <= firsts + expiries:
        return None
    needed = smallest_ttl_s(short.target, _asked(result, short), _load_s(result))
    if needed is None:
        needed = float(math.ceil(2 * oldest_s))  # nothing expires within the run
    return needed if needed > ttl_s else None


def _asked(result: Result, short: Shortfall) -> list[Asked]:
    """How often each tenant is asked for in one cache; those not listed share their mean."""
    listed = sum(tenant.requests for tenant in result.tenants)
    rate = short.total / result.throughput.wall_s / short.caches
    if not listed:
        return [(rate / short.tenants, short.tenants)]
    return [
        (rate * one.requests / listed / one.tenants, one.tenants)
        for one in result.tenants
        if one.tenants
    ]


def _load_s(result: Result) -> float:
    """How long a load takes, from the measured misses."""
    miss = result.latency_ns.get("miss")
    mean = miss.service.mean if miss is not None else None
    return (mean or 0.0) / NS


def not_warmed(result: Result) -> Caveat | None:
    """First loads in the measured part."""
    misses, total = result.cache.misses, result.requests.total
    if not total or not misses or result.scenario["warmup_passes"] or result.scenario["warmup_s"]:
        return None
    tenants, caches = result.scenario["tenants"], result.cache.caches or result.scenario["procs"]
    firsts = min(misses, tenants * caches) if tenants else misses
    return Caveat(
        id="not_warmed",
        message=f"{firsts:,} of {total:,} requests were first loads: the cache was not warmed.",
        cure=again(result, warmup_passes=1),
    )
