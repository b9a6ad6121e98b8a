"""What calls may do that overlap: none of it is a violation. Times are in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest

from _timing.recorder import ERROR, MISS, NEGATIVE, WAIT
from stress.load.ring import EVERY_TENANT
from stress.verify.history import HISTORY_DTYPE, made_of
from stress.verify.strands import cut
from tests.verify.histories import answer, commit, invalidate, judge, load


def test_two_overlapping_answers_may_come_in_either_order() -> None:
    events = (commit(0, 1, 2), answer(2, 6, 2), answer(3, 4, 1))
    assert judge("monotonic_reads", *events).status == "pass"


def test_an_answer_that_begins_at_the_instant_another_ends_overlaps_it() -> None:
    events = (commit(0, 1, 2), answer(2, 3, 2), answer(3, 4, 1))
    assert judge("monotonic_reads", *events).status == "pass"
    later = (commit(0, 1, 2), answer(2, 3, 2), answer(3.000001, 4, 1))
    assert judge("monotonic_reads", *later).status == "fail"


def test_versions_of_two_tenants_are_not_compared() -> None:
    events = (commit(0, 1, 2), answer(2, 3, 2), answer(4, 5, 1, tenant=1))
    assert judge("monotonic_reads", *events).status == "pass"


def test_a_version_that_is_newer_than_every_commit_seen_is_no_staleness() -> None:
    # The answer of a commit whose own call has not returned yet.
    events = (commit(0, 5, 2), answer(1, 2, 2), answer(200, 201, 2))
    assert judge("bounded_staleness", *events).status == "pass"


def test_the_old_version_may_be_answered_while_the_new_one_is_being_committed() -> None:
    events = (commit(0, 150, 2), answer(140, 141, 1))
    assert judge("bounded_staleness", *events).status == "pass"


def test_two_invalidations_that_overlap_ask_no_more_than_each_of_them() -> None:
    events = (
        invalidate(0, 10),
        commit(2, 3, 2),
        invalidate(1, 4, process=1),
        answer(11, 12, 1, process=1),
    )
    assert judge("read_after_invalidate", *events).status == "pass"
    after = (*events, invalidate(5, 6), answer(13, 14, 1, process=1))
    assert judge("read_after_invalidate", *after).status == "fail"


def test_an_invalidation_that_began_last_may_have_returned_first() -> None:
    events = (commit(2, 3, 2), invalidate(0, 20), invalidate(5, 6), answer(7, 8, 1))
    assert judge("read_after_invalidate", *events).status == "fail"


def test_an_invalidation_of_all_counts_for_the_process_that_made_it_where_caches_are_apart() -> (
    None
):
    events = (commit(0, 1, 2), invalidate(2, 3, tenant=EVERY_TENANT), answer(4, 5, 1, process=1))
    assert judge("read_after_invalidate", *events, scope="process").status == "not_tested"
    assert judge("read_after_invalidate", *events).status == "fail"


@pytest.mark.parametrize("outcome", [ERROR, NEGATIVE])
def test_a_call_without_an_answer_has_no_version(outcome: int) -> None:
    events = (commit(0, 1, 2), answer(2, 3, 2), answer(4, 5, 1, outcome=outcome))
    assert judge("monotonic_reads", *events).status == "pass"


def test_an_answer_may_rest_on_a_load_whose_row_came_before_the_answer() -> None:
    events = (load(0, 1), load(104, 106), answer(105, 107, outcome=WAIT))
    assert judge("expiry", *events, strict_ttl=False).status == "pass"


def test_an_answer_cannot_rest_on_a_load_whose_row_came_after_it() -> None:
    # Served while another call reloads: the old entry, long after its deadline.
    events = (
        load(0, 1),
        load(104, 140, process=1),
        answer(138, 139),
        answer(104, 141, outcome=MISS),
    )
    assert judge("expiry", *events, strict_ttl=True).status == "fail"
    # A target that counts from the insertion is allowed its longest load: 36 ms.
    assert judge("expiry", *events, strict_ttl=False).status == "pass"


def test_the_ttl_may_count_from_any_moment_of_the_load() -> None:
    # Called at 0, its statement ran from 30 to 60: a deadline at 100 is as right as one at 160.
    events = (load(30, 60, called=0), load(101, 110))
    assert judge("no_early_expiry", *events, jitter=0.0).status == "pass"
    assert judge("expiry", *events, answer(140, 140.1), strict_ttl=False).status == "pass"


def test_a_load_that_begins_when_another_ends_is_one_at_a_time() -> None:
    events = (load(0, 2), load(2, 4), answer(1, 4, outcome=WAIT))
    assert judge("single_flight", *events).status == "pass"


def test_many_invalidations_cost_no_more_than_sorting_them() -> None:
    # A check that compared each with each would take minutes here.
    many = 60_000
    rows = np.zeros(3 * many, HISTORY_DTYPE)
    at = np.arange(many) * 300
    for step, row in enumerate((invalidate(0, 0), load(0, 0), answer(0, 0))):
        part = rows[step::3]
        part["operation"] = row[0]
        part["start_ns"], part["end_ns"] = at + step * 100, at + step * 100 + 50
        part["version"] = part["start_ns"] if step == 1 else 1
    history = made_of([rows], 1)
    for check_id in ("read_after_invalidate", "no_early_expiry", "expiry", "single_flight"):
        assert judge(check_id, history=history).violations == 0


def test_strands_hold_every_event_of_their_tenant_in_order() -> None:
    rows = np.zeros(6, HISTORY_DTYPE)
    kinds = (
        load(5, 6, tenant=1),
        answer(0, 1, tenant=1, process=1),
        invalidate(3, 4, tenant=EVERY_TENANT),
        answer(2, 3, tenant=0),
        invalidate(1, 2, tenant=1, process=1),
        commit(4, 5, 2, tenant=1),
    )
    for row, (operation, _, start, end, version, more) in zip(rows, kinds, strict=True):
        row["operation"], row["version"] = operation, version
        row["start_ns"], row["end_ns"] = start, end
        for name, value in more.items():
            row[name] = value
    history = made_of([rows], 3)
    whole = {strand.tenant: strand for strand in cut(history, by_process=False)}
    assert sorted(whole) == [0, 1]  # nobody asked for the third
    assert whole[1].invalidations["start_ns"].tolist() == [1, 3]
    assert whole[0].invalidations["start_ns"].tolist() == [3]
    assert [len(part) for part in (whole[1].answers, whole[1].loads, whole[1].commits)] == [1, 1, 1]
    apart = [strand for strand in cut(history, by_process=True) if strand.tenant == 1]
    assert [strand.invalidations["start_ns"].tolist() for strand in apart] == [[3], [1]]
    assert [len(strand.loads) for strand in apart] == [1, 0]
    # A commit is the control plane's: every process has it.
    assert [len(strand.commits) for strand in apart] == [1, 1]
