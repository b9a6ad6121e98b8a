"""Progress as plain lines, each of which stands alone: a time, figures with units, fixed order."""

from __future__ import annotations

from typing import TextIO

from stress.report import numbers
from stress.report.result import Requests
from stress.report.visible import speaks_unicode, visible

PREFIX = "stress: "
LINE_WIDTH = 100


class PlainProgress:
    """Writes lines to a stream, by its only user; to None it writes nothing.

    A stream that breaks (a closed pipe) ends the progress, never the run.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._unicode = stream is not None and speaks_unicode(stream)

    def line(self, text: str) -> None:
        """One sentence: `stress: PostgreSQL 16 started in 0.42 s`."""
        if self._stream is None:
            return
        shown = visible(f"{PREFIX}{text}", unicode=self._unicode)
        if len(shown) > LINE_WIDTH:
            mark = "…" if self._unicode else "..."
            shown = shown[: LINE_WIDTH - len(mark)] + mark
        try:
            self._stream.write(f"{shown}\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._stream = None

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
