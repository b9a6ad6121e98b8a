"""A first level before a cache: copies of its entries, which are asked first."""

from __future__ import annotations

from stress.selftest.reference import Cache
from stress.selftest.stores import Entry


class FirstLevel(Cache):
    """Goes before the cache among a class's bases. A copy is as good as its own deadline."""

    def copies(self) -> dict[str, Entry]:
        """Where the copies are kept: here in this process, for all its threads."""
        kept: dict[str, Entry] = self.__dict__.setdefault("_copies", {})
        return kept

    def copied(self, entry: Entry) -> Entry | None:
        """What is copied of a fresh entry; None: nothing yet."""
        return entry

    def fresh(self, tenant_id: str) -> Entry | None:
        """The copy goes first."""
        copies = self.copies()
        copy = copies.get(tenant_id)
        if copy is not None and self.now_s() < copy.deadline_s:
            return copy
        entry = super().fresh(tenant_id)
        made = self.copied(entry) if entry is not None else None
        if made is not None:
            copies[tenant_id] = made
        return entry
