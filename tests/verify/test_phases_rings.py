"""What a phase's lanes record is bounded, however long the TTL and however slow the server."""

from __future__ import annotations

import pytest

from stress.load.ring import EVENT_BYTES
from stress.target.places import Place
from stress.verify.phases.concurrent import Concurrent
from stress.verify.phases.expiry import Expiry
from stress.verify.phases.takeover import Takeover

PLACES = [Place("127.0.0.1", 5432, "one", "one")] * 10
MEGABYTE = 1 << 20


@pytest.mark.parametrize("ttl_s", [0.05, 0.5, 2.0, 60.0, 300.0, 3600.0, 86_400.0])
def test_a_lane_of_the_expiry_phase_needs_four_megabytes_at_most(ttl_s: float) -> None:
    phase = Expiry(cache_ttl_s=ttl_s, tenants=10, places=PLACES)
    assert phase.duration_s > 3 * ttl_s
    assert phase.events * EVENT_BYTES <= 4 * MEGABYTE


def test_a_longer_ttl_is_looked_at_less_often_but_every_50_ms_up_to_1000_s() -> None:
    def calls(ttl_s: float) -> float:
        return Expiry(cache_ttl_s=ttl_s, tenants=10, places=PLACES).events / 2 / (3 * ttl_s)

    assert calls(2.0) > 500
    assert calls(1000.0) > 20


@pytest.mark.parametrize("loads_per_s", [None, 50.0, 1.0])
def test_a_lane_of_the_concurrent_phase_needs_two_megabytes_at_most(
    loads_per_s: float | None,
) -> None:
    phase = Concurrent(
        lanes=40, tenants=100, places=PLACES, versions=[1] * 100, loads_per_s=loads_per_s
    )
    assert phase.events * EVENT_BYTES <= 2 * MEGABYTE


def test_a_server_that_is_to_be_spared_sees_no_more_loads_than_it_may() -> None:
    for tenants in (1, 10, 100):
        free = Concurrent(lanes=4, tenants=tenants, places=PLACES, versions=[1])
        phase = Concurrent(lanes=4, tenants=tenants, places=PLACES, versions=[1], loads_per_s=50.0)
        # Of five rounds: one load, one of each tenant, one for each of six invalidations, three.
        loads = phase.rounds / 5 * (1 + tenants + 6 + 3)
        assert loads / phase.duration_s <= 50.0
        assert phase.rounds <= free.rounds


def test_one_process_alone_waits_for_no_lease() -> None:
    alone = Takeover(procs=1, threads=4, index=0, places=PLACES, versions=[1])
    assert alone.duration_s < 1
    two = Takeover(procs=2, threads=4, index=0, places=PLACES, versions=[1])
    assert two.duration_s > two.lease_s
