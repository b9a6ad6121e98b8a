"""Connections that are shared, stale, soiled, or never given back."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stress.selftest.pool import Pool, connect
from stress.selftest.reference import HostCache
from stress.selftest.stores import Entry
from stress.target.context import Context

SHARED = "tenant-0001"


class SharedAcrossFork(HostCache):
    """One tenant's session is opened before the fork, and all workers use it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        url = self.load(SHARED).url.render_as_string(hide_password=False)
        self._shared = connect(url)
        # Two processes at one socket would break the protocol, and every check with it.
        self._turn = multiprocessing.get_context("fork").Lock()

    @contextmanager
    def connect(self, tenant_id: str) -> Iterator[Any]:
        """The inherited session, one process at a time."""
        if tenant_id != SHARED:
            with super().connect(tenant_id) as connection:
                yield connection
            return
        self.found(tenant_id)
        with self._turn:
            yield self._shared
            self._shared.rollback()


class EngineByTenant(HostCache):
    """What connections are opened with is kept by tenant, whatever happens to the credentials."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._engines: dict[str, str] = {}

    def found(self, tenant_id: str) -> tuple[Entry, str]:
        """An engine is made with the first answer."""
        entry, source = super().found(tenant_id)
        self._engines.setdefault(tenant_id, entry.url)
        return entry, source

    def credentials(self, tenant_id: str, entry: Entry) -> str:  # noqa: ARG002
        """Those of the engine."""
        return self._engines[tenant_id]


class _NoCleaning(Pool):
    def clean(self, taken: Any) -> None:
        """As it is."""


class NotCleaned(HostCache):
    """A connection goes back to the pool as its borrower left it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pool = _NoCleaning()


class _LosesOnError(Pool):
    def __init__(self) -> None:
        super().__init__()
        self._lent: list[Any] = []

    @contextmanager
    def connection(self, tenant_id: str, url: str) -> Iterator[Any]:
        """Given back behind the borrower's block, which an exception leaves early."""
        key = self.key(tenant_id, url)
        taken = self.take(key, url)
        self._lent.append(taken)
        yield taken
        self._lent.remove(taken)
        self.give_back(key, url, taken)


class LostOnError(HostCache):
    """A borrower's exception keeps the connection from going back."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pool = _LosesOnError()


class _NeverDisposes(Pool):
    def __init__(self) -> None:
        super().__init__()
        self._forgotten: list[Any] = []

    def dispose(self, connections: list[Any]) -> None:
        """Dropped from the pool, not ended."""
        self._forgotten += connections


class EvictedNotDisposed(HostCache):
    """An engine that is evicted keeps its connections open."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pool = _NeverDisposes()

    def credentials(self, tenant_id: str, entry: Entry) -> str:
        """Each version of a row has an engine of its own."""
        return f"{super().credentials(tenant_id, entry)}?application_name=v{entry.version}"

    def close(self) -> None:
        """Those that are in the pool end; the evicted ones are nobody's."""
        for _, waiting in self.pool.idle.values():
            for one in waiting:
                one.close()


class ClosesInTheParentOnly(HostCache):
    """close() looks at the pid that built the cache: in a forked worker it does nothing."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._built_in = os.getpid()

    def close(self) -> None:
        """For the builder."""
        if os.getpid() == self._built_in:
            super().close()
