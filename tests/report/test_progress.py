from __future__ import annotations

import io

import pytest

from stress.report.progress import PlainProgress
from stress.report.result import Requests


class Screen(io.TextIOWrapper):
    """A stream of a given encoding that can be read back."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def test_a_line_is_prefixed_and_ended() -> None:
    screen = Screen()
    PlainProgress(screen).line("PostgreSQL 16 started in 0.42 s")
    assert screen.shown() == "stress: PostgreSQL 16 started in 0.42 s\n"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            (5.0, 30.0, 20_000.0, 1.0, 39_100, 0, 0),
            "0:05/0:30  20,000/s  hit 100.00%  p99 39.1 µs  errors 0  violations 0",
        ),
        (
            (25.2, 30.0, 20_000.0, 0.9898, 6_910_000, 198, 0),
            "0:25/0:30  20,000/s  hit  98.98%  p99 6.91 ms  errors 198  violations 0",
        ),
        (
            (3725.0, None, 5.0, None, None, 0, 2),
            "1:02:05  5.00/s  hit     n/a  p99 n/a  errors 0  violations 2",
        ),
    ],
)
def test_an_interval_is_one_line_that_stands_alone(values, text) -> None:
    screen = Screen()
    PlainProgress(screen).interval(*values)
    assert screen.shown() == f"stress: {text}\n"


def test_a_kind_of_failure_is_told_with_its_count_and_its_beginning() -> None:
    screen = Screen()
    progress = PlainProgress(screen)
    progress.failure(25, "ControlPlaneUnavailable", 198, 22, "connection refused")
    progress.failure(25, "KeyError", 1, 25, "")
    assert screen.shown().splitlines() == [
        "stress: 0:25 ControlPlaneUnavailable, 198 times since 0:22: connection refused",
        "stress: 0:25 KeyError, once since 0:25",
    ]


def test_the_last_line_adds_up() -> None:
    screen = Screen()
    counts = Requests(scheduled=600_000, total=600_000, successful=599_786, failed=214)
    PlainProgress(screen).done(counts)
    assert screen.shown() == (
        "stress: done: 600,000 scheduled = 599,786 successful + 214 failed + 0 skipped\n"
    )


def test_escape_sequences_and_line_breaks_are_shown_and_not_sent() -> None:
    screen = Screen()
    PlainProgress(screen).line("tenant \x1b[2J\x9b31m\r\nPASS")
    assert screen.shown() == "stress: tenant \\x1b[2J\\x9b31m  PASS\n"


def test_a_long_line_is_cut_at_a_hundred_columns() -> None:
    screen = Screen()
    PlainProgress(screen).line("x" * 500)
    assert len(screen.shown()) == 101
    assert screen.shown().endswith("x…\n")


def test_a_stream_without_unicode_gets_ascii() -> None:
    screen = Screen("ascii")
    PlainProgress(screen).interval(5.0, None, 1.0, 1.0, 39_100, 0, 0)
    assert "p99 39.1 us" in screen.shown()


def test_a_closed_stream_ends_the_progress_and_not_the_run() -> None:
    screen = Screen()
    progress = PlainProgress(screen)
    screen.close()
    progress.line("first")
    progress.line("second")


def test_without_a_stream_nothing_is_written(capfd) -> None:
    PlainProgress(None).line("anything")
    assert capfd.readouterr() == ("", "")
