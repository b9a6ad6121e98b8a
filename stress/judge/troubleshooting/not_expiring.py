"""Cache not expiring in time: a TTL that is calculated wrongly, or that the wall clock moves."""

from __future__ import annotations

from stress.judge.cure import again
from stress.report.numbers import duration, planned, seconds, times
from stress.report.result import Caveat, Lifetimes, Result

NS = 1_000_000_000
STEP_NS = 50_000_000  # of the wall clock: above what reading two clocks in turn can make
TOLERANCE = 0.10
POLL_S = 0.025  # between an expiry and the call that notices it, on a busy machine; and
POLL_SHARE = 0.10  # never more than this share of the TTL
SAME = 0.20  # spread of lives, as a share of their median, within which they are one constant

# The usual mistakes: observed TTL / TTL, and what makes it.
FACTORS: tuple[tuple[float, str], ...] = (
    (2.0, "twice the TTL"),
    (0.5, "half the TTL"),
    (10.0, "ten times the TTL"),
    (0.1, "a tenth of the TTL"),
    (60.0, "minutes for seconds"),
    (1 / 60, "seconds for minutes"),
    (1000.0, "seconds for milliseconds"),
    (1 / 1000, "milliseconds for seconds"),
)


def wall_clock_ttl(result: Result) -> Caveat | None:
    """The wall clock was set during the run, and the entries' lives changed the same way."""
    step_ns = result.wall_clock_step_ns
    if step_ns is None or abs(step_ns) <= STEP_NS:
        return None
    # Set forward, entries that look at it end early; set back, they live on.
    check_id = "no_early_expiry" if step_ns > 0 else "expiry"
    check = next((one for one in result.checks if one.id == check_id), None)
    if check is None or check.status != "fail":
        return None
    way = "forward" if step_ns > 0 else "back"
    what = "ended before their TTL" if step_ns > 0 else "answered after their TTL"
    return Caveat(
        id="wall_clock_ttl",
        message=f"The wall clock went {duration(float(abs(step_ns)))} {way} during the run,"
        f" and {check.violations:,} times entries {what}: deadlines follow the wall clock.",
        cure=f"take deadlines from time.monotonic(), not time.time(), then: {again(result)}",
    )


def ttl_miscalculated(result: Result) -> Caveat | None:
    """Entries that live a constant multiple of the TTL, or never end."""
    failed = {one.id for one in result.checks if one.status == "fail"}
    lifetimes, ttl_s = result.lifetimes, result.scenario["cache_ttl_s"]
    if lifetimes is None or not ttl_s or not failed & {"expiry", "no_early_expiry"}:
        return None
    if wall_clock_ttl(result) is not None:
        return None
    told = _observed(lifetimes, ttl_s, late="expiry" in failed)
    if told is None:
        return None
    return Caveat(
        id="ttl_miscalculated",
        message=f"{told}; the TTL is {planned(ttl_s)}.",
        cure="if another TTL shows the same multiple, look for the wrong unit: "
        f"{again(result, name='expiry', cache_ttl_s=_other(ttl_s))}",
    )


def _observed(lifetimes: Lifetimes, ttl_s: float, *, late: bool) -> str | None:
    """What is seen, where it is one constant; None where lives differ or are as they should be."""
    shortest_s, median_s, spread_s = lifetimes.shortest_s, lifetimes.median_s, lifetimes.spread_s
    if shortest_s is None or median_s is None or spread_s is None:
        alive_s = lifetimes.alive_s
        if not late or alive_s is None or alive_s <= ttl_s * (1 + TOLERANCE):
            return None
        return (
            f"No entry ended: the oldest still answered after {seconds(alive_s)}, "
            f"{times(alive_s / ttl_s)} the TTL (a TTL that every call renews does so too)"
        )
    poll_s = min(POLL_S, POLL_SHARE * ttl_s)
    if spread_s > SAME * median_s + poll_s or abs(median_s / ttl_s - 1) <= TOLERANCE:
        return None
    lived = f"Entries lived {seconds(median_s)}, {times(median_s / ttl_s)} the TTL"
    # Polling only lengthens what is seen of a life: the shortest is the nearest to the truth.
    near = {
        abs(shortest_s - factor * ttl_s): name
        for factor, name in FACTORS
        if factor * ttl_s * (1 - TOLERANCE) <= median_s
        and shortest_s <= factor * ttl_s * (1 + TOLERANCE) + poll_s
    }
    return f"{lived}: {near[min(near)]}" if near else lived


def _other(ttl_s: float) -> float:
    """Another TTL that is as easy to wait for."""
    return ttl_s * 2 if ttl_s <= 2 else ttl_s / 2
