"""counter_identity: the target's own statistics equal the calls that were made.

Holds when, over all workers and since the target was built, requests = hits + misses + waits +
negatives + failed = calls made (± calls in flight), and each counter that the target names lies
where the recorded outcomes allow: a waiter may be counted as a hit or as a miss, a not-found as
negative or as failed, a failed call as what it was before it failed, and the outcome of a connect()
is not seen from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stress.report.result import Check
from stress.target.statistics import SPELLINGS, count_in
from stress.verify.checks.untested import not_tested
from stress.verify.evidence import Calls, Evidence

ID = "counter_identity"

NAMES = {
    "requests": ("requests", "total_requests", "request_count"),
    "hits": SPELLINGS["hits"],
    "misses": SPELLINGS["misses"],
    "waits": ("waits", "wait_count"),
    "negatives": ("negatives", "negative_hits"),
    "failed": ("failed", "errors", "failures"),
}


def counters(stats: Mapping[str, Any]) -> dict[str, int]:
    """The counters that a statistics mapping names, by our names."""
    named = {ours: count_in(stats, *names) for ours, names in NAMES.items()}
    return {ours: count for ours, count in named.items() if count is not None}


def check(evidence: Evidence) -> Check:
    """Compare the counters with the recorded calls; every broken equation is one violation."""
    reason = None
    if evidence.stats is None:
        offers = evidence.facts.offers_stats
        reason = "the target offers no get_cache_stats()" if not offers else evidence.stats_failed
        reason = reason or "no statistics were read"
    elif not evidence.complete:
        reason = "the run did not end by itself"
    own = counters(evidence.stats or {})
    if reason is None and not ("hits" in own or "requests" in own):
        reason = "its statistics name neither requests nor hits"
    if reason is not None:
        return not_tested(ID, reason)
    calls = evidence.calls
    if not evidence.told_apart:
        # Which call was a hit is not known: only their number can be compared.
        own = {name: own[name] for name in ("requests",) if name in own}
        if not own:
            return not_tested(ID, "its calls do not show which of them was a hit")
    broken = _broken(own, calls)
    if broken and not evidence.scope_stated and evidence.worker_stats is not None:
        # It does not say whether its counters are the host's or a process's: either may hold.
        broken = _broken(counters(evidence.worker_stats), calls) and broken
    words = f"{calls.total:,} calls in {evidence.procs} " + (
        "process" if evidence.procs == 1 else "processes"
    )
    return Check(
        id=ID,
        status="fail" if broken else "pass",
        examined=calls.total,
        violations=len(broken),
        evidence=f"{words} add up" if not broken else f"{words}: {broken[0]}",
        notes=broken[1:],
    )


def _broken(own: Mapping[str, int], calls: Calls) -> list[str]:
    """Every equation that does not hold, both sides printed."""
    slack = calls.unfinished
    # A connect's outcome is not seen; a call may fail after it was counted as hit or miss.
    free = calls.connects + calls.failed
    low_high = {
        "requests": (calls.total, calls.total + slack),
        "hits": (calls.hits, calls.hits + calls.waits + free + slack),
        "misses": (calls.misses, calls.misses + calls.waits + calls.negatives + free + slack),
        "waits": (0, calls.waits + free + slack),
        "negatives": (0, calls.negatives + slack),
        "failed": (0, calls.failed + calls.negatives + slack),
    }
    broken = [
        f"{name} {own[name]:,}, calls made {_range(low, high)}"
        for name, (low, high) in low_high.items()
        if name in own and not low <= own[name] <= high
    ]
    parts = [
        own[name] for name in ("hits", "misses", "waits", "negatives", "failed") if name in own
    ]
    if "requests" in own and {"hits", "misses"} <= own.keys() and len(parts) == 5:
        if sum(parts) != own["requests"] and abs(sum(parts) - own["requests"]) > slack:
            broken.append(
                f"hits + misses + waits + negatives + failed = {sum(parts):,}, "
                f"requests {own['requests']:,}"
            )
    elif "requests" not in own and {"hits", "misses"} <= own.keys():
        optional = sum(
            count
            for name, count in (("negatives", calls.negatives), ("failed", calls.failed))
            if name not in own
        )
        if not calls.total - optional <= sum(parts) <= calls.total + slack:
            broken.append(
                f"hits + misses = {sum(parts):,}, "
                f"calls made {_range(calls.total - optional, calls.total + slack)}"
            )
    return broken


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
