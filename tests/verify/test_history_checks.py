"""The checks of a history on histories written by hand; times are in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest

from _timing.recorder import MISS, WAIT
from stress.load.ring import BORROW, EVERY_TENANT
from stress.verify.catalog import CHECKS
from stress.verify.history import HISTORY_DTYPE, made_of
from tests.verify.histories import MS, answer, borrowed, commit, invalidate, judge, load


@pytest.mark.parametrize("check_id", [c for c in CHECKS if "_" in c and c != "load_economy"])
def test_a_history_that_dropped_an_event_proves_nothing(check_id: str) -> None:
    events = np.zeros(1, HISTORY_DTYPE)
    check = judge(check_id, history=made_of([events], 1, dropped=1))
    assert check.status == "not_tested"


def test_an_answer_within_the_ttl_and_a_reload_after_it_pass() -> None:
    events = (
        load(0, 1),
        answer(0, 1, outcome=MISS),
        answer(99, 99.1),
        load(101, 102),
        answer(100.5, 102, outcome=MISS),
    )
    assert judge("expiry", *events).status == "pass"
    assert judge("no_early_expiry", *events).status == "pass"


def test_an_answer_older_than_the_ttl_fails_expiry() -> None:
    check = judge("expiry", load(0, 1), answer(106, 106.1), load(120, 121))
    assert (check.status, check.violations) == ("fail", 1)


def test_a_ttl_that_counts_from_the_insertion_is_allowed_the_load_time() -> None:
    events = (load(0, 20), answer(118, 118.1), load(130, 131))
    assert judge("expiry", *events, strict_ttl=True).status == "fail"
    assert judge("expiry", *events, strict_ttl=False).status == "pass"


def test_nothing_expired_is_not_tested() -> None:
    assert judge("expiry", load(0, 1), answer(2, 3)).status == "not_tested"
    assert judge("no_early_expiry", load(0, 1), answer(2, 3)).status == "not_tested"


def test_a_reload_before_its_time_fails_unless_something_caused_it() -> None:
    events = (load(0, 1), load(60, 61))
    assert judge("no_early_expiry", *events, jitter=0.0).status == "fail"
    assert judge("no_early_expiry", *events, jitter=0.5).status == "pass"
    assert judge("no_early_expiry", *events, jitter=None).status == "pass"
    caused = (*events, invalidate(30, 31))
    assert judge("no_early_expiry", *caused, jitter=0.0).status == "not_tested"
    everything = (*events, invalidate(30, 31, tenant=EVERY_TENANT))
    assert judge("no_early_expiry", *everything, jitter=0.0).status == "not_tested"


def test_an_invalidation_while_a_load_was_being_prepared_explains_the_next_one() -> None:
    # Revoked before its statement was sent: the load is lost, and the next one has a cause.
    events = (load(5, 6, called=1), invalidate(2, 3), load(8, 9))
    assert judge("no_early_expiry", *events, jitter=0.0).status == "not_tested"


def test_one_load_that_many_met_is_single_flight() -> None:
    waits = [answer(0.5 + i / 10, 2.1, outcome=WAIT) for i in range(3)]
    check = judge("single_flight", load(0, 2), *waits)
    assert (check.status, check.examined) == ("pass", 1)
    assert "3 calls met one" in check.evidence


def test_two_loads_of_one_tenant_at_once_fail_single_flight() -> None:
    both = (load(0, 2), load(1, 3, process=1), answer(0.5, 2.5, outcome=WAIT))
    assert judge("single_flight", *both).violations == 1
    assert judge("single_flight", *both, scope="process").status == "pass"
    other = (load(0, 2), load(1, 3, tenant=1), answer(0.5, 2.5, outcome=WAIT))
    assert judge("single_flight", *other).status == "pass"


def test_loads_that_nobody_met_are_not_tested() -> None:
    assert judge("single_flight", load(0, 2), answer(3, 4)).status == "not_tested"


CHANGED = (commit(10, 11, 2), invalidate(12, 13))


def test_the_new_version_after_an_invalidation_passes() -> None:
    check = judge("read_after_invalidate", *CHANGED, answer(5, 6, 1), answer(14, 15, 2))
    assert (check.status, check.examined) == ("pass", 1)


def test_the_old_version_in_another_process_after_an_invalidation_fails_with_its_witness() -> None:
    check = judge("read_after_invalidate", *CHANGED, answer(14, 15, 1, process=1, thread=3))
    assert (check.status, check.violations) == ("fail", 1)
    assert check.witness is not None
    assert check.witness.tenant == "tenant-1"
    told = [(e.t_ns // MS, e.process, e.what) for e in check.witness.events]
    assert told == [
        (0, 0, "commits"),
        (1, 0, "invalidate"),
        (2, 0, "returns"),
        (3, 1, "resolve"),
        (4, 1, "answers, v2 was due"),
    ]


def test_an_answer_that_began_before_the_invalidation_returned_may_be_old() -> None:
    check = judge("read_after_invalidate", *CHANGED, answer(12.9, 14, 1), answer(14, 15, 2))
    assert check.status == "pass"


def test_a_commit_that_had_not_returned_is_not_asked_for() -> None:
    events = (commit(10, 12.5, 2), invalidate(12, 13), answer(14, 15, 1))
    assert judge("read_after_invalidate", *events).status == "pass"


def test_an_invalidation_of_all_concerns_each_tenant() -> None:
    events = (
        commit(10, 11, 2, tenant=1),
        invalidate(12, 13, tenant=EVERY_TENANT),
        answer(14, 15, 1, tenant=1),
    )
    assert judge("read_after_invalidate", *events).status == "fail"


def test_a_cache_for_each_process_is_judged_in_each() -> None:
    events = (*CHANGED, answer(14, 15, 1, process=1), answer(14, 15, 2))
    assert judge("read_after_invalidate", *events, scope="process").status == "pass"
    events = (*CHANGED, answer(14, 15, 1))
    assert judge("read_after_invalidate", *events, scope="process").status == "fail"


def test_without_writes_an_answer_may_not_rest_on_a_load_from_before() -> None:
    before = (load(0, 1), invalidate(5, 6))
    assert judge("read_after_invalidate", *before, answer(7, 8)).status == "fail"
    assert judge("read_after_invalidate", *before, load(7, 8), answer(9, 9.1)).status == "pass"
    # One that was running when the invalidation came may have been revoked and repeated: unknown.
    during = (load(4, 7), invalidate(5, 6), answer(8, 9))
    assert judge("read_after_invalidate", *during).status == "pass"


def test_an_old_version_is_allowed_until_the_ttl_after_its_replacement() -> None:
    assert judge("bounded_staleness", commit(0, 1, 2), answer(100, 100.1, 1)).status == "pass"
    check = judge("bounded_staleness", commit(0, 1, 2), answer(107, 107.1, 1))
    assert (check.status, check.violations) == ("fail", 1)
    assert judge("bounded_staleness", answer(0, 1)).status == "not_tested"


def test_a_version_that_was_seen_is_not_unseen_in_any_process() -> None:
    seen = (commit(0, 1, 2), answer(2, 3, 2))
    assert judge("monotonic_reads", *seen, answer(4, 5, 2, process=1)).status == "pass"
    assert judge("monotonic_reads", *seen, answer(4, 5, 1, process=1)).status == "fail"
    assert judge("monotonic_reads", *seen, answer(2.5, 5, 1, process=1)).status == "pass"


def test_a_connection_with_the_old_credentials_is_stale() -> None:
    rotated = frozenset({"tenant-1"})
    good, bad = borrowed("1/a"), borrowed("2/a", right=False)
    event = (BORROW, 0, 0, 1, 1, {})
    judged = judge("stale_connection", event, borrowed=(good,), rotated=rotated)
    assert judged.status == "pass"
    judged = judge("stale_connection", event, borrowed=(good, bad), rotated=rotated)
    assert (judged.status, judged.violations) == ("fail", 1)
    assert judge("stale_connection", event, borrowed=(good,)).status == "not_tested"


def test_a_session_that_comes_back_soiled_is_not_clean() -> None:
    first = borrowed("1/a", soiled=True, started_ns=1)
    again = borrowed("1/a", started_ns=2)
    dirty = borrowed("1/a", started_ns=2, left=("an advisory lock",))
    event = (BORROW, 0, 0, 1, 1, {})
    assert judge("clean_session", event, borrowed=(first, again)).status == "pass"
    judged = judge("clean_session", event, borrowed=(first, dirty))
    assert judged.status == "fail"
    assert "an advisory lock" in judged.evidence
    alone = judge("clean_session", event, borrowed=(first, borrowed("2/a", started_ns=2)))
    assert alone.status == "not_tested"
