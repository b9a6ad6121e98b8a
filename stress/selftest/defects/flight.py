"""More than one load of a tenant at once, and waiters whom nobody wakes."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from stress.selftest.reference import HostCache, LeasedCache, ProcessCache
from stress.selftest.stores import HostStore
from stress.target.context import Context

PATIENCE_S = 0.0002


class NoSingleFlight(HostCache):
    """Whoever misses loads."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.store = _NoFlights()


class _NoFlights(HostStore):
    def flight(self, tenant_id: str) -> AbstractContextManager[object]:  # noqa: ARG002
        """Anybody, at any time."""
        return nullcontext()


class FlightByProcess(HostCache):
    """One cache for the host, but the lock for loading is one of threads."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.store = _FlightsByProcess()


class _FlightsByProcess(HostStore):
    def __init__(self) -> None:
        super().__init__()
        self._threads = threading.Lock()

    def flight(self, tenant_id: str) -> AbstractContextManager[object]:  # noqa: ARG002
        """One of this process."""
        return self._threads


class Impatient(HostCache):
    """A waiter gives up soon, and loads beside the one that it waited for."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.store = _ImpatientFlights()


class _ImpatientFlights(HostStore):
    def flight(self, tenant_id: str) -> AbstractContextManager[object]:
        """The right to load, or the end of patience."""
        return _Patience(super().flight(tenant_id))


class _Patience:
    """Enters a lock, or does without it after a while."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._held = self._lock.acquire(timeout=PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._lock.release()


class WaitsWithoutLimit(LeasedCache):
    """It states a lease, and waits for a stopped worker's load until that worker goes on."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.store = HostStore()


class LockKeptOnError(ProcessCache):
    """A load that fails keeps its lock: everybody who asks for this tenant waits for ever."""

    FAILING = 3

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._loads = 0

    def load(self, tenant_id: str) -> Any:
        """One of the first loads of a process fails."""
        self._loads += 1
        if self._loads == self.FAILING:
            self._stuck = True
            raise OSError("the control plane closed the connection")
        return super().load(tenant_id)

    def reload(self, tenant_id: str) -> Any:
        """What a forgotten `finally` does: the lock is taken again before anybody can have it."""
        try:
            return super().reload(tenant_id)
        except OSError:
            self.store = _Stuck(self.store, tenant_id)
            raise


class _Stuck:
    """A store whose lock of one tenant nobody gives back."""

    def __init__(self, store: Any, tenant_id: str) -> None:
        self._store = store
        self._tenant_id = tenant_id
        self._kept = threading.Lock()
        self._kept.acquire()
        self.scope = store.scope
        self.opened = store.opened

    def flight(self, tenant_id: str) -> Any:
        """The lock that is kept, for that tenant."""
        return self._kept if tenant_id == self._tenant_id else self._store.flight(tenant_id)
