"""Low cache hit rate: which cause is named, and when none is."""

from __future__ import annotations

import shlex

import pytest
from msgspec.structs import replace

from stress.judge.hit_rate import predicted
from stress.report.result import Result
from tests.judge.made_run import cold, found, missing, run, target, tenant

CAUSES = {"too_many_tenants", "ttl_too_short", "not_warmed"}


def option(cure: str, name: str) -> str:
    words = shlex.split(cure[cure.index("stress ") :])
    return words[words.index(name) + 1]


def short_ttl(**scenario: object) -> Result:
    """10 tenants, each asked for 100 times a second, with a TTL of 20 ms: two in three hit."""
    return missing(run(cache_ttl_s=0.02, **scenario), 330)


def test_a_ttl_that_is_too_short_is_named_with_the_smallest_that_would_do() -> None:
    caveat = found(short_ttl())["ttl_too_short"]
    assert caveat.message == (
        "Each tenant is asked for 100 times a second on average: a TTL of 20 ms gives a hit rate "
        "of 66.6%; above 90% needs 91 ms."
    )
    assert caveat.cure == "stress heavy --target mine.py:Mine --cache-ttl 0.091s"


def test_the_ttl_that_is_named_is_predicted_to_exceed_the_target_and_the_next_smaller_is_not() -> (
    None
):
    base = short_ttl()
    ttl_s = float(option(found(base)["ttl_too_short"].cure, "--cache-ttl").rstrip("s"))
    assert predicted(ttl_s, [(100.0, 10)]) > 0.9
    assert predicted(ttl_s - 0.001, [(100.0, 10)]) <= 0.9


def test_each_tenant_counts_with_its_own_rate() -> None:
    base = short_ttl()
    rare = [tenant("tenant-0", 910), *(tenant(f"tenant-{n}", 10) for n in range(1, 10))]
    skewed = replace(base, tenants=rare)
    even, uneven = (
        float(option(found(one)["ttl_too_short"].cure, "--cache-ttl").rstrip("s"))
        for one in (base, skewed)
    )
    assert uneven < even  # the busy tenant carries the rate; the rare ones may miss
    lumped = replace(base, tenants=[tenant("tenant-0", 910), tenant(None, 90, tenants=9)])
    assert found(lumped)["ttl_too_short"].cure == found(skewed)["ttl_too_short"].cure


def test_a_cache_for_each_process_sees_each_tenant_more_rarely() -> None:
    two = missing(run(cache_ttl_s=0.02, procs=2), 500, caches=2)
    caveat = found(two)["ttl_too_short"]
    assert "Each tenant in each process is asked for 50.0 times" in caveat.message
    assert option(caveat.cure, "--cache-ttl") == "0.19s"


def test_the_time_of_a_load_is_added() -> None:
    base = short_ttl()
    slow = replace(base, latency_ns={**base.latency_ns, "miss": cold(5.0).latency_ns["miss"]})
    assert option(found(slow)["ttl_too_short"].cure, "--cache-ttl") == "0.15s"


def test_no_caching_at_all_is_a_ttl_that_is_too_short() -> None:
    caveat = found(missing(run(cache_ttl_s=0.0), 1000))["ttl_too_short"]
    assert "a TTL of 0 s gives a hit rate of 0.0%" in caveat.message
    assert option(caveat.cure, "--cache-ttl") == "0.091s"


def test_where_every_call_must_hit_nothing_may_expire() -> None:
    caveat = found(missing(run(cache_ttl_s=0.02), 330, wanted=1.0))["ttl_too_short"]
    assert option(caveat.cure, "--cache-ttl") == "3s"


@pytest.mark.parametrize(
    ("why", "result"),
    [
        ("the target is met", missing(run(cache_ttl_s=0.02), 90)),
        ("there is no target", replace(short_ttl(), thresholds=[])),
        ("nothing was old enough to expire", missing(run(cache_ttl_s=300.0), 330)),
        ("not even rare tenants' entries were", missing(run(tenants=1000, cache_ttl_s=5.0), 330)),
        ("a longer TTL than would do", missing(run(cache_ttl_s=0.5), 30, wanted=0.98)),
        ("more loads than expiry explains", missing(run(cache_ttl_s=0.02), 700)),
        ("outcomes are unknown", missing(run(cache_ttl_s=0.02), 330, source="unknown")),
    ],
)
def test_expiry_is_not_named_where_it_is_not_the_cause(why: str, result: Result) -> None:
    if "unknown" in why:
        result = replace(result, cache=replace(result.cache, hits=None, misses=None, waits=None))
    assert "ttl_too_short" not in found(result), why


def test_a_checking_phase_misses_on_purpose() -> None:
    short = short_ttl()
    assert "ttl_too_short" in found(short)
    assert not CAUSES & set(found(replace(short, headline="check")))
    small = replace(missing(run(warmup_passes=0, tenants=200), 200), headline="check")
    assert not CAUSES & set(found(small))


def test_too_few_requests_for_so_many_tenants() -> None:
    caveat = found(missing(run(tenants=200), 200))["too_many_tenants"]
    assert caveat.message == (
        "1,000 requests for 200 tenants: 200 loads, at most one for each tenant, already keep the "
        "hit rate from 90%."
    )
    assert option(caveat.cure, "-n") == "2100"
    assert 200 / 2100 < 0.1


def test_a_timed_run_is_made_longer() -> None:
    timed = missing(run(tenants=200, requests=None, duration_s=1.0), 200)
    assert option(found(timed)["too_many_tenants"].cure, "--duration") == "3s"


def test_first_loads_of_several_caches_are_several() -> None:
    base = run(tenants=100, procs=2, threads=10)
    assert "too_many_tenants" in found(missing(base, 180, caches=2))
    assert "too_many_tenants" not in found(missing(base, 180, caches=1))


def test_more_tenants_than_the_cache_has_room_for() -> None:
    caveat = found(missing(run(), 500, capacity=4))["too_many_tenants"]
    assert caveat.message == (
        "The cache has room for 4 of 10 tenants: 500 of 1,000 requests had to load."
    )
    assert caveat.cure == (
        "a larger capacity in the target, or: stress heavy --target mine.py:Mine --tenants 4"
    )


def test_no_number_of_tenants_fits_into_a_cache_without_room() -> None:
    caveat = found(missing(run(), 1000, capacity=0))["too_many_tenants"]
    assert caveat.cure.endswith("in the target, then: stress heavy --target mine.py:Mine")


@pytest.mark.parametrize(
    "result",
    [
        missing(run(tenants=200), 90),
        missing(run(), 500, capacity=10),
        missing(run(), 500),
        missing(run(), 50, capacity=4),
        missing(run(cache_ttl_s=0.02), 330),
    ],
)
def test_tenants_are_not_blamed_where_they_are_not_too_many(result: Result) -> None:
    assert "too_many_tenants" not in found(result)


def test_failed_calls_alone_are_no_low_hit_rate_of_the_cache() -> None:
    base = missing(run(), 10)
    judged = replace(target("hit_rate:value>90%", "Cache hit rate", 0.5), ok=False)
    broken = replace(
        base,
        thresholds=[judged],
        cache=replace(base.cache, hits=500, misses=10, hit_rate=0.5),
        requests=replace(base.requests, successful=510, failed=490),
    )
    assert not CAUSES & set(found(broken))


def test_first_loads_in_the_measured_part() -> None:
    caveat = found(missing(run(warmup_passes=0), 10))["not_warmed"]
    assert caveat.message == "10 of 1,000 requests were first loads: the cache was not warmed."
    assert caveat.cure == "stress heavy --target mine.py:Mine"
    later = found(missing(run(warmup_passes=0, cache_ttl_s=0.02), 330))
    assert later["not_warmed"].message.startswith("10 of 1,000")
    assert "ttl_too_short" in later


def test_a_warmed_cache_has_no_first_loads() -> None:
    assert "not_warmed" not in found(missing(run(), 10))
    assert "not_warmed" not in found(missing(run(warmup_passes=0, warmup_s=1.0), 10))
    assert "not_warmed" not in found(missing(run(warmup_passes=0), 0))
