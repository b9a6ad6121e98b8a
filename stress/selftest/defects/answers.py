"""Answers that no committed row gives."""

from __future__ import annotations

import threading
import time
from typing import Any

from stress.selftest.reference import HostCache, ProcessCache
from stress.selftest.stores import Entry, State
from stress.target.context import Context

HELD_S = 0.06
FIRST_NUMBER = 1000


class OwnNumbers(HostCache):
    """The version is the cache's own count of loads, not the row's."""

    def keep(self, state: State, key: str, entry: Entry) -> None:
        """Numbered here."""
        state.counts["loads"] = state.counts.get("loads", 0) + 1
        number = FIRST_NUMBER + state.counts["loads"]
        super().keep(state, key, entry._replace(version=number))


class FieldByField(ProcessCache):
    """A reload writes the new row into the old record, one field after the other."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held = threading.Lock()

    def keep(self, state: State, key: str, entry: Entry) -> None:
        """First the version and the deadline; the address comes with the next field."""
        old = state.entries.get(key, entry)
        state.entries[key] = entry._replace(url=old.url)

    def reload(self, tenant_id: str) -> Any:
        """The second field, a moment later."""
        entry = super().reload(tenant_id)
        with self.store.opened() as state:
            changed = tenant_id in state.entries and state.entries[tenant_id].url != entry.url
        if changed:
            # One at a time: if every thread were held, none could see the record half written.
            if self._held.acquire(blocking=False):
                time.sleep(HELD_S)
                self._held.release()
            with self.store.opened() as state:
                state.entries[tenant_id] = entry
        return entry
