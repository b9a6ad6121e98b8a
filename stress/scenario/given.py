"""A value as somebody gave it: on the command line, or in the environment."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from stress.errors import UsageError, as_typed
from stress.scenario.units import Misread

T = TypeVar("T")


class Word(msgspec.Struct, frozen=True):
    """One value as typed: `name` is the option or the variable."""

    name: str
    text: str

    @property
    def from_environment(self) -> bool:
        """Whether it stands in a variable: an option on the command line goes before it."""
        return not self.name.startswith("-")

    @property
    def where(self) -> str:
        """The place of a mistake, as it was written: `--procs 0`, `STRESS_PROCS=0`."""
        return f"{self.name}{'=' if self.from_environment else ' '}{as_typed(self.text)}"

    def mistake(self, misread: Misread) -> UsageError:
        """The error line for this word."""
        return UsageError(self.where, misread.what, misread.mend)


class Given(msgspec.Struct, Generic[T], frozen=True):
    """A validated value, and the word it was read from."""

    value: T
    word: Word
