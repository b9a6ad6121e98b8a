"""Answers: recognised only where that is safe, wrong ones found every time, hit or miss told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
import pytest

from _timing.drive import MEMO_FIELDS, MEMO_OBJECT, WRONG, Lane, NullOperation, Plan, note_load
from _timing.recorder import COUNTED, ERROR, HIT, MISS, OUTCOMES, WAIT, Slab
from tests.timing.stages import IDS, KEYS, Answer, RecordingJudge, answers, slab_of

FIELDS = {"has_tenant_id": True, "has_url": True, "has_version": True}
FIRST = np.zeros(1, dtype=np.int32)
RIGHT = answers()[IDS[0]]


def drive(
    operation: Callable[[str], Any], judge: Any, slab: Slab, **says: bool
) -> Callable[..., int]:
    """A function that makes so many requests, for all tenants or the first alone."""
    plan = Plan(operation, IDS, judge, **says)
    lane = Lane(slab, 0, 0)
    return lambda count, keys=FIRST: lane.run(plan, COUNTED, keys, count=count, start_ns=1)


def outcomes(slab: Slab) -> list[int]:
    return [int(n) for n in slab.lanes["roles"][0, 0, COUNTED]["outcomes"]]


def one_after_another(found: list[Any]) -> Callable[[str], Any]:
    """An operation that gives these answers in turn."""
    turn: Iterator[Any] = cycle(found)
    return lambda tenant_id: next(turn)


def test_an_immutable_object_is_judged_once_for_each_tenant() -> None:
    judge = RecordingJudge(HIT | MEMO_OBJECT)
    slab = slab_of()
    drive(NullOperation(answers()).resolve, judge, slab, says_source=True)(1000, KEYS)
    assert [asked[0] for asked in judge.asked] == list(range(10))
    assert outcomes(slab) == [1000, 0, 0, 0, 0]


def test_an_object_that_is_right_for_one_tenant_is_judged_anew_for_another() -> None:
    judge = RecordingJudge(HIT | MEMO_OBJECT)
    run = drive(NullOperation(answer=RIGHT).resolve, judge, slab_of(), says_source=True)
    run(100, KEYS)
    assert [asked[0] for asked in judge.asked] == list(range(10))


def test_an_equal_object_is_not_the_known_object() -> None:
    judge = RecordingJudge(HIT | MEMO_OBJECT)
    run = drive(one_after_another([RIGHT, replace(RIGHT)]), judge, slab_of(), says_source=True)
    run(6)
    assert len(judge.asked) == 6


def test_no_answer_is_never_recognised_by_accident() -> None:
    judge = RecordingJudge(HIT)
    drive(NullOperation().resolve, judge, slab_of(), **FIELDS)(3)
    assert [asked[1] for asked in judge.asked] == [None] * 3


def test_fresh_answers_with_known_fields_are_judged_once() -> None:
    judge = RecordingJudge(HIT | MEMO_FIELDS)
    slab = slab_of()
    right = answers()
    run = drive(lambda tenant: replace(right[tenant]), judge, slab, **FIELDS, says_source=True)
    run(1000, KEYS)
    assert [asked[0] for asked in judge.asked] == list(range(10))
    assert outcomes(slab) == [1000, 0, 0, 0, 0]


def test_equal_fields_need_not_be_the_same_objects() -> None:
    judge = RecordingJudge(HIT | MEMO_FIELDS)

    def resolve(tenant_id: str) -> Answer:
        return Answer("".join(list(tenant_id)), "".join(list("postgresql://x")), int("100000"))

    drive(resolve, judge, slab_of(), **FIELDS)(50)
    assert len(judge.asked) == 1


class Raises:
    """Has the type of a field that cannot be read."""

    tenant_id = RIGHT.tenant_id
    version = RIGHT.version

    @property
    def url(self) -> str:
        raise ConnectionError("gone")


class Other(Answer):
    """Another type with the same fields."""


@pytest.mark.parametrize(
    "other",
    [
        replace(RIGHT, tenant_id=IDS[1]),
        replace(RIGHT, url="postgresql://elsewhere"),
        replace(RIGHT, version=2),
        replace(RIGHT, version=True),
        Other(RIGHT.tenant_id, RIGHT.url, RIGHT.version),
        Raises(),
        None,
        RIGHT.url,
    ],
    ids=["tenant", "url", "version", "version-type", "type", "raising", "none", "string"],
)
def test_any_other_answer_goes_to_the_judge_again(other: Any) -> None:
    def judge(index: int, answer: Any, error: Any, loads: int, t0: int, t1: int) -> int:
        asked.append(answer)
        return HIT | MEMO_FIELDS if answer is RIGHT else HIT | WRONG

    asked: list[Any] = []
    slab = slab_of()
    run = drive(one_after_another([RIGHT, RIGHT, other]), judge, slab, **FIELDS)
    run(9)
    assert asked == [RIGHT, other, other, other]
    assert slab.lanes["roles"][0, 0, COUNTED]["wrong"] == 3


def test_an_answer_whose_fields_raise_is_not_remembered() -> None:
    judge = RecordingJudge(HIT | MEMO_FIELDS)
    drive(NullOperation(answer=Raises()).resolve, judge, slab_of(), **FIELDS)(4)
    assert len(judge.asked) == 4


def test_an_answer_that_changes_while_it_is_judged_is_not_remembered() -> None:
    class Shifting:
        tenant_id, url, version = RIGHT.tenant_id, RIGHT.url, 1

    def judge(index: int, answer: Any, error: Any, loads: int, t0: int, t1: int) -> int:
        asked.append(answer.version)
        answer.version += 1000
        return HIT | MEMO_FIELDS

    asked: list[int] = []
    drive(NullOperation(answer=Shifting()).resolve, judge, slab_of(), **FIELDS)(3)
    assert asked == [1, 1001, 2001]


def test_a_known_object_that_is_changed_to_be_wrong_is_found_by_its_fields() -> None:
    class Shared:
        tenant_id, url, version = RIGHT.tenant_id, RIGHT.url, 1

    def judge(index: int, answer: Any, error: Any, loads: int, t0: int, t1: int) -> int:
        return HIT | MEMO_FIELDS if answer.tenant_id == IDS[index] else HIT | WRONG

    shared, slab = Shared(), slab_of()
    run = drive(NullOperation(answer=shared).resolve, judge, slab, **FIELDS)
    run(10)
    shared.tenant_id = IDS[1]
    run(10)
    assert slab.lanes["roles"][0, 0, COUNTED]["wrong"] == 10


def test_every_wrong_answer_among_remembered_ones_is_flagged() -> None:
    def judge(index: int, answer: Any, error: Any, loads: int, t0: int, t1: int) -> int:
        if answer.tenant_id != IDS[index]:
            return HIT | WRONG | MEMO_OBJECT | MEMO_FIELDS
        return HIT | MEMO_OBJECT | MEMO_FIELDS

    calls = 0
    right = answers()

    def resolve(tenant_id: str) -> Answer:
        nonlocal calls
        calls += 1
        return right[IDS[5]] if calls % 7 == 0 else right[tenant_id]

    slab = slab_of()
    drive(resolve, judge, slab, **FIELDS, says_source=True)(7 * 1000, KEYS)
    # Every seventh call answers tenant 5's database: right for tenant 5 alone, one in ten.
    assert slab.lanes["roles"][0, 0, COUNTED]["wrong"] == 900


@pytest.mark.parametrize("answer", [RIGHT, replace(RIGHT)], ids=["same-object", "fresh-objects"])
def test_a_wrong_answer_is_not_remembered_whatever_the_judge_says(answer: Answer) -> None:
    judge = RecordingJudge(HIT | WRONG | MEMO_OBJECT | MEMO_FIELDS)
    slab = slab_of()
    resolve = (lambda tenant: RIGHT) if answer is RIGHT else (lambda tenant: replace(answer))
    drive(resolve, judge, slab, **FIELDS)(20)
    assert len(judge.asked) == slab.lanes["roles"][0, 0, COUNTED]["wrong"] == 20


class Says:
    """An answer with a source and a cache_hit of any kind."""

    def __init__(self, source: Any = None, cache_hit: Any = None) -> None:
        self.tenant_id = RIGHT.tenant_id
        self.source = source
        self.cache_hit = cache_hit


@pytest.mark.parametrize(
    ("source", "cache_hit", "loads", "outcome"),
    [
        ("hit", None, 0, HIT),
        ("miss", None, 0, MISS),
        ("wait", None, 0, WAIT),
        ("".join(["h", "it"]), False, 1, HIT),
        ("".join(["m", "iss"]), None, 0, MISS),
        ("unheard of", True, 0, HIT),
        (None, True, 1, HIT),
        (None, False, 1, MISS),
        (None, False, 0, WAIT),
        (None, None, 1, MISS),
        (None, None, 0, HIT),
    ],
)
def test_what_the_answer_says_comes_before_what_the_loads_show(
    source: Any, cache_hit: Any, loads: int, outcome: int
) -> None:
    slab = slab_of()
    note_load(slab, 0, 1, 2)

    def resolve(tenant_id: str) -> Says:
        for _ in range(loads):
            note_load(slab, 0, 1, 2)
        return Says(source, cache_hit)

    judge = RecordingJudge(ERROR | MEMO_FIELDS)
    run = drive(resolve, judge, slab, has_tenant_id=True, says_source=True, says_cache_hit=True)
    run(4)
    assert len(judge.asked) == 1
    wanted = [0] * len(OUTCOMES)
    wanted[ERROR], wanted[outcome] = 1, 3
    assert outcomes(slab) == wanted


def test_a_cache_hit_of_false_is_a_miss_where_no_load_can_be_seen() -> None:
    slab = slab_of()
    judge = RecordingJudge(HIT | MEMO_FIELDS)
    drive(
        lambda tenant: Says(cache_hit=False), judge, slab, has_tenant_id=True, says_cache_hit=True
    )(4)
    assert outcomes(slab) == [1, 3, 0, 0, 0]


def test_a_slow_call_in_which_another_s_load_ended_was_a_wait() -> None:
    slab = slab_of()

    def resolve(tenant_id: str) -> Says:
        time.sleep(0.001)
        if slow_and_loaded:
            # As another process would: on the slab, without touching this lane's own loads.
            note_load_elsewhere(slab)
        return Says()

    slow_and_loaded = False
    run = drive(resolve, RecordingJudge(HIT | MEMO_FIELDS), slab, has_tenant_id=True)
    run(3)
    assert outcomes(slab) == [3, 0, 0, 0, 0]
    slow_and_loaded = True
    run(2)
    assert outcomes(slab) == [3, 0, 2, 0, 0]


def note_load_elsewhere(slab: Slab) -> None:
    now = time.monotonic_ns()
    thread = threading.Thread(target=note_load, args=(slab, 0, now - 1000, now))
    thread.start()
    thread.join()


def test_a_known_object_that_says_nothing_is_a_miss_when_its_call_loaded() -> None:
    slab = slab_of()
    calls = 0

    def resolve(tenant_id: str) -> str:
        nonlocal calls
        calls += 1
        if calls % 4 == 0:
            note_load(slab, 0, 1, 2)
        return "postgresql://one"

    drive(resolve, RecordingJudge(HIT | MEMO_OBJECT), slab)(12)
    assert outcomes(slab) == [9, 3, 0, 0, 0]
