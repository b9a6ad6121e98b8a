import pytest

from resolver.cache import Cache, Load
from resolver.cache.result import ResolvedTenant
from resolver.errors import TenantNotFound
from tests.resolver.contract import CacheContract
from tests.resolver.rows import SMALL, Rows, is_whole, record, shared_cache
from tests.resolver.stage import CLEAN, audited


class TestSharedCache(CacheContract):
    def make(self, load: Load, **times: int) -> Cache:
        return shared_cache(load, None, **times)


class TestSharedCacheOfAnotherSize(CacheContract):
    """Twice the vetted layout: more sets, longer bitmaps."""

    def make(self, load: Load, **times: int) -> Cache:
        return shared_cache(load, (256, 256, 64, 1024), **times)


def test_all_hits_return_one_object_that_nobody_can_change() -> None:
    cache = shared_cache(Rows().load)
    cache.resolve("1")
    answer = cache.resolve("1")
    assert answer is cache.resolve("1")
    assert (answer.source, answer.level) == ("hit", "L1")
    assert answer.url is answer.url
    with pytest.raises(AttributeError):
        answer.version = 7  # type: ignore[misc]
    with pytest.raises(AttributeError):
        answer.other = 7  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        ResolvedTenant()


def test_far_more_tenants_than_slots_are_answered_rightly_and_no_slot_is_lost() -> None:
    rows = Rows(1000)
    cache = shared_cache(rows.load, SMALL)
    for step in range(20_000):
        tenant_id = str(step * 7919 % 1000)
        assert is_whole(cache.resolve(tenant_id), tenant_id)
    stats = cache.statistics()
    assert stats["evictions"] > 10_000
    assert stats["active_entries"] <= stats["capacity"] == 128
    assert audited(cache) == CLEAN


def test_a_tenant_in_use_outlives_those_that_pass_by() -> None:
    rows = Rows(1000)
    cache = shared_cache(rows.load, SMALL)
    for step in range(2000):
        cache.invalidate("999")  # bumps epochs, so that the hits reach the region
        cache.resolve("0")
        cache.resolve(str(1 + step % 500))
    assert rows.loads("0") < 50


def test_an_older_answer_of_this_process_does_not_survive_eviction_and_reload() -> None:
    rows = Rows(1000)
    cache = shared_cache(rows.load, SMALL)
    assert cache.resolve("0").version == 1
    rows["0"] = 2
    for row in range(1, 1000):
        cache.resolve(str(row))
    assert cache.resolve("0").version == 2
    assert rows.loads("0") == 2


def test_a_flood_of_unknown_tenants_leaves_the_real_ones_in_the_cache() -> None:
    rows = Rows(100)

    def load(tenant_id: str) -> object:
        if tenant_id.startswith("x"):
            raise TenantNotFound(tenant_id)
        return rows.load(tenant_id)

    cache = shared_cache(load)  # type: ignore[arg-type]
    for row in range(100):
        cache.resolve(str(row))
    for unknown in range(20_000):
        with pytest.raises(TenantNotFound):
            cache.resolve(f"x{unknown}")
    assert all(cache.resolve(str(row)).source == "hit" for row in range(100))
    assert cache.statistics()["negative_entries"] <= 256 * 32


def test_a_record_too_long_for_a_slot_is_answered_and_not_kept() -> None:
    room = 448 - len("fits") - len(record("fits", 1, 0).value)
    lengths = {"fits": room, "long": room + 1, "huge": 60_000}
    cache = shared_cache(lambda tenant_id: record(tenant_id, 1, lengths[tenant_id]))
    for tenant_id, kept in (("fits", True), ("long", False), ("huge", False)):
        assert cache.resolve(tenant_id).source == "miss"
        assert cache.resolve(tenant_id).source == ("hit" if kept else "miss")
    stats = cache.statistics()
    assert stats["uncacheable"] == 4
    assert stats["active_entries"] == 1


def test_the_table_of_a_process_grows_with_its_tenants_and_not_beyond_its_bound() -> None:
    cache = shared_cache(lambda tenant_id: record(tenant_id, 1), SMALL)
    for row in range(5000):
        cache.resolve(f"tenant-{row}")
    assert 64 <= cache.l1_entries <= 4 * 256
    big = shared_cache(lambda tenant_id: record(tenant_id, 1))
    for row in range(5000):
        big.resolve(f"tenant-{row}")
    assert big.l1_entries == 5000
    for row in range(5000):
        answer = big.resolve(f"tenant-{row}")
        assert (answer.tenant_id, answer.level) == (f"tenant-{row}", "L1")
