"""`stress verify`: the whole verification, and its checklist."""

from __future__ import annotations

import click

from stress.commands import checking
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario


def command(name: str) -> click.Command:
    """The click command."""
    return checking.command(name, "stress verify --procs 4 --json verify.json", _carry_out)


def _carry_out(scenario: Scenario, output: Output) -> int:
    # Imported late: help and mistakes must not wait for numpy and SQLAlchemy.
    from stress.verification import execute

    return execute(scenario, output)
