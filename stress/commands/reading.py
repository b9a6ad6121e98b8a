"""From a command's options to what it is to do: every mistake is gathered before any is shown."""

from __future__ import annotations

import os
from collections.abc import Callable

from stress.commands.command import Values
from stress.errors import SeveralErrors, UsageError
from stress.scenario import build
from stress.scenario.control_plane import mistakes_of
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario


def read(
    values: Values, mistakes: list[UsageError], make: Callable[[Values], Scenario]
) -> tuple[Scenario, Output]:
    """The Scenario of `make`, and where its report goes. SeveralErrors with all mistakes."""
    mistakes = [*mistakes, *mistakes_of(os.environ)]
    try:
        scenario = make(values)
    except SeveralErrors as several:
        mistakes += [error for error in several.errors if isinstance(error, UsageError)]
    if mistakes:
        raise SeveralErrors(mistakes)
    return scenario, build.output(values, os.environ)
