"""The cache-expiration scenario: every lane asks for every tenant, all the time, over the edge.

All tenants are loaded at once by the first calls and so expire together, as often as the phase has
cycles. Every other lane of each process keeps to one tenant and to the edge itself: it sleeps until
just before the deadline that follows from the last load, whichever process made it, and then asks
without a pause to speak of, until the tenant has been loaded again.

Where writes are allowed some tenants' credentials are rotated without an invalidation: the cache
may serve the old ones until the TTL ends, and no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from _timing import monotonic_ns
from stress.backend.rotation import Rotation, Writer
from stress.load.actor import Actor, Hold
from stress.load.borrowed import borrow
from stress.target.answers import Record
from stress.target.places import Place
from stress.verify.phases.signals import Signals

NS = 1_000_000_000
CYCLES = 3
PAUSE_NS = 2_000_000  # between two calls of a lane: 500 calls a second
# A longer TTL is looked at as often in all, but every 50 ms as long as that is no more than 20,000
# times: what a lane records is bounded, and its ring holds the whole phase.
PAUSES_IN_A_TTL = 1000
LONGEST_PAUSE_NS = 50_000_000
MOST_PAUSES_IN_A_TTL = 20_000
EDGE_BEFORE_NS = 3_000_000
EDGE_PAUSE_NS = 200_000
EDGE_AFTER_NS = 20_000_000  # so long after a deadline that the reload is not to be expected at once
ROTATE_AT = 1.5  # TTLs after the start; the old credentials may be served until 2.5
TAIL_S = 0.3


@dataclass
class Expiry:
    """cache_ttl_s: the TTL that the target was built with."""

    cache_ttl_s: float
    tenants: int
    places: Sequence[Place]
    rotations: Sequence[Rotation] = ()
    writer: Writer | None = None
    cycles: int = CYCLES
    tenant_ids: Sequence[str] = ()
    name: str = "expiry"
    duration_s: float = field(init=False)
    events: int = field(init=False)
    _pause_ns: int = field(init=False)
    _loaded: Signals = field(init=False)

    def __post_init__(self) -> None:
        self.duration_s = self.cycles * self.cache_ttl_s + TAIL_S
        ttl_ns = round(self.cache_ttl_s * NS)
        longest_ns = max(LONGEST_PAUSE_NS, ttl_ns // MOST_PAUSES_IN_A_TTL)
        self._pause_ns = min(max(PAUSE_NS, ttl_ns // PAUSES_IN_A_TTL), longest_ns)
        # Calls and the loads inside them, and as much again for whatever else is written.
        edge = (EDGE_BEFORE_NS + EDGE_AFTER_NS) // EDGE_PAUSE_NS
        calls = round(self.duration_s * NS) // self._pause_ns + (self.cycles + 1) * edge
        self.events = 2 * calls + 1000
        self._loaded = Signals(self.tenants)

    @property
    def rotated(self) -> list[str]:
        """Ids of the tenants whose credentials are replaced."""
        return [one.tenant_id for one in self.rotations]

    def committed(self) -> dict[int, list[Record]]:
        """The rotated tenants' next rows."""
        return {
            one.index: [Record(one.version, self.places[one.index]._replace(username=one.username))]
            for one in self.rotations
        }

    def lane(self, actor: Actor, start_ns: int) -> None:
        """Ask for one tenant after the other, each lane beginning at another one."""
        end_ns = start_ns + round(self.duration_s * NS)
        rotate_ns = start_ns + round(ROTATE_AT * self.cache_ttl_s * NS)
        writes = actor.position == 0 and self.writer is not None
        if actor.thread % 2:
            self._keep_to_the_edge(actor, start_ns, end_ns)
        index, instant = actor.position % self.tenants, start_ns
        while instant < end_ns and actor.sleep_until(instant):
            if writes and monotonic_ns() >= rotate_ns:
                self._rotate(actor)
                writes = False
            self._ask(actor, index)
            index = (index + 1) % self.tenants
            instant = max(instant + self._pause_ns, monotonic_ns())
        if actor.thread == 0 and actor.connects and not actor.stopping:
            for one in self.rotations:
                borrow(actor, one.index, self.committed()[one.index])

    def _keep_to_the_edge(self, actor: Actor, start_ns: int, end_ns: int) -> None:
        index, ttl_ns = actor.thread // 2 % self.tenants, round(self.cache_ttl_s * NS)
        instant = start_ns
        while instant < end_ns and actor.sleep_until(instant):
            self._ask(actor, index)
            now, deadline = monotonic_ns(), self._loaded.said(index) + ttl_ns
            near = now < deadline + EDGE_AFTER_NS
            instant = max(
                now + (EDGE_PAUSE_NS if near else self._pause_ns), deadline - EDGE_BEFORE_NS
            )

    def _ask(self, actor: Actor, index: int) -> None:
        began = monotonic_ns()
        # What is loaded now has its deadline a TTL after the load began, at the earliest.
        actor.resolve(index, Hold(lambda: self._loaded.say(index, began)))

    def _rotate(self, actor: Actor) -> None:
        assert self.writer is not None
        for one in self.rotations:
            began = monotonic_ns()
            version = self.writer.rotate(one)
            actor.committed(one.index, version, began)
        self.writer.close()
