"""What the checking commands have in common: their options, and how mistakes are gathered."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

from stress.commands.command import Command, Values
from stress.errors import SeveralErrors, UsageError
from stress.scenario import build, phases
from stress.scenario.control_plane import refuse_given
from stress.scenario.options import OPTIONS
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario

CarryOut = Callable[[Scenario, Output], int]


def command(name: str, example: str, carry_out: CarryOut) -> click.Command:
    """A command with the options of phases.OPTIONS; carry_out gives the exit code."""
    defaults = phases.PHASES[name]

    def run(values: Values, mistakes: list[UsageError]) -> int:
        mistakes = [*mistakes, *refuse_given(os.environ)]
        try:
            scenario = phases.scenario(name, values)
        except SeveralErrors as several:
            mistakes += [error for error in several.errors if isinstance(error, UsageError)]
        if mistakes:
            raise SeveralErrors(mistakes)
        return carry_out(scenario, build.output(values, os.environ))

    return Command(
        name,
        defaults.summary,
        example,
        [option for option in OPTIONS if option.name in phases.OPTIONS],
        {"procs": f"{defaults.procs}", "threads": f"{defaults.threads}"},
        run,
    )
