"""What every cache must hold within one process; each implementation's test class inherits this."""

from __future__ import annotations

import time
from typing import Any

import pytest

from resolver.errors import (
    ControlPlaneUnavailable,
    CredentialsError,
    ResolverClosed,
    ResolverError,
    TenantInactive,
    TenantNotFound,
)
from tests.resolver.contract_loads import MS, LoadContract
from tests.resolver.processes import in_threads
from tests.resolver.rows import SECOND, Rows, is_whole, record


class CacheContract(LoadContract):
    """Inherit and define `make`; what concerns loads in flight comes with it."""

    def test_a_tenant_is_loaded_once_and_then_hit(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        first, second, third = (cache.resolve("1") for _ in range(3))
        assert (first.source, first.level) == ("miss", "DB")
        assert second.source == third.source == "hit"
        assert rows.loads("1") == 1
        assert all(is_whole(answer, "1") for answer in (first, second, third))

    def test_equal_ids_that_are_other_objects_are_one_tenant(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        cache.resolve("12")
        assert cache.resolve("".join(("1", "2"))).source == "hit"

    def test_every_tenant_gets_its_own_record(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        for _ in range(2):
            for row in range(rows.count):
                assert is_whole(cache.resolve(str(row)), str(row))

    def test_near_spellings_are_tenants_of_their_own(self) -> None:
        spellings = ["a", "A", "a ", " a", "ä", "a\u0308", "a" * 254, "a" * 255, "\U0001f511"]
        cache = self.make(lambda tenant_id: record(tenant_id, spellings.index(tenant_id)))
        for _ in range(2):
            for index, spelling in enumerate(spellings):
                answer = cache.resolve(spelling)
                assert (answer.tenant_id, answer.version) == (spelling, index)

    @pytest.mark.parametrize("bad", ["", "a\0", "\0", "a" * 256, "é" * 128, "\ud800"])
    def test_an_id_that_cannot_be_one_is_not_found_without_a_load(self, bad: str) -> None:
        asked: list[str] = []

        def load(tenant_id: str) -> Any:
            asked.append(tenant_id)
            return record("1", 1)

        cache = self.make(load)
        with pytest.raises(TenantNotFound):
            cache.resolve(bad)
        cache.invalidate(bad)
        assert asked == []
        assert cache.statistics()["negatives"] == 1

    def test_something_else_than_text_is_a_type_error(self) -> None:
        cache = self.make(Rows().load)
        with pytest.raises(TypeError, match="bytes"):
            cache.resolve(b"1")  # type: ignore[arg-type]
        assert cache.statistics()["failed"] == 1

    def test_a_record_ends_with_its_ttl_counted_from_the_start_of_the_load(self) -> None:
        rows = Rows()

        def slow(tenant_id: str) -> Any:
            loaded = rows.load(tenant_id)
            time.sleep(0.03)
            return loaded

        cache = self.make(slow, ttl_ns=150 * MS)
        before = time.monotonic_ns()
        first = cache.resolve("1")
        rows["1"] = 2
        answers = []
        while time.monotonic_ns() < before + 400 * MS:
            asked = time.monotonic_ns()
            answers.append((asked, cache.resolve("1").version))
        stale = [asked for asked, version in answers if version == 1]
        age_ns = int(first.age * 1e9)
        began = time.monotonic_ns() - age_ns
        assert before <= began
        assert max(stale) < began + 150 * MS
        assert rows.loads("1") >= 2
        assert any(version == 2 for _, version in answers)

    def test_age_and_expires_in_add_up_to_the_ttl(self) -> None:
        cache = self.make(Rows().load, ttl_ns=10 * SECOND)
        cache.resolve("1")
        answer = cache.resolve("1")
        assert answer.age + answer.expires_in == pytest.approx(10, abs=0.1)
        assert 0 <= answer.age < 5

    def test_jitter_only_shortens(self) -> None:
        cache = self.make(Rows().load, ttl_ns=10 * SECOND, jitter_ppm=500_000)
        lives = [
            answer.age + answer.expires_in
            for answer in (cache.resolve(str(row)) for row in range(50))
        ]
        assert 4.9 < min(lives) < max(lives) < 10.1
        assert max(lives) - min(lives) > 1

    def test_without_a_ttl_every_call_loads(self) -> None:
        rows = Rows()
        cache = self.make(rows.load, ttl_ns=0)
        assert [cache.resolve("1").source for _ in range(3)] == ["miss"] * 3
        assert rows.loads("1") == 3
        assert cache.statistics()["active_entries"] == 0

    def test_an_invalidated_tenant_is_loaded_again_and_no_other(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        for tenant_id in "123":
            cache.resolve(tenant_id)
            cache.resolve(tenant_id)
        rows["1"] = 2
        cache.invalidate("1")
        answer = cache.resolve("1")
        assert (answer.version, answer.source) == (2, "miss")
        for tenant_id in "23":
            assert cache.resolve(tenant_id).source == "hit"

    def test_invalidating_all_forgets_everything(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        rows["9"] = 0
        for row in range(20):
            if row != 9:
                cache.resolve(str(row))
        with pytest.raises(TenantNotFound):
            cache.resolve("9")
        for row in range(20):
            rows[str(row)] = 2
        cache.invalidate_all()
        assert cache.statistics()["active_entries"] == 0
        assert [cache.resolve(str(row)).version for row in range(20)] == [2] * 20

    def test_not_found_is_remembered_until_it_is_invalidated(self) -> None:
        rows = Rows()
        rows["1"] = 0
        cache = self.make(rows.load)
        for _ in range(3):
            with pytest.raises(TenantNotFound, match="'1'"):
                cache.resolve("1")
        assert rows.loads("1") == 1
        rows["1"] = 5
        cache.invalidate("1")
        assert cache.resolve("1").version == 5

    def test_not_found_ends_with_its_own_ttl(self) -> None:
        rows = Rows()
        rows["1"] = 0
        cache = self.make(rows.load, negative_ttl_ns=40 * MS)
        with pytest.raises(TenantNotFound):
            cache.resolve("1")
        rows["1"] = 5
        time.sleep(0.05)
        assert cache.resolve("1").version == 5

    def test_a_deleted_tenant_is_not_found_after_its_invalidation(self) -> None:
        rows = Rows()
        cache = self.make(rows.load)
        cache.resolve("1")
        rows["1"] = 0
        cache.invalidate("1")
        with pytest.raises(TenantNotFound):
            cache.resolve("1")

    def test_an_inactive_tenant_is_a_negative_of_its_own_kind(self) -> None:
        loads: list[str] = []

        def suspended(tenant_id: str) -> Any:
            loads.append(tenant_id)
            raise TenantInactive("suspended")

        cache = self.make(suspended)
        for _ in range(2):
            with pytest.raises(TenantInactive):
                cache.resolve("1")
        assert len(loads) == 1
        assert cache.statistics()["negatives"] == 2

    @pytest.mark.parametrize("kind", [ControlPlaneUnavailable, CredentialsError])
    def test_an_error_is_shared_for_a_moment_and_is_no_not_found(
        self, kind: type[ResolverError]
    ) -> None:
        loads: list[str] = []

        def failing(tenant_id: str) -> Any:
            loads.append(tenant_id)
            if len(loads) == 1:
                raise kind("the reason")
            return record(tenant_id, 1)

        cache = self.make(failing, error_ttl_ns=60 * MS)
        with pytest.raises(kind, match="the reason"):
            cache.resolve("1")
        with pytest.raises(kind, match="a moment ago"):
            cache.resolve("1")
        assert len(loads) == 1
        time.sleep(0.07)
        assert cache.resolve("1").source == "miss"
        assert cache.statistics()["failed"] == 2

    def test_a_foreign_exception_reaches_its_caller_and_harms_no_other_tenant(self) -> None:
        def load(tenant_id: str) -> Any:
            if tenant_id == "1":
                raise ZeroDivisionError("not ours")
            return record(tenant_id, 1)

        cache = self.make(load)
        with pytest.raises(ZeroDivisionError):
            cache.resolve("1")
        with pytest.raises(ResolverError):
            cache.resolve("1")
        assert cache.resolve("2").source == "miss"

    def test_a_loader_that_returns_nonsense_leaves_no_lease_behind(self) -> None:
        cache = self.make(lambda _: None, error_ttl_ns=0)  # type: ignore[arg-type,return-value]
        for _ in range(2):
            with pytest.raises((AttributeError, TypeError)):
                cache.resolve("1")
        assert cache.statistics()["loads_in_flight"] == 0

    def test_an_interrupted_load_leaves_nothing_behind(self) -> None:
        interrupts = [True]

        def load(tenant_id: str) -> Any:
            if interrupts:
                interrupts.pop()
                raise KeyboardInterrupt
            return record(tenant_id, 1)

        cache = self.make(load)
        with pytest.raises(KeyboardInterrupt):
            cache.resolve("1")
        assert cache.resolve("1").source == "miss"
        assert cache.statistics()["loads_in_flight"] == 0

    def test_the_counters_add_up_over_threads(self) -> None:
        rows = Rows()
        rows["0"] = 0
        cache = self.make(rows.load)

        def call(thread: int) -> dict[str, int]:
            seen = {"hit": 0, "miss": 0, "wait": 0, "negative": 0, "failed": 0}
            for step in range(3000):
                tenant_id = str((step * (thread + 1)) % 7)
                try:
                    seen[cache.resolve(tenant_id).source] += 1
                except TenantNotFound:
                    seen["negative"] += 1
                if step % 500 == 499:
                    cache.invalidate(tenant_id)
            return seen

        total = {"hit": 0, "miss": 0, "wait": 0, "negative": 0, "failed": 0}
        for seen in in_threads(4, call):
            for source, times in seen.items():
                total[source] += times
        stats = cache.statistics()
        assert stats["requests"] == 12_000
        assert stats["hits"] == total["hit"]
        assert stats["misses"] == total["miss"]
        assert stats["waits"] == total["wait"]
        assert stats["negatives"] == total["negative"]
        assert stats["failed"] == 0
        assert stats["invalidations"] == 4 * 6
        assert stats["loads"] == sum(rows.loads(str(row)) for row in range(7))

    def test_active_and_expired_entries_are_told_apart(self) -> None:
        cache = self.make(Rows().load, ttl_ns=60 * MS)
        for row in range(10):
            cache.resolve(str(row))
        time.sleep(0.07)
        cache.resolve("3")
        stats = cache.statistics()
        assert (stats["active_entries"], stats["expired_entries"]) == (1, 9)
        assert stats["active_entries"] + stats["expired_entries"] <= stats["capacity"]

    def test_the_parts_of_the_loads_are_summed(self) -> None:
        cache = self.make(Rows().load)
        for row in range(10):
            cache.resolve(str(row))
        stats = cache.statistics()
        assert (stats["query_ns"], stats["decryption_ns"]) == (70, 30)

    def test_a_closed_cache_says_so_however_often_it_is_closed(self) -> None:
        cache = self.make(Rows().load)
        cache.resolve("1")
        cache.close()
        cache.close()
        with pytest.raises(ResolverClosed):
            cache.resolve("1")
        assert cache.statistics()["requests"] == 2
