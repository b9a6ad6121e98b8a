"""The command that a caveat's cure ends in: the run's own, with what has to change."""

from __future__ import annotations

from stress.report.result import Result
from stress.scenario.command import command_of


def again(result: Result, **changed: object) -> str:
    """The run's command. changed: fields of the scenario by name."""
    return command_of(result.scenario, **changed)
