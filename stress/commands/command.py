"""One subcommand for click: reads its options, collects mistakes.

click parses; what the values mean, and whether they are right, is decided outside it.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import click

from stress.errors import SeveralErrors, UsageError
from stress.scenario.given import Given
from stress.scenario.metrics import AGGREGATIONS, LABELS, METRICS
from stress.scenario.option import Option

Values = dict[str, list[Given[Any]]]
Run = Callable[[Values, list[UsageError]], int]

WIDTH = 80
COLUMN = 26  # where the explanations of options begin
_TERMS = (
    (
        "metrics",
        [*(name for name in METRICS if not name.endswith("_violations")), "CHECK_violations"],
    ),
    ("labels", LABELS),
    ("aggregations", AGGREGATIONS),
)
# Under --tenants-table; here in words, for help must not wait for the resolver and its libraries.
_KEYS = """
  FILE is TOML, each key optional: table, id, active (an SQL condition),
  version, cipher, and either url (one encrypted column) or host, port,
  database, username, password
"""
_ENVIRONMENT = """
Every option has an environment form, such as STRESS_TENANTS=4, STRESS_QUIET=1;
the command line goes before the environment.
"""
_PARTED = "Several expressions in STRESS_THRESHOLD are parted by semicolons.\n"
GROUPS = ("Load", "Tenants", "Target", "Control plane", "Checks", "Thresholds", "Output")


class Command(click.Command):
    """A command of options alone. `run` gets the values and the mistakes, returns the exit code.

    purpose: one sentence. example: a command line to copy. defaults: what `--help` shows where an
    option's default is the profile's.
    """

    def __init__(
        self,
        name: str,
        purpose: str,
        example: str,
        options: Sequence[Option],
        defaults: dict[str, str],
        run: Run,
    ) -> None:
        self._purpose = purpose
        self._example = example
        self.options = tuple(options)
        self._defaults = defaults
        self._values: Values = {}
        self._mistakes: list[UsageError] = []
        self.typed: list[str] = []
        super().__init__(
            name,
            callback=lambda: run(self._values, self._mistakes),
            params=[self._parameter(option) for option in options],
            context_settings={"help_option_names": ["--help", "-h"]},
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; mistakes in values that were read go before what click finds afterwards."""
        self.typed = list(args)
        self._values.clear()
        self._mistakes.clear()
        try:
            return super().parse_args(ctx, args)
        except click.UsageError:
            if self._mistakes:
                raise SeveralErrors(self._mistakes) from None
            raise

    def _parameter(self, option: Option) -> click.Option:
        def collect(_ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
            # click calls back in the order of the command line: so mistakes keep that order.
            typed = [""] if value is True else list(value or ())
            given, mistakes = option.collect(typed, os.environ)
            self._values[option.name] = given
            self._mistakes.extend(mistakes)

        names = [name for name in (option.short, option.long) if name is not None]
        if option.read is None:
            return click.Option(names, is_flag=True, expose_value=False, callback=collect)
        return click.Option(
            names, type=click.UNPROCESSED, multiple=True, expose_value=False, callback=collect
        )

    def format_help(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One sentence, one example, the options in their groups with their defaults."""
        formatter.write(f"stress {self.name} - {self._purpose}\n\n  {self._example}\n\n")
        formatter.write(f"Usage: stress {self.name} [OPTIONS]\n")
        for group in GROUPS:
            options = [option for option in self.options if option.group == group]
            if options:
                formatter.write(f"\n{click.style(group, bold=True)}\n")
            for option in options:
                formatter.write(_entry(option, self._defaults.get(option.name) or option.default))
            if any(option.name == "tenants_table" for option in options):
                formatter.write(_KEYS)
            if group == "Thresholds" and options:
                formatter.write(_grammar())
        formatter.write(_ENVIRONMENT)
        if any(option.many for option in self.options):
            formatter.write(_PARTED)


def _grammar() -> str:
    """What may stand in a threshold."""
    lines = ["", "  METRIC{LABEL:VALUE}:AGGREGATION OP VALUE, such as hit_rate:value>95%"]
    for term, words in _TERMS:
        lead = f"    {term:<14}"
        lines += textwrap.wrap(
            ", ".join(words), WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead)
        )
    return "\n".join(lines) + "\n"


def _entry(option: Option, default: str | None) -> str:
    names = ", ".join(name for name in (option.short, option.long) if name is not None)
    left = f"  {names} {option.metavar}".rstrip()
    words = f"{option.help} ({default})" if default else option.help
    lines: list[str] = []
    for word in words.split():
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH - COLUMN:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    gap = " " * COLUMN
    first = f"{left:<{COLUMN}}" if len(left) < COLUMN - 1 else f"{left}\n{gap}"
    return first + f"\n{gap}".join(lines) + "\n"
