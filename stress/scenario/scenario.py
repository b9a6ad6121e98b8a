"""One frozen, validated description of a run: all that options and environment said.

Validation ends where a Scenario begins: every stage behind it may trust its values.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stress.scenario.thresholds import Threshold

DEFAULT_SEED = 1
DEFAULT_EMBEDDED_TENANTS = 10
DEFAULT_PERCENTILES = (50.0, 95.0, 99.0)
MAX_PROCS = 256
MAX_THREADS = 1_000
MAX_LANES = 10_000
"""More threads than this on one machine measure its scheduler, and may not start at all."""
MAX_TENANTS = 10_000
"""Each tenant is a database of about 8 MB on the embedded server."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to run. Times in seconds; `requests` is the total over all processes.

    Exactly one of `requests` and `duration_s` is set. tenants None: as many as the backend gives by
    default. target None: our own resolver. progress_s None: what suits the run's length.
    The warm-up asks for each tenant warmup_passes times, or lasts warmup_s where that is set; both
    0 and None: there is none. target_args: NAME=VALUE each.
    tenants_table: a file. max_connections, max_loads_per_s and
    allow_writes concern a control plane of the user's. checks: ids; empty: all. `thresholds` holds
    all that apply, built-in ones included.
    """

    name: str = "heavy"
    procs: int = 1
    threads: int = 20
    requests: int | None = 1000
    duration_s: float | None = None
    steady_s: float = 1.0
    warmup_passes: int = 1
    warmup_s: float | None = None
    tenants: int | None = None
    keys: str = "uniform"
    seed: int = DEFAULT_SEED
    cache_ttl_s: float = 300.0
    operation: Literal["resolve", "query"] = "resolve"
    target: str | None = None
    thresholds: tuple[Threshold, ...] = ()
    reference: bool = True
    graceful_stop_s: float = 5.0
    progress_s: float | None = None
    pg_bin: str | None = None
    target_kind: str | None = None
    target_build: str | None = None
    target_method: str | None = None
    target_args: tuple[str, ...] = ()
    target_ttl_s: float | None = None
    target_scope: str | None = None
    target_release: str | None = None
    strict_ttl: bool = False
    tenants_table: str | None = None
    max_connections: int = 10
    max_loads_per_s: float = 50.0
    allow_writes: bool = False
    checks: tuple[str, ...] = ()
    budget_s: float | None = None
    percentiles: tuple[float, ...] = DEFAULT_PERCENTILES

    @property
    def lanes(self) -> int:
        """Worker threads over all processes."""
        return self.procs * self.threads
