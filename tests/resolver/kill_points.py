"""Scenarios around the named kill points; run with the debug build in front, by test_kill_points.

python -m tests.resolver.kill_points SCENARIO [POINT]      prints nothing and exits 0 if all held
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from resolver.cache.sections import arm
from resolver.cache.shared import SharedCache
from resolver.errors import ResolveTimeout, TenantNotFound
from resolver.record import Loaded
from tests.resolver.processes import Line, children
from tests.resolver.rows import Rows, shared_cache
from tests.resolver.stage import CLEAN, ask, asked, audited

# One bank: whoever dies in it is met by everybody else.
ONE_BANK = (1, 4, 2, 64)
MS = 1_000_000
TENANTS = 60


def resolve_cold(cache: SharedCache) -> None:
    cache.resolve("100")


def resolve_expired(cache: SharedCache) -> None:
    time.sleep(0.3)  # beyond the TTL of `deaths`
    cache.resolve("1")


def resolve_many(cache: SharedCache) -> None:
    for row in range(101, 300):
        cache.resolve(str(row))


def resolve_unknown(cache: SharedCache) -> None:
    with suppress(TenantNotFound):
        cache.resolve("0")


def invalidate_one(cache: SharedCache) -> None:
    cache.invalidate("1")


def invalidate_everything(cache: SharedCache) -> None:
    cache.invalidate_all()


PASSES = {
    resolve_cold: """register_locked register_half lease_locked lease_half lease_granted
        commit_locked slot_claimed slot_half slot_written linked lease_freed commit_unlocked
        repair_begun repair_bumped repair_done""",
    resolve_expired: "old_unlinked old_bumped",
    resolve_many: "victim_unlinked victim_bumped",
    resolve_unknown: "negative_half",
    invalidate_one: """invalidate_locked invalidate_unlinked invalidate_bumped
        invalidate_before_revoke invalidate_done""",
    invalidate_everything: "all_unlinked all_bumped",
}
POINTS: dict[str, Callable[[SharedCache], None]] = {
    point: work for work, points in PASSES.items() for point in points.split()
}


class Scene:
    """A cache of one bank, a row table, and work for children."""

    def __init__(self, geometry: tuple[int, int, int, int] = ONE_BANK, **times: int) -> None:
        self.rows = Rows()
        self.rows["0"] = 0
        self.cache = shared_cache(self.load, geometry, **times)
        self.probing = False

    def load(self, tenant_id: str) -> Loaded:
        if self.probing:
            raise _NotNow
        return self.rows.load(tenant_id)

    def resident(self, tenant_ids: set[str]) -> set[str]:
        """Which of them the region holds; asked by a child, whose loads come to nothing."""

        def probe(_: Line) -> set[str]:
            self.probing = True
            found = set()
            for tenant_id in tenant_ids:
                with suppress(_NotNow):
                    self.cache.resolve(tenant_id)
                    found.add(tenant_id)
            return found

        with children(probe) as (child,):
            return set(child.join())

    def caller(self, line: Line) -> None:
        """Resolves what it hears, until it hears None."""
        while (tenant_id := line.hear()) is not None:
            line.say(ask(self.cache, tenant_id))

    def struck(
        self, point: str, number: int, work: Callable[[SharedCache], None]
    ) -> Callable[[Line], None]:
        """Work of a child that is struck by a signal at a point."""

        def run(line: Line) -> None:
            if not point.startswith("register"):
                self.cache.resolve("2")
            assert arm(point, number)
            work(self.cache)

        return run

    def dies(self, point: str, work: Callable[[SharedCache], None]) -> None:
        """A process that is killed at the point; it must have come there."""
        with children(self.struck(point, signal.SIGKILL, work)) as (victim,):
            assert victim.wait() == signal.SIGKILL, f"{point} was not reached"


def deaths(point: str) -> None:
    """After a death at the point: nothing stuck, no slot lost, nothing older after newer."""
    ttl_ns = 200 * MS if point.startswith("old_") else 300_000 * MS
    scene = Scene(ttl_ns=ttl_ns, negative_ttl_ns=1)
    with children(scene.caller) as (witness,):
        for row in range(1, TENANTS):
            scene.cache.resolve(str(row))
        for tenant_id in ("1", "2", "1"):
            asked(witness, tenant_id)  # now in its L1
        for row in range(1, 300):
            scene.rows[str(row)] = 2  # committed; whoever dies may be about to tell
        if point.startswith("repair"):
            scene.dies("invalidate_unlinked", invalidate_one)
        scene.dies(point, POINTS[point])
        before = time.monotonic()
        for tenant_id in ("100", "1", "2", "3"):
            newest = ask(scene.cache, tenant_id)[0]
            assert asked(witness, tenant_id)[0] >= newest, (point, tenant_id)
        assert time.monotonic() - before < 2, f"stuck after {point}"  # the lease is 60 s
        assert audited(scene.cache) == CLEAN, point
        scene.rows["1"] = 3
        scene.cache.invalidate("1")
        assert asked(witness, "1")[0] == 3
        resolve_many(scene.cache)
        resolve_unknown(scene.cache)
        assert audited(scene.cache) == CLEAN, point
        stats = scene.cache.statistics()
        assert stats["loads_in_flight"] <= 1, point
        assert stats["active_entries"] + stats["expired_entries"] <= 64


def every_death() -> None:
    """`deaths` at each point."""
    for point in POINTS:
        deaths(point)


def stopped_in_a_section() -> None:
    """Who needs the lock of a stopped process gets a typed error at the limit; hits go on."""
    scene = Scene()
    scene.cache.resolve("1")
    with children(scene.struck("commit_locked", signal.SIGSTOP, resolve_cold)) as (victim,):
        victim.stands_still()
        assert ask(scene.cache, "1") == (1, "hit")
        assert ask(scene.cache, "3") == (ResolveTimeout, "error")
        try:
            scene.cache.invalidate("1")
        except ResolveTimeout:
            pass
        else:
            raise AssertionError("an invalidation that was not made returned")
        victim.go_on()
        victim.join()
    assert ask(scene.cache, "3") == (1, "miss")
    assert ask(scene.cache, "100") == (1, "hit")
    assert audited(scene.cache) == CLEAN


def stopped_between_unlink_and_bump() -> None:
    """A reader in the middle of an invalidation takes nothing old into the time after it."""
    scene = Scene()
    scene.cache.resolve("1")
    with children(
        scene.caller, scene.struck("invalidate_unlinked", signal.SIGSTOP, invalidate_one)
    ) as (reader, invalidator):
        invalidator.stands_still()
        scene.rows["1"] = 2
        during = asked(reader, "1")
        assert during in ((1, "hit"), (ResolveTimeout, "error"))
        invalidator.go_on()
        invalidator.join()
        assert asked(reader, "1") == (2, "miss")


def one_eviction(cache: SharedCache) -> None:
    """Resolves new tenants until one of them has cost another its place."""
    row = 101
    while cache.statistics()["evictions"] == 0:
        cache.resolve(str(row))
        row += 1


class _NotNow(BaseException):
    """Ends a load without a trace."""


def stopped_between_eviction_and_bump() -> None:
    """A reader in the middle of an eviction does not keep what another process then outdates."""
    scene = Scene((1, 256, 2, 64))  # hardly two tenants with one epoch: no other bump helps
    evictor_work = scene.struck("victim_unlinked", signal.SIGSTOP, one_eviction)
    with children(scene.caller, evictor_work) as (reader, evictor):
        evictor.stands_still()
        # The last one loaded is the one that wants the room; each of the others was in the cache.
        held = [str(row) for row in range(101, 300) if scene.rows.loads(str(row))][:-1]
        before = [asked(reader, tenant_id) for tenant_id in held]
        assert before.count((1, "hit")) >= len(held) - 1 > 20
        evictor.go_on()
        evictor.join()
        evicted = {*held, "2"} - scene.resident({*held, "2"})
        assert 1 <= len(evicted) <= 2  # one for its slot, and one for its place in the set
        for tenant_id in evicted:
            scene.rows[tenant_id] = 2  # committed, nobody invalidates
            assert ask(scene.cache, tenant_id) == (2, "miss")
            assert asked(reader, tenant_id)[0] == 2


def stopped_after_a_commit() -> None:
    """What a leader keeps for its process ends with an invalidation after its commit."""
    scene = Scene()

    def leader(line: Line) -> object:
        scene.cache.resolve("2")
        assert arm("commit_unlocked", signal.SIGSTOP)
        return ask(scene.cache, "1"), ask(scene.cache, "1")

    with children(leader) as (child,):
        child.stands_still()
        scene.rows["1"] = 2
        scene.cache.invalidate("1")
        child.go_on()
        assert child.join() == ((1, "miss"), (2, "miss"))


def death_between_unlink_and_bump() -> None:
    """An owner that dies after its unlink leaves no older version in another's L1: repair bumps."""
    scene = Scene()
    with children(scene.caller, scene.caller) as (one, two):
        assert asked(one, "1") == (1, "miss")
        assert asked(one, "1") == (1, "hit")  # in its L1
        scene.rows["1"] = 2
        scene.dies("invalidate_unlinked", invalidate_one)
        assert asked(two, "1") == (2, "miss")
        assert asked(one, "1") == (2, "hit")
    assert scene.cache.statistics()["repairs"] == 1


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
