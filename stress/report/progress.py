"""What is told while a run goes on: what a teller of progress is asked, and the plain lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TextIO

from stress.report import numbers
from stress.report.result import Error, Requests
from stress.report.visible import speaks_unicode, visible
from stress.scenario.scenario import Scenario

PREFIX = "stress: "
LINE_WIDTH = 100


class Glance(Protocol):
    """A run at one instant, as whoever watches it hands it over."""

    @property
    def part(self) -> str:
        """`start`, `cold`, `warm-up`, or what is measured: `counted`, `check`, `steady`."""

    @property
    def part_s(self) -> float:
        """Since the first request of this part."""

    @property
    def part_requests(self) -> int:
        """Finished in this part."""

    @property
    def tenants(self) -> int:
        """Of the run."""

    @property
    def t_s(self) -> float:
        """Since the first measured request; 0 before it."""

    @property
    def requests(self) -> int:
        """Finished in all measured parts, as the next three."""

    @property
    def hits(self) -> int:
        """Hits of them."""

    @property
    def failed(self) -> int:
        """Errors of them."""

    @property
    def checked(self) -> int:
        """Answers of them that were compared with the truth."""

    @property
    def violations(self) -> int:
        """Wrong, invented and torn answers."""

    @property
    def p99_ns(self) -> int | None:
        """Of the whole run up to the end of its last interval."""

    @property
    def errors(self) -> Sequence[Error]:
        """Each kind that was seen so far; their counts are known only when the run has ended."""


class Progress(Protocol):
    """Who tells of a run. Called by the controller alone, in its main thread.

    live: `glance` and `doing` are shown, so they are worth being called often.
    """

    live: bool

    def line(self, text: str) -> None:
        """One sentence. It may be called in a signal handler."""

    def part(self, name: str, number: int, count: int) -> None:
        """The next of several measurements begins, the `number`th of `count`."""

    def begin(self, scenario: Scenario) -> None:
        """A measurement begins."""

    def doing(self, text: str) -> None:
        """What is being done where nothing is measured yet."""

    def glance(self, seen: Glance, total_s: float | None) -> None:
        """How it stands. total_s: how long the measured part is to last, roughly in a phase."""

    def interval(
        self,
        t_s: float,
        total_s: float | None,
        rate: float,
        hit_rate: float | None,
        p99_ns: int | None,
        failed: int,
        violations: int,
    ) -> None:
        """The figures of one interval that ends `t_s` into a run of `total_s` (None: until done).

        `rate` in requests per second; `failed` of this interval; `violations` since the start.
        """

    def done(self, requests: Requests) -> None:
        """The accounting of the whole run."""

    def close(self) -> None:
        """The last call but for `line` and `done`: what was drawn goes. It may be repeated."""


def told(text: str, *, unicode: bool) -> str:
    """A sentence as a line of its own: prefixed, harmless, at most LINE_WIDTH long."""
    shown = visible(f"{PREFIX}{text}", unicode=unicode)
    if len(shown) > LINE_WIDTH:
        mark = "…" if unicode else "..."
        shown = shown[: LINE_WIDTH - len(mark)] + mark
    return shown


class PlainProgress:
    """Plain lines, each of which stands alone: a time, figures with units, fixed order.

    Writes to a stream, by its only user; to None it writes nothing. A stream that breaks (a closed
    pipe) ends the progress, never the run.
    """

    live = False

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._unicode = stream is not None and speaks_unicode(stream)

    def line(self, text: str) -> None:
        """One sentence: `stress: PostgreSQL 16 started in 0.42 s`."""
        if self._stream is None:
            return
        shown = told(text, unicode=self._unicode)
        try:
            self._stream.write(f"{shown}\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._stream = None

    def part(self, name: str, number: int, count: int) -> None:  # noqa: ARG002
        """`stress: heavy …`"""
        self.line(f"{name} …")

    def begin(self, scenario: Scenario) -> None:
        """Nothing: each line stands alone."""

    def doing(self, text: str) -> None:
        """Nothing: only what is done has a line."""

    def glance(self, seen: Glance, total_s: float | None) -> None:
        """Nothing: the interval's line is enough."""

    def interval(
        self,
        t_s: float,
        total_s: float | None,
        rate: float,
        hit_rate: float | None,
        p99_ns: int | None,
        failed: int,
        violations: int,
    ) -> None:
        """The figures of one interval that ends `t_s` into a run of `total_s` (None: until done).

        `rate` in requests per second; `failed` of this interval; `violations` since the start.
        """
        time = numbers.clock(t_s) + ("" if total_s is None else f"/{numbers.clock(total_s)}")
        self.line(
            f"{time}  {numbers.rate(rate)}  hit {numbers.percent(hit_rate, 2):>7}"
            f"  p99 {numbers.duration(p99_ns)}  errors {failed:,}  violations {violations:,}"
        )

    def failure(self, t_s: float, kind: str, count: int, since_s: float, message: str) -> None:
        """A kind of failure: `0:25 ControlPlaneUnavailable, 198 times since 0:22: refused`."""
        times = "once" if count == 1 else f"{count:,} times"
        told = f"{numbers.clock(t_s)} {kind}, {times} since {numbers.clock(since_s)}"
        self.line(f"{told}: {message}" if message else told)

    def done(self, requests: Requests) -> None:
        """The accounting of the whole run."""
        sides = f"{requests.successful:,} successful + {requests.failed:,} failed"
        sides += f" + {requests.skipped:,} skipped"
        sides += f" + {requests.unfinished:,} unfinished" if requests.unfinished else ""
        self.line(f"done: {requests.scheduled:,} scheduled = {sides}")

    def close(self) -> None:
        """Nothing was drawn."""
