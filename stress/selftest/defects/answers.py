"""Answers that no committed row gives."""

from __future__ import annotations

import time
from typing import Any

from stress.selftest.reference import HostCache, ProcessCache
from stress.selftest.stores import Entry, State

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
            time.sleep(HELD_S)
            with self.store.opened() as state:
                state.entries[tenant_id] = entry
        return entry
