"""What has been seen is unseen again: two copies of one entry, of which one is older."""

from __future__ import annotations

import threading
from typing import Any

from stress.selftest.first_level import FirstLevel
from stress.selftest.reference import HostCache, ProcessCache
from stress.selftest.stores import Entry
from stress.target.context import Context


class CopiesByThread(FirstLevel, ProcessCache):
    """Each thread keeps copies of its own; an invalidation reaches those of the thread alone."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._own = threading.local()

    def copies(self) -> dict[str, Entry]:
        """Those of the calling thread."""
        kept: dict[str, Entry] = self._own.__dict__.setdefault("copies", {})
        return kept

    def invalidate_cache(self, tenant_id: str | None = None) -> None:
        """The shared entries, and this thread's copies."""
        super().invalidate_cache(tenant_id)
        self.copies().clear()


class CopiesByProcess(FirstLevel, HostCache):
    """A first level in each process, which other processes' invalidations do not reach."""

    def invalidate_cache(self, tenant_id: str | None = None) -> None:
        """The host's entries, and this process's copies."""
        super().invalidate_cache(tenant_id)
        self.copies().clear()


class LaggingReplica(HostCache):
    """Every second load of a tenant reads from a replica that hangs at what it once had."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rows: dict[str, list[Any]] = {}

    def load(self, tenant_id: str) -> Any:
        """The row as it is, or as it was when this process first read it."""
        rows = self._rows.setdefault(tenant_id, [])
        rows.append(super().load(tenant_id))
        # The third load is the first that can be older than what was answered before it.
        return rows[0] if len(rows) % 2 else rows[-1]
