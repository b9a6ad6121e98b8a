"""What an answer is compared with: committed rows, and nothing that only looks different."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy.engine import make_url

from _timing.drive import INVENTED, TORN, WRONG
from _timing.recorder import HIT, MISS, WAIT
from stress.target.answers import Answers, Reading, Record
from stress.target.places import Place

HOME = Place("127.0.0.1", 5432, "one", "user_one")
OTHER = Place("127.0.0.1", 5432, "two", "user_two")
CELLS = np.zeros(2, [("loads", "u8"), ("last_end_ns", "i8"), ("longest_ns", "i8")])


def answers() -> Answers:
    rows = [[Record(1, HOME), Record(2, HOME._replace(username="user_new"))], [Record(1, OTHER)]]
    return Answers(["a", "b"], rows, CELLS, lambda *_: None, lambda *_: None)


@pytest.mark.parametrize(
    ("tenant_id", "place", "version", "expected"),
    [
        ("a", HOME, 1, 0),
        ("a", HOME, "1", 0),
        ("a", HOME, None, 0),
        ("a", HOME._replace(host="localhost"), 1, 0),
        ("a", HOME._replace(host=None, port=None), 1, 0),
        ("a", None, 2, 0),
        ("a", None, 3, INVENTED),
        ("b", HOME, 1, WRONG),
        ("a", OTHER, 1, WRONG),
        ("a", HOME, 2, TORN),
        ("a", HOME, 9, INVENTED),
        ("a", HOME._replace(username="user_two"), 1, WRONG | TORN),
        ("a", HOME._replace(host="10.0.0.9"), 1, WRONG | TORN),
        ("a", Place("h", 1, "x", "y"), 1, WRONG | INVENTED),
    ],
)
def test_an_answer_is_right_only_where_it_is_a_committed_row_of_its_tenant(
    tenant_id: str, place: Place | None, version: object, expected: int
) -> None:
    assert answers().compare(0, Reading(tenant_id, place, version)) == expected


class Answer:
    tenant_id, version = "a", 1
    url = make_url("postgresql+psycopg2://user_one@127.0.0.1:5432/one")

    def __init__(self, **says: object) -> None:
        self.__dict__.update(says)


@pytest.mark.parametrize(
    ("says", "loads", "expected"),
    [
        ({"source": "wait", "cache_hit": True}, 0, WAIT),
        ({"cache_hit": True}, 1, HIT),
        ({"cache_hit": False}, 1, MISS),
        ({"cache_hit": None}, 1, MISS),
        ({}, 0, HIT),
    ],
)
def test_the_outcome_is_what_the_answer_says_else_what_was_loaded(
    says: dict[str, object], loads: int, expected: int
) -> None:
    assert answers()(0, Answer(**says), None, loads, 100, 200) & 0b111 == expected


def test_an_answer_that_says_nothing_is_a_failure() -> None:
    failures: list[object] = []
    judge = Answers(
        ["a"], [[Record(1, HOME)]], CELLS, lambda *f: failures.append(f), lambda *_: None
    )
    judge(0, None, None, 0, 1, 2)
    judge(0, object(), None, 0, 1, 2)
    assert len(failures) == 2
