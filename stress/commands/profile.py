"""`stress light`, `medium` and `heavy`: the seed's load profiles."""

from __future__ import annotations

import click

from stress.commands.command import Command, Values
from stress.commands.reading import read
from stress.errors import UsageError
from stress.scenario import build
from stress.scenario.options import of_command
from stress.scenario.profiles import PROFILES, Profile


def command(name: str) -> click.Command:
    """The click command of one profile."""
    profile = PROFILES[name]

    def run(values: Values, mistakes: list[UsageError]) -> int:
        return _run(profile, values, mistakes)

    return Command(
        name,
        profile.summary,
        f"stress {name} --procs 4 --json run.json",
        of_command(name),
        {"threads": f"{profile.threads}", "requests": f"{profile.requests:,}"},
        run,
    )


def _run(profile: Profile, values: Values, mistakes: list[UsageError]) -> int:
    """Validate everything, then carry it out."""
    scenario, output = read(values, mistakes, lambda given: build.scenario(profile, given))
    # Imported late: help and mistakes must not wait for numpy and SQLAlchemy.
    from stress.run import execute

    return execute(scenario, output)
