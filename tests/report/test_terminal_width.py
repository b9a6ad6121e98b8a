from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from stress.report.result import Result
from stress.report.terminal import render
from tests.report import samples
from tests.report.any_result import any_result

SGR = re.compile(r"\x1b\[[0-9;]*m")
EVERY = pytest.mark.parametrize("made", list(samples.ALL.values()), ids=list(samples.ALL))


def lines_of(result: Result, width: int, **how: bool) -> list[str]:
    return render(result, width=width, **how).split("\n")


@EVERY
def test_no_line_is_wider_than_the_terminal(made) -> None:
    for width in range(20, 101):
        wide = [line for line in lines_of(made(), width) if cell_len(line) > width]
        assert not wide


@EVERY
@pytest.mark.parametrize("width", [60, 66, 72, 79, 80])
def test_nothing_is_cut_from_sixty_columns_on(made, width: int) -> None:
    assert "…" not in render(made(), width=width)


@EVERY
def test_a_wide_terminal_shows_what_eighty_columns_show(made) -> None:
    assert render(made(), width=300) == render(made(), width=80)


@EVERY
@pytest.mark.parametrize("width", [40, 80])
def test_without_unicode_every_character_is_ascii(made, width: int) -> None:
    text = render(made(), width=width, unicode=False)
    assert text.isascii()
    assert all(len(line) <= width for line in text.split("\n"))


@EVERY
@pytest.mark.parametrize("width", [40, 80])
def test_colour_adds_escape_codes_and_changes_no_letter(made, width: int) -> None:
    plain, coloured = render(made(), width=width), render(made(), width=width, color=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    stripped = [line.rstrip() for line in SGR.sub("", coloured).split("\n")]
    assert stripped == plain.split("\n")


@EVERY
def test_no_line_ends_in_a_space(made) -> None:
    assert not re.search(r" $", render(made()), re.M)


def test_columns_leave_in_the_order_of_their_weight() -> None:
    order = ["min", "p99.9", "avg", "p95", "p50"]
    seen = set()
    for width in range(80, 39, -1):
        head = next(line for line in lines_of(samples.passing(), width) if "outcome" in line)
        absent = [name for name in order if name not in head.split()]
        assert absent == order[: len(absent)]
        assert {"requests", "p99", "max"} <= set(head.split())
        seen.add(len(absent))
    assert seen == {0, 1, 2, 3, 4, 5} or seen == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("seed", range(60))
def test_any_result_fits_and_sends_nothing_that_a_terminal_obeys(seed: int) -> None:
    result = any_result(seed)
    for width, unicode, quiet in ((80, True, False), (20 + seed, seed % 2 == 0, seed % 3 == 0)):
        text = SGR.sub("", render(result, width=width, color=True, unicode=unicode, quiet=quiet))
        text.encode("utf-8" if unicode else "ascii")
        for line in text.split("\n"):
            assert cell_len(line) <= width
            assert line == "" or line.isprintable(), repr(line)
        assert not quiet or text.count("\n") == 2
