"""Each check on evidence written by hand: it passes, it fails, it admits when it saw nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.report.result import Check
from stress.scenario.metrics import CHECK_IDS
from stress.target.protocol import Facts
from stress.verify.catalog import CHECKS, run_checks
from stress.verify.evidence import Calls, Evidence, Proof, Sessions, Violation

FACTS = Facts(
    kind="by hand",
    answer_type="Answer",
    has_tenant_id=True,
    has_url=True,
    has_version=True,
    says_source=True,
    target_connects=True,
    offers_stats=True,
    offers_close=True,
)


def proof(process: int, session: str, right: bool | None = True) -> Proof:
    return Proof(tenant="tenant-0001", process=process, right=right, session=session)


# What a load profile tests; the others need the history of a checking phase.
PROFILE_CHECKS = {
    "isolation",
    "no_invention",
    "untorn",
    "load_economy",
    "counter_identity",
    "fork_safety",
    "connection_leak",
}

CLEAN = Evidence(
    facts=FACTS,
    scope="host",
    procs=2,
    tenants=10,
    cache_ttl_s=300.0,
    answers=1010,
    wrong=0,
    invented=0,
    torn=0,
    calls=Calls(hits=1000, misses=10, negatives=1, connects=4),
    loads=11,
    lifetime_s=2.0,
    reproduce="stress heavy --procs 2 --seed 1",
    unknown_calls=1,
    stats={
        "requests": 1015,
        "hits": 1004,
        "misses": 10,
        "waits": 0,
        "negatives": 1,
        "failed": 0,
        "loads": 11,
    },
    proofs=(proof(0, "11/a"), proof(0, "12/a"), proof(1, "13/a"), proof(1, "14/a")),
    sessions=Sessions(before=0, proving=4, after=0),
)


def run(check_id: str, evidence: Evidence) -> Check:
    return CHECKS[check_id](evidence)


def test_a_clean_run_passes_every_check_that_exists() -> None:
    statuses = {check.id: check.status for check in run_checks(CLEAN)}
    assert list(statuses) == list(CHECK_IDS)
    passed = {check_id for check_id, status in statuses.items() if status == "pass"}
    assert passed == PROFILE_CHECKS
    assert set(statuses.values()) == {"pass", "not_tested"}


def test_every_check_that_was_not_tested_says_why() -> None:
    nothing = replace(
        CLEAN, answers=0, loads=0, stats=None, proofs=(), sessions=Sessions(), calls=Calls()
    )
    for check in run_checks(nothing):
        assert check.status == "not_tested", check.id
        assert check.reason, check.id


def test_one_wrong_answer_fails_isolation_with_its_witness() -> None:
    wrong = Violation(
        check="isolation",
        tenant="tenant-0001",
        process=1,
        thread="lane-7",
        got_tenant="tenant-0002",
        got_place="u2@localhost:5432/db2",
        got_version="1",
        started_ns=100,
        ended_ns=350,
    )
    check = run("isolation", replace(CLEAN, wrong=1, violations=(wrong,)))
    assert (check.status, check.violations, check.upper_bound) == ("fail", 1, None)
    assert check.witness is not None
    assert check.witness.tenant == "tenant-0001"
    assert [event.t_ns for event in check.witness.events] == [0, 250]
    assert check.witness.events[1].thread == 7
    assert "tenant-0002" in check.witness.events[1].what
    assert check.witness.reproduce.startswith("stress heavy")


def test_a_live_connection_that_belongs_to_another_tenant_fails_isolation() -> None:
    evidence = replace(CLEAN, proofs=(*CLEAN.proofs, proof(0, "15/a", right=False)))
    assert run("isolation", evidence).violations == 1


def test_a_violation_of_the_reference_process_counts() -> None:
    assert run("isolation", replace(CLEAN, reference_wrong=2)).violations == 2


def test_the_bound_of_isolation_is_three_over_n() -> None:
    assert run("isolation", CLEAN).upper_bound == pytest.approx(3 / 1010)


@pytest.mark.parametrize(("check_id", "field"), [("no_invention", "invented"), ("untorn", "torn")])
def test_a_wrong_field_fails_its_check(check_id: str, field: str) -> None:
    check = run(check_id, replace(CLEAN, **{field: 3}))
    assert (check.status, check.violations) == ("fail", 3)


@pytest.mark.parametrize("check_id", ["no_invention", "untorn"])
def test_answers_without_a_database_cannot_be_compared(check_id: str) -> None:
    facts = Facts(kind="by hand", answer_type="str", has_tenant_id=True)
    assert run(check_id, replace(CLEAN, facts=facts)).status == "not_tested"


def test_one_load_too_many_fails_load_economy() -> None:
    check = run("load_economy", replace(CLEAN, loads=12))
    assert (check.status, check.violations) == ("fail", 1)


def test_a_cache_in_each_process_may_load_once_in_each() -> None:
    both = replace(CLEAN, loads=22, scope="process")
    assert run("load_economy", both).status == "pass"
    assert run("load_economy", replace(both, loads=23)).status == "fail"


def test_an_expiry_explains_one_more_load_for_each_tenant() -> None:
    expired = replace(CLEAN, lifetime_s=4.5, cache_ttl_s=2.0, loads=31)
    assert run("load_economy", expired).status == "pass"
    assert run("load_economy", replace(expired, loads=32)).status == "fail"


def test_without_caching_there_is_no_load_economy() -> None:
    assert run("load_economy", replace(CLEAN, cache_ttl_s=0.0)).status == "not_tested"


@pytest.mark.parametrize(
    ("name", "value"),
    [("requests", 1014), ("hits", 999), ("hits", 1005), ("misses", 9), ("failed", 2)],
)
def test_a_lost_or_invented_count_fails_counter_identity(name: str, value: int) -> None:
    assert CLEAN.stats is not None
    check = run("counter_identity", replace(CLEAN, stats={**CLEAN.stats, name: value}))
    assert check.status == "fail"
    assert name in check.evidence


def test_a_waiter_may_be_counted_as_hit_or_as_miss() -> None:
    calls = Calls(hits=100, misses=10, waits=5)
    for hits, misses in ((105, 10), (100, 15), (102, 13)):
        stats = {"hits": hits, "misses": misses}
        assert run("counter_identity", replace(CLEAN, calls=calls, stats=stats)).status == "pass"
    for hits, misses in ((104, 10), (106, 10), (100, 16)):
        stats = {"hits": hits, "misses": misses}
        assert run("counter_identity", replace(CLEAN, calls=calls, stats=stats)).status == "fail"


def test_a_session_seen_from_two_processes_fails_fork_safety() -> None:
    check = run("fork_safety", replace(CLEAN, proofs=(*CLEAN.proofs, proof(1, "11/a"))))
    assert (check.status, check.violations, check.examined) == ("fail", 1, 4)


def test_one_process_alone_proves_nothing_about_forks() -> None:
    assert run("fork_safety", replace(CLEAN, procs=1)).status == "not_tested"


def test_a_session_left_after_the_drain_is_a_leak() -> None:
    check = run("connection_leak", replace(CLEAN, sessions=Sessions(before=1, proving=5, after=3)))
    assert (check.status, check.violations, check.examined) == ("fail", 2, 4)


def test_a_target_without_close_cannot_be_drained() -> None:
    facts = Facts(kind="by hand", answer_type="Answer", target_connects=True)
    check = run("connection_leak", replace(CLEAN, facts=facts))
    assert check.status == "not_tested"
    assert check.reason is not None
    assert "close" in check.reason
