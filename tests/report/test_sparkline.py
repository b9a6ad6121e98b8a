from __future__ import annotations

import pytest

from stress.report.sparkline import ceiling, fitted, logarithmic, sparkline


def test_a_scale_has_eight_steps_and_holds_what_lies_beyond_it() -> None:
    assert sparkline([i / 8 for i in range(8)]) == "▁▂▃▄▅▆▇█"
    assert sparkline([-1.0, 1.0, 7.0]) == "▁██"
    assert sparkline([None, 0.0]) == "·▁"


def test_without_unicode_the_steps_differ_still() -> None:
    text = sparkline([i / 8 for i in range(8)] + [None], unicode=False)
    assert text.isascii()
    assert len(set(text)) == 9


def test_each_factor_of_ten_has_the_same_room() -> None:
    assert [logarithmic(value, 10, 1000) for value in (1, 10, 100, 1000)] == [0, 0, 0.5, 1]


@pytest.mark.parametrize(
    ("value", "least"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (5.1, 10), (20_000, 20_000), (0.3, 0.5)]
)
def test_a_ceiling_is_a_round_number(value, least) -> None:
    assert ceiling(value) == pytest.approx(least)


@pytest.mark.parametrize("count", range(1, 40))
def test_values_that_do_not_fit_are_joined_in_pairs_from_the_start(count: int) -> None:
    found = fitted([(i,) for i in range(count)], 5, lambda a, b: a + b)
    assert len(found) <= 5
    assert sum(found, ()) == tuple(range(count))
    assert len({len(one) for one in found[:-1]}) <= 1
