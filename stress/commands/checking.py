"""What the checking commands have in common: their options, and how mistakes are gathered."""

from __future__ import annotations

from collections.abc import Callable

import click

from stress.commands.command import Command, Values
from stress.commands.reading import read
from stress.errors import UsageError
from stress.scenario import phases
from stress.scenario.options import of_command
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario

CarryOut = Callable[[Scenario, Output], int]


def command(name: str, example: str, carry_out: CarryOut) -> click.Command:
    """A command with the options of phases.OPTIONS; carry_out gives the exit code."""
    defaults = phases.PHASES[name]

    def run(values: Values, mistakes: list[UsageError]) -> int:
        made = read(values, mistakes, lambda given: phases.scenario(name, given))
        return carry_out(*made)

    return Command(
        name,
        defaults.summary,
        example,
        [one for one in of_command(name) if one.name in phases.OPTIONS],
        {
            "procs": f"{defaults.procs}",
            "threads": f"{defaults.threads}",
            **({"cache_ttl": f"{phases.EXPIRY_TTL_S:g}s"} if name == "expiry" else {}),
        },
        run,
    )
