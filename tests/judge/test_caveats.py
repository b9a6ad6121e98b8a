"""Which caveats are shown, in which order, and that no result breaks them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stress.judge.caveats import CAUSES, MAX_CAVEATS, RULES, find, worst
from stress.judge.combine import combine
from stress.report.result import Caveat, Environment, Result
from tests.judge.made_run import failing, found, missing, raising, run
from tests.report.any_result import any_result


def place(base: Result, **changed: object) -> Environment:
    return replace(base.environment, **changed)  # type: ignore[arg-type]


def test_a_sound_run_has_none() -> None:
    assert find(run()) == []


def test_causes_of_failures_stand_before_doubts_about_figures() -> None:
    base = run(warmup_passes=0, procs=4, threads=400, cache_ttl_s=0.02)
    doubtful = replace(base, environment=place(base, cores=1, load_average=99.0), steady=None)
    broken = failing(
        missing(raising(doubtful, "PoolError", "connection pool exhausted"), 330), "isolation"
    )
    shown = [caveat.id for caveat in find(broken)]
    assert shown == [
        "shared_state", "pool_exhausted", "ttl_too_short", "not_warmed", "idle_lanes"
    ]  # fmt: skip
    assert len(shown) == MAX_CAVEATS


def test_every_rule_gives_the_id_under_which_it_is_ranked() -> None:
    for seed in range(150):
        made = any_result(seed)
        name = "heavy" if seed % 3 else "expiry"
        result = replace(made, scenario={**made.scenario, "name": name})
        for caveat_id, rule in RULES.items():
            caveat = rule(result)
            assert caveat is None or (caveat.id == caveat_id and "stress " in caveat.cure)
            assert caveat is None or caveat.message.endswith(".")
        assert len(find(result)) <= MAX_CAVEATS


def test_an_id_is_shown_once_and_an_unknown_one_last() -> None:
    made = [
        Caveat(id=one, message=f"{n}.", cure="")
        for n, one in enumerate(("new_one", "few_loads", "shared_state", "few_loads"))
    ]
    assert [(caveat.id, caveat.message) for caveat in worst(made)] == [
        ("shared_state", "2."), ("few_loads", "1."), ("new_one", "0.")
    ]  # fmt: skip


@pytest.mark.parametrize("capped", [True, False, None])
def test_loads_that_were_held_back_leave_the_throughput_unjudged(capped: bool | None) -> None:
    base = run(max_loads_per_s=50.0)
    caveats = found(replace(base, cache=replace(base.cache, loads_capped=capped)))
    assert ("loads_capped" in caveats) is (capped is True)
    assert ("loads_uncapped" in caveats) is (capped is False)
    for caveat in caveats.values():
        assert "throughput is not judged" in caveat.message
    if capped:
        assert "--max-loads 50/s held back" in caveats["loads_capped"].message
        assert caveats["loads_capped"].cure.endswith("--max-loads 500/s")


# Cut short, so that no checklist is made of these parts.
def with_caveats(base: Result) -> Result:
    return replace(base, caveats=find(base))


def test_a_verification_shows_the_causes_of_every_part_and_the_doubts_of_heavy() -> None:
    light = run(name="light", threads=5, requests=100)
    busy = replace(light, environment=place(light, load_average=999.0))
    light = with_caveats(missing(busy, 330))
    heavy = run(procs=4)
    heavy = with_caveats(replace(heavy, environment=place(heavy, cores=2)))
    concurrent = replace(run(name="concurrent", requests=None, procs=2), headline="check")
    concurrent = with_caveats(failing(concurrent, "untorn"))
    short = with_caveats(missing(run(name="medium", threads=10, cache_ttl_s=0.02), 330))
    assert {"busy_machine"} <= {caveat.id for caveat in light.caveats}
    parts = {"light": light, "medium": short, "heavy": heavy, "concurrent": concurrent}
    shown = [caveat.id for caveat in combine(parts, "interrupted", "Ctrl-C").caveats]
    assert shown == ["shared_state", "ttl_too_short", "oversubscribed"]


def test_of_one_cause_in_several_parts_heavys_is_shown() -> None:
    parts = {
        name: with_caveats(missing(run(name=name, threads=threads, cache_ttl_s=0.02), misses))
        for name, threads, misses in (("light", 5, 330), ("heavy", 20, 500))
    }
    (caveat,) = combine(parts, "interrupted", "Ctrl-C").caveats
    assert caveat.cure.startswith("stress heavy ")


def test_every_symptom_of_the_troubleshooting_has_its_causes() -> None:
    assert {
        "too_many_tenants", "ttl_too_short", "not_warmed",
        "pool_exhausted", "network_latency", "decryption_cost", "control_plane_slow",
        "shared_state", "connection_leak",
        "ttl_miscalculated", "wall_clock_ttl",
    } <= CAUSES  # fmt: skip
