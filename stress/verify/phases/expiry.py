"""The cache-expiration scenario: every lane asks for every tenant, all the time, over the edge.

All tenants are loaded at once by the first calls and so expire together, as often as the phase has
cycles. Where writes are allowed some tenants' credentials are rotated without an invalidation: the
cache may serve the old ones until the TTL ends, and no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from _timing import monotonic_ns
from stress.backend.rotation import Rotation, Writer
from stress.load.actor import Actor
from stress.load.borrowed import borrow
from stress.target.answers import Record
from stress.target.places import Place

NS = 1_000_000_000
CYCLES = 3
PAUSE_NS = 2_000_000  # between two calls of a lane: 500 calls a second
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

    def __post_init__(self) -> None:
        self.duration_s = self.cycles * self.cache_ttl_s + TAIL_S
        # Calls and the loads inside them, and as much again for whatever else is written.
        self.events = round(self.duration_s * NS / PAUSE_NS) * 2 + 1000

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
        index, instant = actor.position % self.tenants, start_ns
        while instant < end_ns and actor.sleep_until(instant):
            if writes and monotonic_ns() >= rotate_ns:
                self._rotate(actor)
                writes = False
            actor.resolve(index)
            index = (index + 1) % self.tenants
            instant = max(instant + PAUSE_NS, monotonic_ns())
        if actor.thread == 0 and actor.connects and not actor.stopping:
            for one in self.rotations:
                borrow(actor, one.index, self.committed()[one.index])

    def _rotate(self, actor: Actor) -> None:
        assert self.writer is not None
        for one in self.rotations:
            began = monotonic_ns()
            version = self.writer.rotate(one)
            actor.committed(one.index, version, began)
        self.writer.close()
