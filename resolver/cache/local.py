"""The cache of one process, where there is no shared one. Same methods, same rules, one lock.

Loads are single-flight within the process, under a lease with takeover; an invalidation revokes the
load in flight; a deposed leader resolves again. Each process has its own: an invalidation reaches
no other, and statistics are this process's (scope "process").
"""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from resolver.cache.kept import Entry, Flight, Refusal, make_entry, own_answer
from resolver.cache.result import ResolvedTenant
from resolver.errors import (
    ControlPlaneUnavailable,
    CredentialsError,
    RecursiveLoad,
    ResolverClosed,
    ResolverError,
    ResolveTimeout,
    TenantInactive,
    TenantNotFound,
)
from resolver.forks import in_child
from resolver.record import Loaded

if TYPE_CHECKING:
    from resolver.cache import Load

LONGEST_ID = 255  # bytes of UTF-8, as in the shared cache
_MOST_NEGATIVES = 8192
_SLICE_S = 0.01
_OUTCOMES = ("hits_l1", "hits_l2", "misses", "waits", "negatives", "failed")
_EVENTS = ("loads", "takeovers", "invalidations", "evictions", "deposed", "revoked")
_ALWAYS_ZERO = ("repairs", "uncacheable")
_TIMES = ("query_ns", "decryption_ns")
_KINDS: tuple[type[ResolverError], ...] = (ControlPlaneUnavailable, CredentialsError)


class LocalCache:
    """See the module. Arguments as those of SharedCache; capacity: records, the least used goes."""

    scope = "process"

    def __init__(
        self,
        load: Load,
        *,
        ttl_ns: int,
        negative_ttl_ns: int,
        error_ttl_ns: int,
        lease_ns: int,
        call_limit_ns: int,
        jitter_ppm: int = 0,
        capacity: int = 100_000,
    ) -> None:
        self._load = load
        self._ttl_ns = ttl_ns
        self._negative_ttl_ns = negative_ttl_ns
        self._error_ttl_ns = error_ttl_ns
        self._lease_ns = lease_ns
        self._call_limit_ns = call_limit_ns
        self._jitter = jitter_ppm * 1e-6
        self._capacity = capacity
        self._closed = False
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._refusals: OrderedDict[str, Refusal] = OrderedDict()
        self._start_anew()
        in_child(self._start_anew)

    def _start_anew(self) -> None:
        """A new process: records stay good, but locks, loads and counts are the parent's."""
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}
        self._counts = dict.fromkeys((*_OUTCOMES, *_EVENTS, *_TIMES), 0)

    def resolve(self, tenant_id: str, /) -> ResolvedTenant:
        """The tenant's record: kept, awaited or loaded."""
        outcome = "failed"
        try:
            answer = self._find(tenant_id)
            outcome = {"hit": "hits_l1", "miss": "misses", "wait": "waits"}[answer.source]
            return answer
        except (TenantNotFound, TenantInactive):
            outcome = "negatives"
            raise
        finally:
            self._count(outcome)

    def _find(self, tenant_id: str) -> ResolvedTenant:
        if self._closed:
            raise ResolverClosed("the resolver is closed")
        if not isinstance(tenant_id, str):
            raise TypeError(f"a tenant id is a str, not {type(tenant_id).__name__}")
        tenant_id = str(tenant_id)
        started_ns = time.monotonic_ns()
        waited = loaded = False
        while True:
            with self._lock:
                now_ns = time.monotonic_ns()
                entry = self._entries.get(tenant_id)
                if entry is not None and now_ns < entry.deadline_ns:
                    self._entries.move_to_end(tenant_id)
                    if loaded or waited:
                        return own_answer(tenant_id, entry, "miss" if loaded else "wait")
                    return entry.answer
                self._refuse(tenant_id, now_ns)
                mine, flight = self._lease(tenant_id, now_ns)
                late = now_ns - started_ns > self._call_limit_ns
                if late and mine:
                    self._land(tenant_id, flight)
            if late:
                limit = self._call_limit_ns / 1e9
                raise ResolveTimeout(f"tenant {tenant_id!r}: no answer within {limit:.3g} s")
            if mine:
                loaded = True
                answer = self._load_once(tenant_id, flight)
                if answer is not None:
                    return answer
            else:
                waited = True
                flight.done.wait(_SLICE_S)

    def _refuse(self, tenant_id: str, now_ns: int) -> None:
        """Raises what is known to be in the way."""
        if not tenant_id or "\0" in tenant_id or _length(tenant_id) > LONGEST_ID:
            raise TenantNotFound(f"{tenant_id[:40]!a} cannot be the id of a tenant")
        refusal = self._refusals.get(tenant_id)
        if refusal is None or now_ns >= refusal.deadline_ns:
            return
        if refusal.kind is TenantNotFound:
            raise TenantNotFound(f"no tenant {tenant_id!r}")
        if refusal.kind is TenantInactive:
            raise TenantInactive(f"tenant {tenant_id!r} is not active")
        raise refusal.kind(f"the load of tenant {tenant_id!r} failed a moment ago, in another call")

    def _lease(self, tenant_id: str, now_ns: int) -> tuple[bool, Flight]:
        """The flight of this tenant, and whether it is the caller's own, just granted."""
        flight = self._flights.get(tenant_id)
        if flight is not None:
            if flight.thread == threading.get_ident():
                said = f"the load of tenant {tenant_id!r} asks for the tenant itself"
                raise RecursiveLoad(said)
            if now_ns < flight.deadline_ns:
                return False, flight
            self._counts["takeovers"] += 1
        flight = self._flights[tenant_id] = Flight(now_ns + self._lease_ns)
        return True, flight

    def _load_once(self, tenant_id: str, flight: Flight) -> ResolvedTenant | None:
        """A load under the lease. None: deposed meanwhile."""
        self._count("loads")
        start_ns = time.monotonic_ns()
        loaded, failure = self._run_loader(tenant_id)
        with self._lock:
            if self._flights.get(tenant_id) is not flight:
                self._counts["deposed"] += 1
                if failure is None or isinstance(failure, Exception):
                    return None
                raise failure
            self._counts["revoked"] += flight.revoked
            self._land(tenant_id, flight)
            if loaded is None or failure is not None:
                assert failure is not None
                self._keep_refusal(tenant_id, flight, failure, start_ns)
                raise failure
            shorter = 1 - self._jitter * random.random()
            entry = make_entry(tenant_id, loaded, start_ns, start_ns + int(self._ttl_ns * shorter))
            self._entries.pop(tenant_id, None)
            if not flight.revoked and self._ttl_ns > 0:
                self._entries[tenant_id] = entry
                if len(self._entries) > self._capacity:
                    self._entries.popitem(last=False)
                    self._counts["evictions"] += 1
            self._counts["query_ns"] += loaded.query_ns
            self._counts["decryption_ns"] += loaded.decryption_ns
        return own_answer(tenant_id, entry, "miss", "DB")

    def _run_loader(self, tenant_id: str) -> tuple[Loaded | None, BaseException | None]:
        try:
            loaded = self._load(tenant_id)
            # Nothing may fail between here and the landing: the lease would stay.
            return loaded, None if isinstance(loaded, Loaded) else TypeError("no record was loaded")
        except BaseException as failure:
            return None, failure

    def _land(self, tenant_id: str, flight: Flight) -> None:
        del self._flights[tenant_id]
        flight.done.set()

    def _keep_refusal(
        self, tenant_id: str, flight: Flight, failure: BaseException, start_ns: int
    ) -> None:
        """A not-found counts from the load's start, an error from now; Ctrl-C says nothing."""
        if isinstance(failure, (TenantNotFound, TenantInactive)):
            self._entries.pop(tenant_id, None)
            kind: type[ResolverError] = (
                TenantInactive if isinstance(failure, TenantInactive) else TenantNotFound
            )
            deadline_ns = start_ns + self._negative_ttl_ns
        elif isinstance(failure, Exception):
            kind = next((kind for kind in _KINDS if isinstance(failure, kind)), ResolverError)
            deadline_ns = time.monotonic_ns() + self._error_ttl_ns
        else:
            return
        if not flight.revoked:
            self._refusals[tenant_id] = Refusal(kind, deadline_ns)
            self._refusals.move_to_end(tenant_id)
            if len(self._refusals) > _MOST_NEGATIVES:
                self._refusals.popitem(last=False)

    def _count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1

    def invalidate(self, tenant_id: str) -> None:
        """Forget one tenant before returning."""
        with self._lock:
            self._entries.pop(tenant_id, None)
            self._refusals.pop(tenant_id, None)
            if tenant_id in self._flights:
                self._flights[tenant_id].revoked = True
            self._counts["invalidations"] += 1

    def invalidate_all(self) -> None:
        """Forget all before returning."""
        with self._lock:
            self._entries.clear()
            self._refusals.clear()
            for flight in self._flights.values():
                flight.revoked = True
            self._counts["invalidations"] += 1

    def statistics(self) -> dict[str, Any]:
        """This process's counters and occupancy."""
        with self._lock:
            now_ns = time.monotonic_ns()
            counts = dict(self._counts)
            active = sum(now_ns < entry.deadline_ns for entry in self._entries.values())
            expired = len(self._entries) - active
            negatives = sum(
                now_ns < refusal.deadline_ns and refusal.kind in (TenantNotFound, TenantInactive)
                for refusal in self._refusals.values()
            )
            in_flight = len(self._flights)
        return {
            **counts,
            **dict.fromkeys(_ALWAYS_ZERO, 0),
            "hits": counts["hits_l1"],
            "requests": sum(counts[name] for name in _OUTCOMES),
            "active_entries": active,
            "expired_entries": expired,
            "negative_entries": negatives,
            "loads_in_flight": in_flight,
            "capacity": self._capacity,
            "scope": self.scope,
        }

    def close(self) -> None:
        """End the use. May be called again."""
        self._closed = True
        with self._lock:
            self._entries.clear()


def _length(tenant_id: str) -> int:
    """Bytes of UTF-8; beyond every limit where there is no such form (lone surrogates)."""
    try:
        return len(tenant_id.encode())
    except UnicodeEncodeError:
        return LONGEST_ID + 1
