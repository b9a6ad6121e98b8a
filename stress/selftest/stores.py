"""Where a reference cache keeps its entries: in each process, or once for the host.

Slow on purpose, and hard to get wrong: one lock, one dictionary, one lock a tenant for its load.
Made before the fork.
"""

from __future__ import annotations

import mmap
import multiprocessing
import pickle
import threading
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

ROOM = 1 << 20
STRIPES = 64
_LENGTH = 8


class Entry(NamedTuple):
    """A tenant's row as it was loaded. deadline_s: on the store's clock. url: with its password."""

    deadline_s: float
    version: int
    url: str


@dataclass
class State:
    """Everything that a cache shares. An epoch grows with each invalidation, of one tenant or of
    all, a ticket with each load that begins; counts are the statistics."""

    entries: dict[str, Entry] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    tickets: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """scope: which processes share it, in the words of the statistics."""

    scope: str

    def opened(self) -> AbstractContextManager[State]:
        """The state, for this caller alone until it leaves."""

    def flight(self, tenant_id: str) -> AbstractContextManager[object]:
        """The right to load a tenant, for one caller at a time."""


class ProcessStore:
    """One state in each process; a fork copies it."""

    scope = "process"

    def __init__(self) -> None:
        self._state = State()
        self._lock = threading.Lock()
        self._flights: dict[str, threading.Lock] = {}

    @contextmanager
    def opened(self) -> Iterator[State]:
        """The state of this process."""
        with self._lock:
            yield self._state

    def flight(self, tenant_id: str) -> threading.Lock:
        """A lock for the threads of this process."""
        with self._lock:
            return self._flights.setdefault(tenant_id, threading.Lock())


class HostStore:
    """One state for all processes that were forked after it was made, in shared memory."""

    scope = "host"

    def __init__(self, lease_s: float | None = None) -> None:
        """lease_s: how long a caller waits for another's load; None: until it has ended."""
        context = multiprocessing.get_context("fork")
        self._lease_s = lease_s
        self._memory = mmap.mmap(-1, ROOM)
        self._lock = context.Lock()
        # Two tenants of one stripe wait for each other's loads: slower, never wrong.
        self._flights = [context.Lock() for _ in range(STRIPES)]
        self._second = [context.Lock() for _ in range(STRIPES if lease_s is not None else 0)]
        self._write(State())

    @contextmanager
    def opened(self) -> Iterator[State]:
        """The state of the host; written back when the caller leaves."""
        with self._lock:
            length = int.from_bytes(self._memory[:_LENGTH], "little")
            state: State = pickle.loads(self._memory[_LENGTH : _LENGTH + length])
            yield state
            self._write(state)

    def flight(self, tenant_id: str) -> AbstractContextManager[object]:
        """A lock for the threads of all processes."""
        stripe = zlib.crc32(tenant_id.encode()) % STRIPES
        if self._lease_s is None:
            return self._flights[stripe]
        return _Leased(self._flights[stripe], self._second[stripe], self._lease_s)

    def _write(self, state: State) -> None:
        data = pickle.dumps(state)
        self._memory[: _LENGTH + len(data)] = len(data).to_bytes(_LENGTH, "little") + data


class _Leased:
    """A lock that is waited for as long as a lease; those who gave up wait in a second line, so
    that one of them takes over and the others find what it loaded."""

    def __init__(self, first: Any, second: Any, lease_s: float) -> None:
        self._first = first
        self._second = second
        self._lease_s = lease_s

    def __enter__(self) -> None:
        self._held = self._first
        if not self._first.acquire(timeout=self._lease_s):
            self._held = self._second
            self._second.acquire()

    def __exit__(self, *_: object) -> None:
        self._held.release()
