"""The concurrent-tenants scenario: overlaps are made by rounds that begin at one instant.

Five kinds of rounds in turn. Before a round its tenants are invalidated (where writes are allowed
after a new version was committed), so that they are cold when all lanes are woken together:

    one tenant        every lane asks for the same cold tenant; whoever loads it is held until the
                      last lane of the last process has asked
    many tenants      each lane asks for another cold tenant
    in between        all lanes keep asking for one tenant while it is changed and invalidated
    overtaken         a load is held while its row is changed and invalidated (see `overtaken`)
    connections       one lane of each process borrows, soils and returns a connection, every other
                      one with an exception in the borrower's block; the others keep asking
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from _timing import monotonic_ns
from stress.backend.rotation import Writer
from stress.load.actor import Actor, Hold
from stress.load.borrowed import borrow
from stress.target.answers import Record
from stress.target.places import Place
from stress.verify.phases.overtaken import Overtaken
from stress.verify.phases.signals import Signals

NS = 1_000_000_000
ROUND_NS = 30_000_000
PREPARE_NS = 10_000_000  # before the round: commit and invalidate
CHANGE_AFTER_NS = 1_000_000  # into a round of the third kind
INVALIDATIONS = 5
BETWEEN_NS = 700_000  # about as long as a load takes
ASK_FOR_NS = 8_000_000
ASK_PAUSE_NS = 400_000
HOLD_NS = 18_000_000  # at most, from the beginning of a round
ROUNDS = 150
KINDS = 5
PACED_NS = 20_000_000_000  # how long the rounds may take where loads are limited
FEWEST_ROUNDS = 16


@dataclass
class Concurrent:
    """lanes: of all workers. places, versions: of the rows as they are before the phase. writable:
    indices of the tenants that `writer` may change. loads_per_s: how many the control plane is to
    bear; None: any."""

    lanes: int
    tenants: int
    places: Sequence[Place]
    versions: Sequence[object]
    writer: Writer | None = None
    writable: frozenset[int] = frozenset()
    loads_per_s: float | None = None
    rounds: int = ROUNDS
    name: str = "concurrent"
    duration_s: float = field(init=False)
    events: int = field(init=False)
    _round_ns: int = field(init=False, default=ROUND_NS)
    _inside: Signals = field(init=False)
    _overtaken: Overtaken = field(init=False)

    def __post_init__(self) -> None:
        if self.loads_per_s is not None:
            self._pace(self.loads_per_s)
        self.duration_s = (self.rounds + 2) * self._round_ns / NS
        asked = ASK_FOR_NS // ASK_PAUSE_NS + 2
        self.events = self.rounds * (asked + 2 * self.tenants + 8) + 1000
        self._inside = Signals(self.lanes)
        self._overtaken = Overtaken(self._commit)

    def _pace(self, loads_per_s: float) -> None:
        """Longer rounds where the control plane is to be spared, and fewer of them then."""
        loads = 1 + self.tenants + INVALIDATIONS + 1 + 3  # of five rounds, one of each kind
        self._round_ns = max(ROUND_NS, round(loads / KINDS / loads_per_s * NS))
        fitting = round(PACED_NS / self._round_ns) // KINDS * KINDS
        self.rounds = min(self.rounds, max(FEWEST_ROUNDS, fitting))

    def committed(self) -> dict[int, list[Record]]:
        """Every version that the rounds may commit; the place stays."""
        if self.writer is None:
            return {}
        return {
            index: [
                Record(version + step, self.places[index]) for step in range(1, self.rounds + 1)
            ]
            for index, version in enumerate(self.versions)
            if index in self.writable and isinstance(version, int)
        }

    def lane(self, actor: Actor, start_ns: int) -> None:
        """The rounds, each at its own instant; one that is over is left out."""
        kinds: tuple[Callable[[Actor, int, int], None], ...] = (
            self._one_tenant,
            self._many_tenants,
            self._in_between,
            self._connections,
            self._overtake,
        )
        begin = start_ns + self._round_ns
        for number in range(self.rounds):
            instant = begin + number * self._round_ns
            if monotonic_ns() > instant + self._round_ns:
                continue  # a target slower than the rounds takes part in fewer of them
            kind = number % KINDS
            leads = actor.position == number // KINDS % actor.lanes
            if leads and kind < 2:
                if not actor.sleep_until(instant - PREPARE_NS):
                    return
                self._prepare(actor, number, everything=kind == 1)
            if not actor.sleep_until(instant):
                return
            kinds[kind](actor, number, instant)

    def _prepare(self, actor: Actor, number: int, *, everything: bool) -> None:
        """A new version and the invalidation, by the lane that leads the round."""
        index = self._tenant(number)
        self._commit(actor, index)
        if actor.can_invalidate:
            actor.invalidate(None if everything else index)

    def _commit(self, actor: Actor, index: int) -> None:
        # Each process writes through a connection of its own: the writer opens it where it is used,
        # and it stays open while the worker lives, for another lane may be later than this one.
        if self.writer is not None and index in self.writable:
            began = monotonic_ns()
            version = self.writer.raise_version(actor.tenant_ids[index])
            actor.committed(index, version, began)

    def _tenant(self, number: int) -> int:
        return number // KINDS % self.tenants

    def _one_tenant(self, actor: Actor, number: int, instant: int) -> None:
        told = number + 1
        self._inside.say(actor.position, told)

        def until_all_have_asked() -> None:
            actor.wait_for(
                lambda: self._inside.how_many(0, self.lanes, told) == self.lanes,
                instant + HOLD_NS,
            )

        actor.resolve(self._tenant(number), Hold(until_all_have_asked, within=True))

    def _many_tenants(self, actor: Actor, number: int, _instant: int) -> None:
        actor.resolve((actor.position + number) % self.tenants)

    def _in_between(self, actor: Actor, number: int, instant: int) -> None:
        index = self._tenant(number)
        leads = actor.position == number // KINDS % actor.lanes
        if leads:
            if actor.can_invalidate:
                # The first makes the others load; the next ones come while they do.
                for step in range(INVALIDATIONS):
                    actor.sleep_until(instant + CHANGE_AFTER_NS + step * BETWEEN_NS)
                    actor.invalidate(index)
                    if step == 0:
                        self._commit(actor, index)
            actor.resolve(index)
            return
        self._keep_asking(actor, index, instant)

    def _connections(self, actor: Actor, number: int, instant: int) -> None:
        index = self._tenant(number)
        borrows = actor.connects and actor.thread == number // KINDS % actor.threads
        if not borrows:
            self._keep_asking(actor, index, instant)
            return
        index = actor.lendable(index)
        committed = Record(self.versions[index], self.places[index])
        # Twice: whoever borrows next, often the same lane, may be given the soiled session.
        borrow(actor, index, [committed], soil=True, fail=number // KINDS % 2 == 1)
        borrow(actor, index, [committed])

    def _overtake(self, actor: Actor, number: int, instant: int) -> None:
        index, turn = self._tenant(number), number // KINDS
        self._overtaken.act(actor, index, turn + 1, turn % actor.lanes, instant + HOLD_NS)
        # However late it is: what the overtaken load left behind must be asked for.
        actor.resolve(index)
        self._keep_asking(actor, index, max(instant, monotonic_ns() - ASK_FOR_NS // 2))

    def _keep_asking(self, actor: Actor, index: int, instant: int) -> None:
        at = instant
        while at < instant + ASK_FOR_NS and actor.sleep_until(at):
            actor.resolve(index)
            at = max(at + ASK_PAUSE_NS, monotonic_ns())
