"""A load that is overtaken: its row is changed and invalidated while it is under way.

One lane's load is held after its statement has read the row. Another lane, in turn of another
process and of the same one, commits a new version and invalidates; then the load is let go, and
everybody asks. A cache that stores what the overtaken load read serves it now, after the
invalidation returned.

    leader   invalidates │ waits for the load │ commits, invalidates │ lets it go │ asks
    victim               │ resolves, is held ─────────────────────────┤ returns │ asks
    others               │ every other time some ask here: they wait ─┤         │ ask

What a lane has done it says in shared memory, by the round's number: no step rests on an instant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from _timing import monotonic_ns
from stress.load.actor import POLL_NS, Actor, Hold
from stress.verify.phases.signals import Signals

PREPARED, LOADING, INVALIDATED, RELEASED, RETURNED = range(5)
WAITERS_NS = 1_500_000  # for those that ask while the load is held to get into their calls
ASKERS = 4  # one in so many lanes asks then
IDLE_POLL_NS = 1_000_000  # of the many that only wait for the end

Commit = Callable[[Actor, int], None]


class Overtaken:
    """Made before the fork. commit: a new version of a tenant's row, where writing is allowed."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._signals = Signals(RETURNED + 1)

    def act(self, actor: Actor, index: int, number: int, leader: int, until_ns: int) -> None:
        """One lane's part in a round, up to the moment from which it asks on. number: from 1."""
        victim = (leader + (actor.threads if number & 2 else 1)) % actor.lanes
        if victim == leader:  # one process alone
            victim = (leader + 1) % actor.lanes
        if actor.lanes == 1 or not actor.can_invalidate:
            return
        if actor.position == leader:
            self._lead(actor, index, number, until_ns)
        elif actor.position == victim:
            if self._wait(actor, PREPARED, number, until_ns):
                actor.resolve(index, Hold(partial(self._hold, actor, number, until_ns)))
            self._signals.say(RETURNED, number)
        else:
            asks = number & 1 and actor.position % ASKERS == 0
            if asks and self._wait(actor, INVALIDATED, number, until_ns):
                actor.resolve(index)
            self._wait(actor, RETURNED, number, until_ns, IDLE_POLL_NS)

    def _lead(self, actor: Actor, index: int, number: int, until_ns: int) -> None:
        actor.invalidate(index)
        self._signals.say(PREPARED, number)
        self._wait(actor, LOADING, number, until_ns)
        self._commit(actor, index)
        actor.invalidate(index)
        self._signals.say(INVALIDATED, number)
        if number & 1:
            actor.wait_for(lambda: False, min(until_ns, monotonic_ns() + WAITERS_NS))
        self._signals.say(RELEASED, number)
        self._wait(actor, RETURNED, number, until_ns)

    def _hold(self, actor: Actor, number: int, until_ns: int) -> None:
        self._signals.say(LOADING, number)
        self._wait(actor, RELEASED, number, until_ns)

    def _wait(
        self, actor: Actor, cell: int, number: int, until_ns: int, poll_ns: int = POLL_NS
    ) -> bool:
        # A lane that is late finds a later round's number there.
        return actor.wait_for(lambda: self._signals.said(cell) >= number, until_ns, poll_ns)
