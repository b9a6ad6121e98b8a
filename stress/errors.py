"""Everything that ends a run early, with its exit code.

StressError                    an error that is shown as one line, without a traceback
├── UsageError          (2)    wrong options, configuration or environment; nothing has started
├── BackendError        (2)    the embedded or given server cannot be used
└── TargetError         (2)    the target cannot be imported, built or understood
SeveralErrors                  several of them, shown one line each

Every message has the form `stress: WHERE: WHAT; HOW TO MEND`, at most LINE_WIDTH columns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LINE_WIDTH = 100
MAX_LINES = 5

# When a line is too long, the value in WHERE is cut first, then WHAT, to this length at least. The
# cure is what the reader needs most, so it goes last; the name in WHERE always stays.
_SHORTEST_WHAT = 16
_LONGEST_PLACE = 48

_PLAIN = re.compile(r"[\w./:%+=,@-]+", re.ASCII)


class StressError(Exception):
    """One mistake: where it is, what is wrong, how to mend it. None of them may hold a secret."""

    exit_code = 1

    def __init__(self, where: str, what: str, mend: str) -> None:
        super().__init__(where, what, mend)
        self.where = where
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return self.line()

    def line(self, *, ascii_only: bool = False) -> str:
        """The error line; ascii_only for a terminal that shows nothing else."""
        parts = (self.where, self.what, self.mend)
        where, what, mend = (one_line(part, ascii_only=ascii_only) for part in parts)
        room = LINE_WIDTH - len("stress: : ; ")
        named = re.match(r"--[a-z-]+ |[A-Z_]+=", where)
        shortest = len(named[0]) + 3 if named else min(len(where), _LONGEST_PLACE)
        left = max(shortest, room - len(what) - len(mend))
        where = _shorten(where, left, tail=max(0, min(10, left - 20)))
        what = _shorten(what, max(_SHORTEST_WHAT, room - len(where) - len(mend)))
        mend = _shorten(mend, room - len(where) - len(what))
        return f"stress: {where}: {what}; {mend}"


class UsageError(StressError):
    """Wrong options, configuration or environment."""

    exit_code = 2


class BackendError(StressError):
    """The embedded or given server cannot be used."""

    exit_code = 2


class TargetError(StressError):
    """The target cannot be imported, built or understood."""

    exit_code = 2


class SeveralErrors(Exception):
    """Several mistakes found at once; shown one line each, at most MAX_LINES."""

    def __init__(self, errors: Sequence[StressError]) -> None:
        super().__init__(*errors)
        self.errors = list(errors[:MAX_LINES])
        self.exit_code = errors[0].exit_code


def as_typed(value: str) -> str:
    """A value as a shell wants it: bare where that is safe, else in single quotes."""
    return value if _PLAIN.fullmatch(value) else f"'{one_line(value)}'"


def one_line(text: str, *, ascii_only: bool = False) -> str:
    """The text on one line, every character one column wide; what cannot be is escaped."""
    if ascii_only:
        text = text.replace("…", "...")
    return "".join(
        letter if _is_one_column(letter, ascii_only) else _escaped(letter)
        for letter in text.strip("\n")
    )


def _is_one_column(letter: str, ascii_only: bool) -> bool:
    if " " <= letter <= "~":
        return True
    return (
        not ascii_only
        and letter.isprintable()
        and unicodedata.east_asian_width(letter) not in "WF"
        and unicodedata.category(letter) not in ("Mn", "Me", "Cf")
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shorten(text: str, room: int, tail: int = 0) -> str:
    """At most `room` columns. With a tail both ends stay: they tell which value it is."""
    if len(text) <= room:
        return text
    return f"{text[: room - tail - 3]}...{text[len(text) - tail :]}"
