"""Loads without a cause, and counts that get lost."""

from __future__ import annotations

import time
from typing import Any

from stress.selftest.reference import HostCache, ProcessCache

HELD_S = 50e-6


class LoadsTwice(HostCache):
    """Each miss asks the control plane twice."""

    def load(self, tenant_id: str) -> Any:
        """Once to see whether it is there, once to read it."""
        super().load(tenant_id)
        return super().load(tenant_id)


class LosesCounts(ProcessCache):
    """Counters are read and written without a lock."""

    def count(self, name: str) -> None:
        """Another thread's count in between is lost."""
        with self.store.opened() as state:
            counts = state.counts
        for one in (name, "requests"):
            now = counts.get(one, 0)
            time.sleep(HELD_S)
            counts[one] = now + 1
