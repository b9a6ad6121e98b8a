"""One option: how it is called, and how its values are collected from words and environment.

Every option has an environment form, `STRESS_` and its long name; the command line goes before it.
An option is given once. A variable that is set but empty is a mistake, never the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stress.errors import UsageError
from stress.scenario.given import Given, Word
from stress.scenario.units import Misread

Group = Literal["Load", "Tenants", "Target", "Control plane", "Checks", "Thresholds", "Output"]
Reader = Callable[[str], Any]
"""From a value as typed to the validated one; Misread says what is wrong."""

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Option:
    """One option. `read` is None for a flag; `many`: may be given more than once.
    `only`: the commands that have it; empty: those that measure and those that check.

    `value` is an example to type, `default` the default in words, None where it is the profile's.
    """

    long: str
    group: Group
    help: str
    read: Reader | None = None
    metavar: str = ""
    value: str = ""
    default: str | None = None
    short: str | None = None
    many: bool = False
    only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The Python name: `--cache-ttl` is cache_ttl."""
        return self.long[2:].replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment form."""
        return f"STRESS_{self.name.upper()}"

    def collect(
        self, typed: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[list[Given[Any]], list[UsageError]]:
        """The values that were given, validated, and a line for each mistake.

        typed: the values on the command line, in order. Empty: the environment form holds.
        """
        if self.read is None:
            return self._collect_flag(typed, environment)
        words = [Word(self.long, text) for text in typed] or self._variable_words(environment)
        if len(words) > 1 and not self.many:
            where = f"{words[0].where} and {words[1].where}"
            return [], [UsageError(where, "given twice", "keep one")]
        given: list[Given[Any]] = []
        mistakes: list[UsageError] = []
        for word in words:
            try:
                given.append(Given(self._read(word), word))
            except Misread as misread:
                mistakes.append(word.mistake(misread))
        return given, mistakes

    def _read(self, word: Word) -> Any:
        if self.read is None:
            raise TypeError(f"{self.long} has no value")
        if word.text == "":
            if word.from_environment:
                raise Misread("set but empty", f"give it a value, or: unset {word.name}")
            raise Misread("empty", f"write {self.long} {self.value}")
        if not word.from_environment and word.text.startswith("--"):
            raise Misread("an option, not a value", f"write {self.long} {self.value}")
        return self.read(word.text)

    def _variable_words(self, environment: Mapping[str, str]) -> list[Word]:
        text = environment.get(self.variable)
        if text is None:
            return []
        if self.many:
            parts = [part.strip() for part in text.split(";") if part.strip()]
            return [Word(self.variable, part) for part in parts or [""]]
        return [Word(self.variable, text)]

    def _collect_flag(
        self, typed: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[list[Given[Any]], list[UsageError]]:
        if typed:
            return [Given(True, Word(self.long, ""))], []
        text = environment.get(self.variable)
        if text is None:
            return [], []
        word = Word(self.variable, text)
        if text.lower() in _TRUE:
            return [Given(True, word)], []
        if text.lower() in _FALSE:
            return [Given(False, word)], []
        what = "neither yes nor no" if text else "set but empty"
        return [], [word.mistake(Misread(what, f"give it 1 or 0, or: unset {word.name}"))]
