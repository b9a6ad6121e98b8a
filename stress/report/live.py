"""The live display: the run in a few lines, redrawn in place, gone when the report comes.

Drawn by the controller, in calls of its own loop: no thread may exist when workers are forked.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from stress.report import numbers
from stress.report.frame import Interval, Scene, frame
from stress.report.progress import Glance, told
from stress.report.result import Requests
from stress.report.spans import Line
from stress.scenario.scenario import Scenario

REDRAW_S = 0.25
# What the control plane says of itself: `PostgreSQL 16 started in 0.42 s; 10 tenants created in …`
_STEP = re.compile(r"(?P<what>.+) in (?P<took>[\d.,]+ (?:s|ms|µs))")
_STYLES = {
    "bold": Style(bold=True),
    "dim": Style(dim=True),
    "pass": Style(color="green"),
    "fail": Style(color="red", bold=True),
    "bar": Style(color="blue"),
    "hit": Style(color="blue"),
    "wait": Style(color="magenta"),
}


class Screen:
    """A terminal that may go away: from then on nothing is written, and nobody need know."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Write it, or end."""
        return self._tried(lambda stream: stream.write(text))

    def flush(self) -> None:
        """Send what was written, or end."""
        self._tried(lambda stream: stream.flush())

    def isatty(self) -> bool:
        """It was one when it was chosen."""
        return True

    def fileno(self) -> int:
        """The stream's."""
        if self._stream is None:
            raise OSError("the terminal is gone")
        return self._stream.fileno()

    def _tried(self, call: Callable[[TextIO], int | None]) -> int:
        if self._stream is not None:
            try:
                return call(self._stream) or 0
            except (OSError, ValueError):  # ValueError: the stream was closed
                self._stream = None
        return 0


class LiveProgress:
    """Progress on a terminal. size: its columns and lines now; None: the console's own."""

    live = True

    def __init__(
        self,
        console: Console,
        *,
        unicode: bool = True,
        size: Callable[[], tuple[int, int]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._unicode = unicode
        self._size = size
        self._clock = clock
        self._scene = Scene()
        self._lead = ""
        self._doing_since = 0.0
        self._drawn_at: float | None = None
        self._live: Live | None = None

    def line(self, text: str) -> None:
        """A step of the start where it reads like one; all else stays, above the display."""
        if self._live is not None and self._steps(text):
            return
        with _undisturbed():
            self._console.print(Text(told(text, unicode=self._unicode)), soft_wrap=True)

    def part(self, name: str, number: int, count: int) -> None:  # noqa: ARG002
        """The header says it from now on."""
        self._lead = f"verify, {number} of {count}: "

    def begin(self, scenario: Scenario) -> None:
        """A new header, and nothing of the former measurement."""
        crew = f"{numbers.plural(scenario.procs, 'process', 'processes')} × "
        crew += numbers.plural(scenario.threads, "thread")
        self._scene = Scene(
            title=f"{self._lead}{scenario.name} · {crew}",
            load=_load(scenario),
            requests=scenario.requests,
            steady_s=scenario.steady_s,
        )
        self.doing("starting")

    def doing(self, text: str) -> None:
        """The spinner's line."""
        now = self._clock()
        if text != self._scene.doing:
            self._scene.doing, self._doing_since = text, now
        self._scene.doing_s = now - self._doing_since
        self._draw(now)

    def glance(self, seen: Glance, total_s: float | None) -> None:
        """The figures, once there are any."""
        self._scene.seen, self._scene.total_s = seen, total_s
        if seen.t_s:
            self._draw(self._clock())
        elif seen.part == "cold":
            of = f"{seen.part_requests:,} of {seen.tenants:,} tenants loaded"
            self.doing(f"cold phase: {of}, one at a time")
        else:
            self.doing("warm-up" if seen.part == "warm-up" else "workers start")

    def interval(
        self,
        t_s: float,  # noqa: ARG002
        total_s: float | None,  # noqa: ARG002
        rate: float,
        hit_rate: float | None,
        p99_ns: int | None,
        failed: int,
        violations: int,  # noqa: ARG002
    ) -> None:
        """One more character in every row; drawn with the next glance."""
        self._scene.intervals.append(Interval(rate, hit_rate, p99_ns, failed))

    def done(self, requests: Requests) -> None:
        """Nothing: the report follows, and says it."""

    def close(self) -> None:
        """Erase what was drawn and show the cursor again."""
        with _undisturbed():
            live, self._live = self._live, None
            if live is not None:
                live.stop()

    def _steps(self, text: str) -> bool:
        """Whether the text told of steps; of the last one it may be that it is not done yet."""
        pieces = text.split("; ")
        found = [_STEP.fullmatch(piece) for piece in pieces]
        if found[0] is None or not all(found[:-1]):
            return False
        self._scene.steps = [(one["what"], one["took"]) for one in found if one is not None]
        self.doing(pieces[-1] if found[-1] is None else "starting")
        return True

    def _draw(self, now: float) -> None:
        if self._drawn_at is not None and now - self._drawn_at < REDRAW_S:
            return
        self._drawn_at = now
        self._scene.turn += 1
        with _undisturbed():
            if self._size is not None:
                self._console.size = self._size()
            if self._live is None:
                self._live = Live(
                    console=self._console,
                    auto_refresh=False,
                    transient=True,
                    # The streams stay what they are: workers inherit them.
                    redirect_stdout=False,
                    redirect_stderr=False,
                    get_renderable=self._picture,
                )
                self._live.start()
            self._live.refresh()

    def _picture(self) -> _Picture:
        width, height = self._console.size
        return _Picture(frame(self._scene, width, height, unicode=self._unicode))


class _Picture:
    """Lines for rich, which need no layout any more."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> Iterable[Segment]:
        for line in self._lines:
            yield from (Segment(span.text, _STYLES.get(span.role)) for span in line)
            yield Segment.line()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A part that no Ctrl-C may come into: a handler would draw into what is half drawn.

    The signal is raised again behind it. A mask would not do: libraries have threads of their own,
    which take a signal that this one does not.
    """
    came: list[int] = []
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in former:
            signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        for one in came:
            signal.raise_signal(one)


def _load(scenario: Scenario) -> str:
    if scenario.requests is not None:
        steady = f", then {numbers.planned(scenario.steady_s)}" if scenario.steady_s else ""
        return f" · {numbers.plural(scenario.requests, 'request')}{steady}"
    if scenario.duration_s is not None:
        return f" · {numbers.planned(scenario.duration_s)}"
    return ""
