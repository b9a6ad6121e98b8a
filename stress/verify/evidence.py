"""What a run leaves behind for its checks: counts, statistics, loads, proofs, sessions.

One frozen value; a check is a pure function of it, so that a test can write one by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stress.target.context import DEFAULT_LEASE_S
from stress.target.protocol import Facts
from stress.verify.history import History


@dataclass(frozen=True)
class Calls:
    """Every call since the target was built, over all workers.

    `connects`: calls that handed out a connection, one resolve each, whose outcome was not seen.
    """

    hits: int = 0
    misses: int = 0
    waits: int = 0
    negatives: int = 0
    failed: int = 0
    unfinished: int = 0
    connects: int = 0

    @property
    def total(self) -> int:
        """All calls that ended."""
        return self.hits + self.misses + self.waits + self.negatives + self.failed + self.connects


@dataclass(frozen=True)
class Violation:
    """One wrong answer as its worker saw it; times on the monotonic clock."""

    check: str
    tenant: str
    process: int
    thread: str
    got_tenant: str | None
    got_place: str | None
    got_version: str | None
    started_ns: int
    ended_ns: int


@dataclass(frozen=True)
class Proof:
    """What the server said on one handed-out connection. right None: it could not be asked."""

    tenant: str
    process: int
    right: bool | None
    database: str | None = None
    user: str | None = None
    owner: str | None = None
    session: str | None = None
    started_ns: int = 0
    ended_ns: int = 0


@dataclass(frozen=True)
class Borrowed:
    """What the server said on one connection that a phase borrowed. right None: not asked.

    left: what a former borrower of the same session had left behind.
    """

    tenant: str
    process: int
    right: bool | None
    database: str | None = None
    user: str | None = None
    session: str | None = None
    left: tuple[str, ...] = ()
    soiled: bool = False
    started_ns: int = 0
    ended_ns: int = 0


@dataclass(frozen=True)
class Sessions:
    """Sessions in the tenants' databases as the server counts them; None where it was not asked.

    before_ns, proving_ns, after_ns: when, on the monotonic clock.
    """

    before: int | None = None
    proving: int | None = None
    after: int | None = None
    before_ns: int = 0
    proving_ns: int = 0
    after_ns: int = 0


@dataclass(frozen=True)
class Evidence:
    """Everything the checks of one run look at.

    answers: successful answers that were compared, over all phases. loads: as the target or the
    counted loader saw them. lifetime_s: from building the target to the last call.
    failed_connects: handed-out connections that could not be opened or asked.
    """

    facts: Facts
    scope: str
    procs: int
    tenants: int
    cache_ttl_s: float
    answers: int
    wrong: int
    invented: int
    torn: int
    calls: Calls
    loads: int | None
    lifetime_s: float
    reproduce: str
    reference_wrong: int = 0
    unknown_calls: int = 0
    failed_connects: int = 0
    takeovers: int = 0
    stats: Mapping[str, Any] | None = None
    stats_failed: str | None = None
    violations: tuple[Violation, ...] = ()
    proofs: tuple[Proof, ...] = ()
    sessions: Sessions = field(default_factory=Sessions)
    scope_stated: bool = True
    """Whether the target says of itself which processes share its cache."""
    worker_stats: Mapping[str, Any] | None = None
    """The counters of all workers, added up."""
    complete: bool = True
    history: History | None = None
    borrowed: tuple[Borrowed, ...] = ()
    strict_ttl: bool = False
    """Whether the TTL counts from the load's start; most caches count it from the insertion."""
    jitter: float | None = None
    """Share of the TTL by which the target says it shortens deadlines; None: it does not say."""
    invalidated: int = 0
    """Tenants that invalidations concerned, counted once for each."""
    tenant_ids: tuple[str, ...] = ()
    told_apart: bool = True
    """Whether hits and misses could be told apart."""
    ttl_known: bool = True
    """Whether cache_ttl_s is the target's, rather than what it might have been given."""
    shared: tuple[tuple[str, ...], ...] = ()
    """Classes of tenants whose databases are one and the same."""
    rotated: frozenset[str] = frozenset()
    """Tenants whose credentials were changed during the phase."""
    stops: bool = False
    """Whether the phase stops a worker in a load, where it can."""
    lease_s: float = DEFAULT_LEASE_S
    """How long a call may wait for another one's load before it takes over."""

    def tenant_name(self, index: int) -> str:
        """The id of a tenant by its index."""
        return self.tenant_ids[index] if index < len(self.tenant_ids) else f"tenant {index}"
