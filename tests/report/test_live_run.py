"""The command in a real terminal: drawn while it runs, gone afterwards, the cursor back again."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from tests.report.emulator import Emulator

SHORT = ("heavy", "-n", "100", "--tenants", "2", "--steady", "1s")
LONG = ("heavy", "--tenants", "2", "--duration", "60s", "--no-reference")
STOPPING = "stress: stopping: finishing requests in flight, report follows (again: at once)"
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """A command whose standard error is a terminal; its report goes elsewhere."""

    def __init__(self, process: subprocess.Popen[bytes], outside: int) -> None:
        self.process = process
        self._outside = outside
        self.output = b""

    def read(self) -> bool:
        """Some more of what it wrote; False at its end."""
        try:
            found = os.read(self._outside, 65_536)
        except OSError:  # nobody has the terminal any more
            return False
        self.output += found
        return bool(found)

    def until(self, text: str) -> None:
        while text.encode() not in self.output:
            assert self.read(), f"it ended without {text!r}: {self.output!r}"

    def end(self) -> int:
        while self.read():
            pass
        return self.process.wait()

    @property
    def text(self) -> str:
        return self.output.decode()

    def screen(self) -> Emulator:
        return Emulator().feed(self.text)


@contextmanager
def terminal(
    arguments: Sequence[str],
    columns: int = 80,
    program: Sequence[str] = ("-m", "stress"),
    **env: str,
) -> Iterator[Terminal]:
    kept = ("DATABASE_URL", "ENCRYPTION_KEY", "STRESS_", "CI", "NO_COLOR", "COLUMNS", "LINES")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
    environment |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", **env}
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, *program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=inside,
        env=environment,
        start_new_session=True,
    )
    os.close(inside)
    try:
        yield Terminal(process, outside)
    finally:
        process.kill()
        process.wait()
        os.close(outside)


@pytest.mark.postgres
def test_a_run_is_drawn_and_nothing_of_it_is_left() -> None:
    with terminal(SHORT) as run:
        assert run.end() in (0, 99)
        assert "2 tenants created" in run.text
        assert "whole run" in run.text
        assert run.screen().shown() == []
        assert run.screen().cursor
        assert run.screen().colours


@pytest.mark.postgres
def test_a_poor_terminal_is_not_asked_for_more_than_it_has() -> None:
    with terminal((*SHORT, "--no-color"), 40, PYTHONIOENCODING="ascii") as run:
        assert run.end() in (0, 99)
        assert "whole run" in run.text
        assert run.output.isascii()
        assert max(len(line) for line in run.screen().drawn) <= 40
        assert run.screen().shown() == []
        assert not run.screen().colours


@pytest.mark.postgres
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_answered_and_the_cursor_comes_back(number: int) -> None:
    with terminal(LONG) as run:
        run.until("whole run")
        os.kill(run.process.pid, number)
        assert run.end() == 130
        assert run.screen().shown() == [STOPPING]
        assert run.screen().cursor


@pytest.mark.postgres
def test_ctrl_c_before_anything_is_measured_is_answered_too() -> None:
    with terminal(LONG) as run:
        run.until("starting")
        os.kill(run.process.pid, signal.SIGINT)
        assert run.end() == 130
        assert run.screen().shown() == [STOPPING]
        assert run.screen().cursor


@pytest.mark.postgres
def test_each_phase_is_drawn() -> None:
    with terminal(("expiry", "--tenants", "2", "--cache-ttl", "1s")) as run:
        assert run.end() in (0, 99)
        assert "expiry · 1 process × 10 threads" in run.text
        assert "about 0:00 of" in run.text
        assert run.screen().shown() == []


@pytest.mark.postgres
def test_where_nobody_watches_there_are_plain_lines() -> None:
    with terminal(SHORT, CI="1") as run:
        assert run.end() in (0, 99)
        lines = run.screen().shown()
        assert lines
        assert all(line.startswith("stress: ") for line in lines)
        assert "\x1b" not in run.text


def test_an_error_before_the_run_stands_alone() -> None:
    with terminal(("heavy", "--target", "nowhere:Thing")) as run:
        assert run.end() == 2
        (line,) = run.screen().shown()
        assert line.startswith("stress: --target nowhere:Thing")
        assert run.screen().cursor


AT_ONCE = """
import os, signal, sys
from stress.load.interrupts import Interrupts
from stress.report.watching import choose
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
progress = choose(sys.stderr, Output(), os.environ)
with Interrupts(progress.line, progress.close) as interrupts, interrupts.deferred():
    progress.begin(Scenario())
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
"""


def test_the_second_ctrl_c_leaves_a_clean_terminal() -> None:
    with terminal((), program=("-c", AT_ONCE)) as run:
        assert run.end() == 130
        assert "starting" in run.text
        assert run.screen().shown() == [STOPPING]
        assert run.screen().cursor


BROKEN = """
import os, sys
from stress.run import execute
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
import stress.session
def broken(*_): raise RuntimeError("a defect of our own")
stress.session.find = broken
try:
    execute(Scenario(), Output())
except RuntimeError as error:
    print(error, file=sys.stderr)
"""


def test_a_defect_of_our_own_leaves_a_clean_terminal() -> None:
    with terminal((), program=("-c", BROKEN)) as run:
        assert run.end() == 0
        assert "starting" in run.text
        assert run.screen().shown() == ["a defect of our own"]
        assert run.screen().cursor
