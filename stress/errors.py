"""Everything that ends a run early, with its exit code.

StressError                    an error that is shown as lines on standard error, without a traceback
├── UsageError          (2)    wrong options, configuration or environment; found before anything starts
├── BackendError        (2)    the embedded or given server cannot be used
├── TargetError         (2)    the target cannot be imported, built or understood
└── WorkerDied          (93)   a worker ended that no phase killed; the run is INVALID

Every message has the form `stress: WHERE: WHAT; HOW TO MEND`, at most LINE_WIDTH columns.
"""

from __future__ import annotations

LINE_WIDTH = 100
MAX_LINES = 5


class StressError(Exception):
    """One mistake: where it is, what is wrong, how to mend it. No secret may stand in any of them."""

    exit_code = 1

    def __init__(self, where: str, what: str, mend: str) -> None:
        super().__init__(where, what, mend)
        self.where = where
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        line = f"stress: {self.where}: {self.what}; {self.mend}"
        line = " ".join(line.split())
        if len(line) <= LINE_WIDTH:
            return line
        # The cure is what the reader needs most: shorten the middle, keep both ends.
        room = LINE_WIDTH - len(f"stress: : ; {self.mend}") - 1
        middle = f"{self.where}: {self.what}"
        if room < 20:
            return line[: LINE_WIDTH - 1] + "…"
        return " ".join(f"stress: {middle[: room + 2]}…; {self.mend}".split())[:LINE_WIDTH]


class UsageError(StressError):
    """Wrong options, configuration or environment."""

    exit_code = 2


class BackendError(StressError):
    """The embedded or given server cannot be used."""

    exit_code = 2


class TargetError(StressError):
    """The target cannot be imported, built or understood."""

    exit_code = 2


class WorkerDied(StressError):
    """A worker ended that no phase killed."""

    exit_code = 93


class SeveralErrors(Exception):
    """Several mistakes found at once; shown one line each, at most MAX_LINES."""

    def __init__(self, errors: list[StressError]) -> None:
        super().__init__(*errors)
        self.errors = errors[:MAX_LINES]
        self.exit_code = errors[0].exit_code
