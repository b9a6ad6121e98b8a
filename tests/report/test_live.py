"""The live display on a recorded console: what stands on the screen after each call."""

from __future__ import annotations

import io
import os
import pty
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from stress.report.live import REDRAW_S, LiveProgress
from stress.report.result import Error, Requests
from stress.report.watching import choose
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
from tests.report.emulator import Emulator

STARTED = "PostgreSQL 16 started in 0.42 s; 10 tenants created in 1.14 s"


@dataclass(frozen=True)
class Seen:
    """A glance; by default of a run on which all is well."""

    part: str = "counted"
    part_s: float = 12.0
    part_requests: int = 240_000
    tenants: int = 10
    t_s: float = 12.0
    requests: int = 240_000
    hits: int = 240_000
    failed: int = 0
    checked: int = 240_000
    violations: int = 0
    p99_ns: int | None = 39_600
    errors: list[Error] = field(default_factory=list)


def error(kind: str, first_s: float, message: str = "connection refused") -> Error:
    return Error(type=kind, count=1, tenants=[], first_s=first_s, last_s=first_s, message=message)


class Watched:
    """A display on a console that can be read; every call comes when the next redraw is due."""

    def __init__(self, width: int = 80, height: int = 24, **how: Any) -> None:
        self.file = io.StringIO()
        color = how.pop("color", True)
        console = Console(
            file=self.file,
            force_terminal=True,
            force_interactive=True,
            color_system="standard" if color else None,
            width=width,
            height=height,
            _environ={"TERM": "xterm"},
        )
        self.now = 0.0
        self.progress = LiveProgress(console, clock=lambda: self.now, **how)

    def screen(self) -> Emulator:
        return Emulator().feed(self.file.getvalue())

    def lines(self) -> list[str]:
        return self.screen().shown()

    def glance(self, seen: Seen, total_s: float | None = 30.0) -> list[str]:
        self.now += REDRAW_S
        self.progress.glance(seen, total_s)
        return self.lines()


def running(width: int = 80, intervals: int = 12, failed: int = 0, **how: Any) -> Watched:
    watched = Watched(width, **how)
    timed = Scenario(procs=4, requests=None, duration_s=30.0, steady_s=0.0)
    watched.progress.begin(timed)
    watched.progress.line(STARTED)
    for index in range(intervals):
        watched.progress.interval(index + 1.0, 30.0, 20_000.0, 1.0, 38_200, failed, 0)
    return watched


def test_the_start_is_told_in_steps_with_their_times() -> None:
    watched = Watched()
    watched.progress.begin(Scenario(procs=4, requests=1000))
    assert watched.lines() == [
        "heavy · 4 processes × 20 threads · 1,000 requests, then 1 s",
        f"  ⠙ starting{'0.0 s':>68}",
    ]
    watched.now = 1.0
    watched.progress.line("PostgreSQL 16 started in 0.42 s; 6 of 10 tenants created")
    assert watched.lines()[1:] == [
        f"  ✔ PostgreSQL 16 started{'0.42 s':>55}",
        f"  ⠹ 6 of 10 tenants created{'0.0 s':>53}",
    ]
    watched.progress.line(STARTED)
    cold = Seen(part="cold", part_requests=6, t_s=0.0, requests=0)
    assert watched.glance(cold)[1:] == [
        f"  ✔ PostgreSQL 16 started{'0.42 s':>55}",
        f"  ✔ 10 tenants created{'1.14 s':>58}",
        f"  ⠸ cold phase: 6 of 10 tenants loaded, one at a time{'0.0 s':>27}",
    ]


def test_a_run_on_schedule() -> None:
    assert running().glance(Seen()) == [
        f"heavy · 4 processes × 20 threads{'0:12 of 0:30, 0:18 left':>48}",
        f"  {'━' * 29}{'─' * 44}  40%",
        "                   now    whole run    last 12 s",
        "  rate        20,000/s     20,000/s    ████████████           240,000 req.",
        "  hit rate     100.00%      100.00%    ████████████           90 … 100%",
        "  p99          38.2 µs      39.6 µs    ▄▄▄▄▄▄▄▄▄▄▄▄           10 ns … 1 s",
        "  errors             0            0    ············",
        "  checked      240,000 answers, 0 violations",
    ]


def test_before_the_first_interval_is_over_now_is_all_so_far() -> None:
    lines = running(intervals=0).glance(Seen(failed=3, hits=120_000, p99_ns=None))
    assert [" ".join(line[2:38].split()) for line in lines[3:7]] == [
        "rate 20,000/s 20,000/s",
        "hit rate 50.00% 50.00%",
        "p99 n/a n/a",
        "errors 3 3",
    ]


def test_what_goes_wrong_is_counted_and_named() -> None:
    watched = running()
    watched.progress.interval(13.0, 30.0, 19_000.0, 0.9831, 6_840_000, 14, 1)
    seen = Seen(
        t_s=26.0,
        failed=212,
        violations=1,
        errors=[error("ControlPlaneUnavailable", 22.4), error("ControlPlaneUnavailable", 30.0)],
    )
    lines = watched.glance(seen)
    assert len(lines) == 9
    assert lines[4][:54] == "  hit rate      98.31%      100.00%    ████████████▇  "
    assert lines[5][:52] == "  p99          6.84 ms      39.6 µs    ▄▄▄▄▄▄▄▄▄▄▄▄▆"
    assert lines[6] == "  errors            14          212    ············█"
    assert lines[7] == "  checked      240,000 answers, 1 violation"
    assert lines[8] == "  ! ControlPlaneUnavailable, 212 times since 0:22: connection refused"


def test_of_many_kinds_of_errors_as_many_are_named_as_have_room() -> None:
    kinds = [error(f"Kind{index}", float(index)) for index in range(5)]
    lines = running().glance(Seen(failed=9, errors=kinds))
    assert len(lines) == 9
    assert lines[-2:] == ["  ! Kind0 since 0:00: connection refused", "  ! Kind1  + 3 more"]
    two = running().glance(Seen(failed=9, errors=kinds[:2]))
    assert two[-2:] == [
        "  ! Kind0 since 0:00: connection refused",
        "  ! Kind1 since 0:01: connection refused",
    ]


def test_a_counted_run_shows_its_requests_and_then_the_steady_part() -> None:
    watched = Watched()
    watched.progress.begin(Scenario(requests=1000, steady_s=4.0))
    lines = watched.glance(Seen(part_requests=620, part_s=0.01, t_s=0.01), None)
    assert lines[0].endswith("  620 of 1,000 requests")
    assert lines[1].endswith(" 62%")
    lines = watched.glance(Seen(part="steady", part_requests=10_000, part_s=1.0, t_s=1.1), None)
    assert lines[0].endswith("  steady 0:01 of 0:04, 0:03 left")
    assert lines[1].endswith(" 25%")
    assert "10,000/s" in lines[3]


def test_a_phase_lasts_roughly_as_long_as_was_planned() -> None:
    watched = Watched()
    watched.progress.part("expiry", 4, 5)
    watched.progress.begin(Scenario(name="expiry", requests=None, steady_s=0.0))
    lines = watched.glance(Seen(part="check", t_s=7.0, part_s=7.0), 6.0)
    assert lines[0].startswith("verify, 4 of 5: expiry · 1 process × ")
    assert lines[0].endswith("  about 0:06 of 0:06, 0:00 left")
    assert lines[1].endswith("100%")


def test_a_new_measurement_begins_with_an_empty_picture() -> None:
    watched = running()
    watched.glance(Seen())
    watched.now += REDRAW_S
    watched.progress.part("medium", 2, 5)
    watched.progress.begin(Scenario(name="medium"))
    assert len(watched.lines()) == 2
    assert watched.lines()[0].startswith("verify, 2 of 5: medium · ")
    assert "█" not in watched.glance(Seen())[3]


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("intervals", [0, 1, 12, 500])
def test_no_picture_is_too_wide_or_too_high(width: int, intervals: int, unicode: bool) -> None:
    kinds = [error("ControlPlaneUnavailable", 1.0, "x" * 300), error("KeyError", 2.0)]
    for errors in ([], kinds[:1], kinds):
        watched = running(width, intervals, unicode=unicode)
        assert all(len(line) <= width for line in watched.lines())
        lines = watched.glance(Seen(failed=len(errors), errors=errors))
        assert 8 <= len(lines) <= 9
        assert all(cell_len(line) <= min(width, 80) for line in lines)
        assert unicode or all(line.isascii() for line in lines)
        assert lines[-1 - len(errors)].startswith("  checked  ")


def test_forty_columns_show_the_figures_without_their_course() -> None:
    lines = running(40).glance(Seen())
    assert lines[0] == "heavy · 4 proc…  0:12 of 0:30, 0:18 left"
    assert lines[3] == "  rate        20,000/s     20,000/s"
    assert lines[5] == "  p99          38.2 µs      39.6 µs"


def test_without_unicode_all_is_told_in_ascii() -> None:
    lines = running(unicode=False, failed=1).glance(Seen(failed=12, errors=[error("Ké", 1.0)]))
    assert lines[1] == f"  {'#' * 29}{'-' * 44}  40%"
    assert lines[5].startswith("  p99          38.2 us      39.6 us    ~")
    assert lines[-1].startswith("  ! K\\xe9, 12 times since 0:01")


def test_a_low_terminal_shows_what_has_room() -> None:
    watched = running(height=5)
    assert len(watched.glance(Seen())) == 4


def test_intervals_that_have_no_room_are_joined_by_what_is_worse() -> None:
    watched = running(intervals=63)
    watched.progress.interval(64.0, 600.0, 20_000.0, 0.5, 900_000_000, 0, 0)
    lines = watched.glance(Seen(t_s=64.0), 600.0)
    assert lines[4][39:60].rstrip() == "█" * 15 + "▁"
    assert lines[5][39:60].rstrip() == "▄" * 15 + "█"


def test_a_redraw_leaves_nothing_of_the_picture_before() -> None:
    watched = running()
    first = watched.glance(Seen(failed=1, errors=[error("KeyError", 1.0)]))
    assert len(first) == 9
    assert watched.glance(Seen()) == running().glance(Seen())


def test_it_is_redrawn_four_times_a_second_at_most() -> None:
    watched = running()
    drawn = []
    for _ in range(2000):
        watched.now += 0.005
        before = len(watched.file.getvalue())
        watched.progress.glance(Seen(), 30.0)
        drawn.append(len(watched.file.getvalue()) > before)
    assert sum(drawn) in range(36, 41)  # ten seconds


def test_the_cursor_is_hidden_while_it_is_drawn_and_all_is_gone_afterwards() -> None:
    watched = running()
    watched.glance(Seen())
    assert not watched.screen().cursor
    watched.progress.close()
    assert watched.screen().cursor
    assert watched.lines() == []
    watched.progress.close()
    watched.progress.done(Requests(scheduled=1, total=1, successful=1, failed=0))
    assert watched.lines() == []


def test_a_line_that_is_no_step_stays_above_the_display_and_behind_it() -> None:
    watched = running()
    picture = watched.glance(Seen())
    watched.progress.line("tenant \x1b[2J: no database; 9 other tenants go on")
    told = "stress: tenant \\x1b[2J: no database; 9 other tenants go on"
    assert watched.lines() == [told, *picture]
    watched.progress.close()
    assert watched.lines() == [told]
    watched.progress.line("closing raised ValueError")
    assert watched.lines() == [told, "stress: closing raised ValueError"]


def test_colours_say_what_words_say_and_can_be_left_out() -> None:
    seen = Seen(failed=1, errors=[error("KeyError", 1.0)], violations=2)
    coloured, plain = running(), running(color=False)
    assert coloured.glance(seen) == plain.glance(seen)
    assert coloured.screen().colours
    assert not plain.screen().colours
    assert "\x1b[1;31m2 violations" in coloured.file.getvalue()


def test_no_thread_is_started() -> None:
    before = threading.enumerate()
    watched = running()
    watched.glance(Seen())
    assert threading.enumerate() == before


def test_a_terminal_that_goes_away_ends_the_progress_and_not_the_run() -> None:
    outside, inside = pty.openpty()
    ended = False
    # Closing it would raise: what could not be written is still in its buffer.
    with suppress(OSError), os.fdopen(inside, "w") as stream:
        progress = choose(stream, Output(), {"TERM": "xterm"})
        assert progress.live
        progress.begin(Scenario())
        drawn = b""
        while b"heavy" not in drawn:
            drawn += os.read(outside, 10_000)
        os.close(outside)
        progress.line("told to nobody")
        progress.close()
        progress.line("told to nobody")
        ended = True
    assert ended


@pytest.mark.parametrize(
    ("environment", "output", "live"),
    [
        ({"TERM": "xterm"}, Output(), True),
        ({"TERM": "xterm", "CI": ""}, Output(), True),
        ({"TERM": "xterm", "CI": "false"}, Output(), True),
        ({"TERM": "xterm", "CI": "1"}, Output(), False),
        ({"TERM": "xterm", "CI": "true"}, Output(), False),
        ({"TERM": "dumb"}, Output(), False),
        ({}, Output(), False),
        ({"TERM": "xterm"}, Output(quiet=True), False),
    ],
)
def test_only_a_terminal_that_is_watched_has_a_live_display(environment, output, live) -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, "w") as stream:
        assert choose(stream, output, environment).live is live
    os.close(outside)


def test_a_file_has_plain_lines() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    progress = choose(stream, Output(), {"TERM": "xterm"})
    progress.line("one")
    progress.part("heavy", 1, 5)
    progress.begin(Scenario())
    progress.doing("starting")
    progress.close()
    stream.seek(0)
    assert stream.read() == "stress: one\nstress: heavy …\n"


def test_ctrl_c_while_it_is_drawn_comes_when_it_is_drawn() -> None:
    watched = running()
    written = watched.file.write
    before = watched.file.getvalue()
    at: list[int] = []

    def write(text: str) -> int:
        if not at:
            at.append(0)
            signal.raise_signal(signal.SIGINT)
            at.append(len(watched.file.getvalue()))
        return written(text)

    watched.file.write = write  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        watched.glance(Seen())
    assert at == [0, len(before)]
    watched.progress.close()
    assert watched.lines() == []
    assert watched.screen().cursor
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
