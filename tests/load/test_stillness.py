"""A crew notices when nothing happens any more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.load import crew
from stress.load.crew import LOOK_S, Stillness


class Clock:
    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(crew, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_it_lasts_until_the_number_grows(clock: Clock) -> None:
    number = [1]
    still = Stillness(lambda: number[0])
    for second in range(1, 11):
        clock.now = float(second)
        assert still.seconds() == second - LOOK_S  # seen for the first time at the first look
    number[0] += 1
    clock.now = 11.0
    assert still.seconds() == 0
    clock.now = 14.0
    assert still.seconds() == 3


def test_it_is_looked_at_once_a_second(clock: Clock) -> None:
    looked = []
    still = Stillness(lambda: looked.append(1) or 0)
    for tenth in range(1, 31):
        clock.now = tenth / 10
        still.seconds()
    assert len(looked) == 3
