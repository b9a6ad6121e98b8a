"""What a threshold may speak of: metrics, their labels and aggregations, checks' ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["latency", "share", "count", "rate", "ratio"]

UNITS: dict[Kind, str] = {
    "latency": "ns",
    "share": "fraction",
    "count": "count",
    "rate": "1/s",
    "ratio": "ratio",
}

# In the order of the contract's list; every one of them can be violated.
CHECK_IDS = (
    "isolation",
    "bounded_staleness",
    "read_after_invalidate",
    "monotonic_reads",
    "no_invention",
    "untorn",
    "single_flight",
    "load_economy",
    "expiry",
    "no_early_expiry",
    "counter_identity",
    "counter_sanity",
    "negative_lookup",
    "error_isolation",
    "liveness",
    "crash_containment",
    "head_of_line",
    "connection_leak",
    "stale_connection",
    "fork_safety",
    "connection_budget",
    "clean_session",
    "secrecy",
    "ciphertext_binding",
    "key_rotation",
    "tenant_id_exact",
    "eviction",
)

OUTCOMES = ("hit", "miss", "wait", "negative", "error")
PHASES = ("measured", "cold", "warmup", "steady", "reference", "check")
PHASE_ALIASES = {"counted": "measured"}
LABELS = ("outcome", "phase", "process", "tenant")
AGGREGATIONS = ("avg", "min", "med", "max", "p(N)", "count", "rate", "value")


@dataclass(frozen=True)
class Metric:
    """What can be asked of one metric: which kind of figure each aggregation gives, which labels
    narrow it, and an example of a whole expression."""

    kinds: dict[str, Kind]
    labels: tuple[str, ...]
    example: str


_LATENCY: dict[str, Kind] = {
    **dict.fromkeys(("avg", "min", "med", "max", "p(N)"), "latency"),
    "count": "count",
}

METRICS: dict[str, Metric] = {
    "resolve": Metric(_LATENCY, LABELS, "resolve:p(99)<5ms"),
    "connect": Metric(_LATENCY, LABELS, "connect:p(99)<5ms"),
    "query": Metric(_LATENCY, LABELS, "query:p(99)<5ms"),
    "lag": Metric(_LATENCY, ("phase", "process"), "lag:p(99)<5ms"),
    "hit_rate": Metric({"value": "share"}, ("phase", "process", "tenant"), "hit_rate:value>90%"),
    "failed": Metric(
        {"count": "count", "rate": "share"}, ("phase", "process", "tenant"), "failed:count==0"
    ),
    "throughput": Metric({"rate": "rate"}, ("phase", "process"), "throughput:rate>100/s"),
    "cache_speedup": Metric({"value": "ratio"}, ("phase",), "cache_speedup:value>20"),
    "loads": Metric({"count": "count"}, ("phase", "tenant"), "loads:count<=100"),
    **{
        f"{check}_violations": Metric({"count": "count"}, (), f"{check}_violations:count==0")
        for check in CHECK_IDS
    },
}
