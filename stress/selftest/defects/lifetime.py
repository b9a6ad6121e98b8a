"""Entries that live too long, or not long enough."""

from __future__ import annotations

import time

from stress.selftest.first_level import FirstLevel
from stress.selftest.reference import HostCache
from stress.selftest.stores import Entry, State
from stress.target.context import Context

FOREVER_S = 86_400.0
SHORTENED = 3
SET_BACK_AFTER = 0.5  # of the TTL, since it was first read
SET_BACK_S = 3600.0
SLOW_S = 0.08
COPY_LIVES = 0.47  # of the TTL: the third copy is made in the entry's last tenth
LAST = 0.1


class WrongUnit(HostCache):
    """The TTL is read as thousands of what it is."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.ttl_s *= 1000


class SlidingTtl(HostCache):
    """Each hit moves the deadline."""

    def fresh(self, tenant_id: str) -> Entry | None:
        """Renewed by being asked for."""
        entry = super().fresh(tenant_id)
        if entry is not None:
            entry = entry._replace(deadline_s=self.now_s() + self.ttl_s)
            with self.store.opened() as state:
                if self.key(tenant_id) in state.entries:
                    state.entries[self.key(tenant_id)] = entry
        return entry


class KeepsTheFirstRow(HostCache):
    """A reload after the TTL asks the control plane, renews the deadline, and keeps the old row."""

    def keep(self, state: State, key: str, entry: Entry) -> None:
        """What is there already stays."""
        first = state.entries.get(key, entry)
        super().keep(state, key, first._replace(deadline_s=entry.deadline_s))


class DoubledByCopy(FirstLevel, HostCache):
    """A first level takes what has proved itself, and gives the copy a whole TTL of its own."""

    def copied(self, entry: Entry) -> Entry | None:
        """From the second half of an entry's life on."""
        if entry.deadline_s - self.now_s() >= self.ttl_s / 2:
            return None
        return entry._replace(deadline_s=self.now_s() + self.ttl_s)


class LastMomentForEver(FirstLevel, HostCache):
    """A copy made in an entry's last moment is given 0 time to live, which means for ever."""

    def copied(self, entry: Entry) -> Entry | None:
        """It lives no longer than the entry, in whole tenths."""
        left_s = entry.deadline_s - self.now_s()
        tenths = int(left_s / (LAST * self.ttl_s))
        lives_s = min(left_s, COPY_LIVES * self.ttl_s) if tenths else FOREVER_S
        return entry._replace(deadline_s=self.now_s() + lives_s)


class WallClock(HostCache):
    """Deadlines stand on the wall clock, which somebody sets back."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._first_s: float | None = None

    def now_s(self) -> float:
        """The wall clock of each process, set back a while after it was first read."""
        now_s = time.monotonic()
        if self._first_s is None:
            self._first_s = now_s
        late = now_s - self._first_s > SET_BACK_AFTER * self.ttl_s
        return time.time() - (SET_BACK_S if late else 0.0)


class ServedWhileReloading(HostCache):
    """While one call reloads, all others are given the entry that has expired."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reloading: set[str] = set()

    def lookup(self, tenant_id: str) -> tuple[Entry, str]:
        """Whoever comes second gets what is there."""
        entry = self.fresh(tenant_id)
        if entry is not None:
            return entry, "hit"
        with self.store.opened() as state:
            expired = state.entries.get(self.key(tenant_id))
            others = tenant_id in self._reloading
            self._reloading.add(tenant_id)
        if expired is not None and others:
            return expired, "hit"
        try:
            return super().lookup(tenant_id)
        finally:
            self._reloading.discard(tenant_id)

    def reload(self, tenant_id: str) -> Entry:
        """It waits for its turn at the control plane."""
        time.sleep(SLOW_S)
        return super().reload(tenant_id)


class TooShort(HostCache):
    """Entries live for a third of the TTL."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.ttl_s /= SHORTENED
