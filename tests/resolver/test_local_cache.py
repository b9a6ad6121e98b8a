import os

from resolver.cache import Cache, Load
from resolver.cache.local import LocalCache
from tests.resolver.contract import CacheContract
from tests.resolver.processes import Line, children
from tests.resolver.rows import TIMES, Rows


class TestLocalCache(CacheContract):
    def make(self, load: Load, **times: int) -> Cache:
        return LocalCache(load, **{**TIMES, **times})

    def test_at_its_capacity_the_least_used_record_goes(self) -> None:
        rows = Rows()
        cache = LocalCache(rows.load, **TIMES, capacity=3)
        for tenant_id in ("1", "2", "3", "1", "4"):
            cache.resolve(tenant_id)
        assert [cache.resolve(t).source for t in ("1", "3", "4")] == ["hit"] * 3
        assert cache.resolve("2").source == "miss"
        stats = cache.statistics()
        assert (stats["active_entries"], stats["capacity"], stats["evictions"]) == (3, 3, 2)

    def test_a_child_keeps_the_records_and_counts_for_itself(self) -> None:
        rows = Rows()
        cache = LocalCache(rows.load, **TIMES)
        cache.resolve("1")

        def work(_: Line) -> tuple[int, str, int, str]:
            source = cache.resolve("1").source
            return os.getpid(), source, cache.statistics()["requests"], cache.statistics()["scope"]

        with children(work) as (child,):
            assert child.join() == (child.pid, "hit", 1, "process")
        assert cache.statistics()["requests"] == 1
