"""The reference: a tenant cache without a bug, of which every planted defect is a variation.

`process_cache` keeps one cache in each process and says so; `host_cache` one for all processes of
the host; `leased_cache` the same, and a load that does not end is taken over. Each step is a method
of its own, so that a defect changes one and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import make_url

from stress.selftest.pool import Pool
from stress.selftest.stores import Entry, HostStore, ProcessStore, State, Store
from stress.target.context import Context

COUNTERS = {"hit": "hits", "miss": "misses", "wait": "waits"}
EVERY = ("requests", "hits", "misses", "waits", "negatives", "failed")


class Answer:
    """Whose database, where, and how it was found."""

    def __init__(self, tenant_id: str, version: int, url: str, source: str) -> None:
        self.tenant_id = tenant_id
        self.version = version
        self.url = url
        self.source = source


class Cache:
    """Entries with a deadline, one load at a time for each tenant, and epochs: what was loaded over
    an invalidation is not stored."""

    def __init__(self, context: Context, store: Store, pool: Pool | None = None) -> None:
        self.control_plane = context.control_plane
        self.ttl_s = context.cache_ttl
        self.store = store
        self.pool = pool or Pool()

    def resolve(self, tenant_id: str) -> Any:
        """The tenant's database."""
        entry, source = self.found(tenant_id)
        return self.answer(tenant_id, entry, source)

    @contextmanager
    def connect(self, tenant_id: str) -> Iterator[Any]:
        """A connection to the tenant's own database."""
        entry, _ = self.found(tenant_id)
        with self.pool.connection(tenant_id, self.credentials(tenant_id, entry)) as connection:
            yield connection

    def invalidate_cache(self, tenant_id: str | None = None) -> None:
        """Forget one tenant, or all; a load that is running will not be stored."""
        with self.store.opened() as state:
            self.forget(state, None if tenant_id is None else self.key(tenant_id))

    def get_cache_stats(self) -> Mapping[str, Any]:
        """Counters over everybody who shares the store."""
        with self.store.opened() as state:
            counts = {name: state.counts.get(name, 0) for name in EVERY}
            return {
                "scope": self.store.scope,
                "jitter": 0.0,
                "active_entries": len(state.entries),
                **counts,
            }

    def after_fork(self) -> None:
        """Leave the parent's connections alone."""
        self.pool.after_fork()

    def close(self) -> None:
        """End this process's connections."""
        self.pool.close()

    # The steps, in the order in which a call takes them.

    def found(self, tenant_id: str) -> tuple[Entry, str]:
        """An entry, counted, and how it was found."""
        try:
            entry, source = self.lookup(tenant_id)
        except LookupError:
            self.count("negatives")
            raise
        except Exception:
            self.count("failed")
            raise
        self.count(COUNTERS[source])
        return entry, source

    def lookup(self, tenant_id: str) -> tuple[Entry, str]:
        """A fresh entry, else a load; whoever had to wait for another's looks again."""
        entry = self.fresh(tenant_id)
        if entry is not None:
            return entry, "hit"
        with self.store.flight(tenant_id):
            entry = self.fresh(tenant_id)
            if entry is not None:
                return entry, "wait"
            return self.reload(tenant_id), "miss"

    def fresh(self, tenant_id: str) -> Entry | None:
        """The entry, if its deadline has not passed."""
        with self.store.opened() as state:
            entry = state.entries.get(self.key(tenant_id))
        return entry if entry is not None and self.now_s() < entry.deadline_s else None

    def key(self, tenant_id: str) -> str:
        """What entries are kept by."""
        return tenant_id

    def now_s(self) -> float:
        """One clock for all processes of the host, which nobody sets."""
        return time.monotonic()

    def reload(self, tenant_id: str) -> Entry:
        """Load the row, and store it unless it was invalidated meanwhile."""
        with self.store.opened() as state:
            epoch = self.epoch(state, self.key(tenant_id))
            ticket = self.ticket(state, self.key(tenant_id))
        started_s = self.now_s()
        record = self.load(tenant_id)
        url = record.url.render_as_string(hide_password=False)
        entry = Entry(started_s + self.ttl_s, record.version, url)
        with self.store.opened() as state:
            current = state.tickets[self.key(tenant_id)] == ticket
            if current and self.epoch(state, self.key(tenant_id)) == epoch:
                self.keep(state, self.key(tenant_id), entry)
        return entry

    def load(self, tenant_id: str) -> Any:
        """The row as it is in the control plane."""
        return self.control_plane.load(tenant_id)

    def epoch(self, state: State, key: str) -> object:
        """Changes with each invalidation that concerns the key."""
        return state.epoch, state.epochs.get(key, 0)

    def ticket(self, state: State, key: str) -> int:
        """The number of a load that begins: one that was taken over is the last no more."""
        state.tickets[key] = state.tickets.get(key, 0) + 1
        return state.tickets[key]

    def keep(self, state: State, key: str, entry: Entry) -> None:
        """Store what was loaded."""
        state.entries[key] = entry

    def forget(self, state: State, key: str | None) -> None:
        """Remove what is stored, and turn away what is being loaded."""
        if key is None:
            state.entries.clear()
            state.epoch += 1
        else:
            state.entries.pop(key, None)
            state.epochs[key] = state.epochs.get(key, 0) + 1

    def count(self, name: str) -> None:
        """One more call that came out so."""
        with self.store.opened() as state:
            for one in (name, "requests"):
                state.counts[one] = state.counts.get(one, 0) + 1

    def answer(self, tenant_id: str, entry: Entry, source: str) -> Any:
        """What the caller gets; without the password."""
        url = make_url(entry.url).set(password="").render_as_string(hide_password=False)
        return Answer(tenant_id, entry.version, url, source)

    def credentials(self, tenant_id: str, entry: Entry) -> str:  # noqa: ARG002
        """What a connection of the tenant is opened with."""
        return entry.url


class ProcessCache(Cache):
    """One cache in each process."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, ProcessStore())


class HostCache(Cache):
    """One cache for all processes of the host."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, HostStore())


class LeasedCache(Cache):
    """One cache for the host; whoever loads is waited for as long as a lease, and no longer."""

    LEASE_S = 0.5

    def __init__(self, context: Context) -> None:
        super().__init__(context, HostStore(self.LEASE_S))

    def get_cache_stats(self) -> Mapping[str, Any]:
        """The counters, and the lease."""
        return {**super().get_cache_stats(), "lease": self.LEASE_S}


def process_cache(context: Context) -> ProcessCache:
    """The reference for targets that keep a cache in each process."""
    return ProcessCache(context)


def host_cache(context: Context) -> HostCache:
    """The reference for targets that keep one cache for the host."""
    return HostCache(context)


def leased_cache(context: Context) -> LeasedCache:
    """The reference for targets that survive a stopped worker."""
    return LeasedCache(context)
