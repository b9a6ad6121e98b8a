from hypothesis import given
from hypothesis import strategies as st

from stress.scenario.spelling import distance, nearest

WORDS = st.text(alphabet="abcd_", max_size=7)


def test_known_distances() -> None:
    assert distance("", "") == 0
    assert distance("hitrate", "hit_rate") == 1
    assert distance("kitten", "sitting") == 3
    assert distance("haevy", "heavy") == 1
    assert distance("abc", "") == 3


@given(WORDS, WORDS)
def test_a_distance_is_symmetric_and_zero_only_for_equal_words(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_only_near_words_are_suggested() -> None:
    known = ("hit_rate", "failed", "lag")
    assert nearest("hitrate", known) == "hit_rate"
    assert nearest("falied", known) == "failed"
    assert nearest("nonsense", known) is None
    assert nearest("hitrxxx", known) is None  # distance 4


def test_a_word_with_nothing_in_common_is_not_suggested() -> None:
    assert nearest("x", ("is", "y")) is None
    assert nearest("", ("a", "ab")) is None
