"""High response times: the control plane's query, the way to it, or the decryption.

Judged by the cold block: each tenant's first load, one at a time, in its parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stress.judge.cure import again
from stress.report.numbers import duration, percent
from stress.report.result import Caveat, Result

MISS_TARGET = re.compile(r"\s*resolve\s*\{\s*outcome:miss\s*\}\s*:\s*avg\s*<")
MISS_TARGET_NS = 50e6  # a miss takes less on average, unless a threshold says otherwise
SLOW_SHARE = 0.5  # of the target, that one part may take alone
MOST_SHARE = 0.5  # of the query, above which the way explains it
SLOW_DECRYPTION_NS = 1e6  # AES-256-GCM takes 1 µs, Fernet 10 µs: this derives its key every time
DECRYPTION_SHARE = 0.25
LEAST_DECRYPTION_NS = 100e3  # below it, a large share only says that the miss is fast


@dataclass(frozen=True)
class Parts:
    """The mean parts of a cold load, and the round trip of a SELECT 1; None: not seen."""

    miss_ns: float
    query_ns: float | None
    decryption_ns: float | None
    cache_ns: float | None
    round_trip_ns: float | None
    target_ns: float
    missed: bool


def _parts(result: Result) -> Parts | None:
    cold = result.cold
    miss = cold.latency_ns.get("miss") if cold is not None else None
    if cold is None or miss is None or not miss.service.mean:
        return None
    judged = [one for one in result.thresholds if "outcome:miss" in one.expression]
    averages = [one.target for one in judged if MISS_TARGET.match(one.expression)]
    return Parts(
        miss_ns=miss.service.mean,
        query_ns=cold.parts_ns.control_plane_query,
        decryption_ns=cold.parts_ns.decryption,
        cache_ns=cold.parts_ns.cache,
        round_trip_ns=cold.round_trip_ns,
        target_ns=min(averages, default=MISS_TARGET_NS),
        missed=any(one.ok is False for one in judged),
    )


def _slow_query(parts: Parts) -> bool:
    query = parts.query_ns
    if query is None:
        return False
    largest = query >= max(parts.decryption_ns or 0.0, parts.cache_ns or 0.0)
    return query > SLOW_SHARE * parts.target_ns or (parts.missed and largest)


def _far(parts: Parts) -> bool:
    """Whether the way there and back takes most of the query, or of a load whose parts are not
    shown."""
    whole = parts.miss_ns if parts.query_ns is None else parts.query_ns
    return parts.round_trip_ns is not None and parts.round_trip_ns > MOST_SHARE * whole


def network_latency(result: Result) -> Caveat | None:
    """Slow loads, and most of the time is the way to the control plane."""
    parts = _parts(result)
    if parts is None or not _far(parts):
        return None
    if not (_slow_query(parts) or (parts.query_ns is None and parts.missed)):
        return None
    of = ("load", parts.miss_ns) if parts.query_ns is None else ("query of a load", parts.query_ns)
    return Caveat(
        id="network_latency",
        message=f"One round trip to the control plane takes {duration(parts.round_trip_ns)}"
        f" (SELECT 1), the {of[0]} {duration(of[1])}: it is the way, not the query.",
        cure=f"on a host nearer to the control plane: {again(result)}",
    )


def control_plane_slow(result: Result) -> Caveat | None:
    """Slow loads, and most of the time is the query itself."""
    parts = _parts(result)
    if parts is None or parts.query_ns is None or _far(parts) or not _slow_query(parts):
        return None
    way = ""
    if parts.round_trip_ns is not None:
        way = f", the round trip {duration(parts.round_trip_ns)}"
    share = percent(min(1.0, parts.query_ns / parts.miss_ns))
    return Caveat(
        id="control_plane_slow",
        message=f"The control plane's query takes {duration(parts.query_ns)}, {share} of a "
        f"miss{way}: it is the database, not the way to it.",
        cure="EXPLAIN (ANALYZE, BUFFERS) the lookup, give its column an index, then: "
        f"{again(result)}",
    )


def decryption_cost(result: Result) -> Caveat | None:
    """Loads that spend their time on decrypting."""
    parts = _parts(result)
    if parts is None or parts.decryption_ns is None:
        return None
    took, share = parts.decryption_ns, parts.decryption_ns / parts.miss_ns
    dominates = share > DECRYPTION_SHARE and took > LEAST_DECRYPTION_NS
    if took <= SLOW_DECRYPTION_NS and not dominates:
        return None
    return Caveat(
        id="decryption_cost",
        message=f"Decryption takes {duration(took)}, {percent(min(1.0, share))} of "
        "a miss; AES-256-GCM with a ready key takes about 1 µs.",
        cure=f"derive the key once, not in every load, then: {again(result)}",
    )
