"""`stress selftest`: planted defects, each of which a check must find."""

from __future__ import annotations

import os
from dataclasses import replace

import click

from stress.commands.command import Command, Values
from stress.errors import SeveralErrors, UsageError
from stress.scenario import build
from stress.scenario.option import Option
from stress.scenario.options import OPTIONS
from stress.scenario.readers import whole

SUMMARY = "planted defects: each found, missed or a false alarm"
MOST_REPEATS = 1000
HELP = {
    "check": "only this check's defects, and the clean targets; may be given again",
    "json": "the outcomes, as a list",
}

OWN = (
    Option(
        "--repeat",
        "Load",
        "run every case so often",
        read=whole(1, MOST_REPEATS, "nothing would run"),
        metavar="N",
        value="10",
        default="1",
        only=("selftest",),
    ),
)
"""The option that no other command has."""

_SHARED = ("seed", "pg_bin", "check", "json", "quiet", "no_color")


def command(name: str) -> click.Command:
    """The click command."""
    shared = [
        replace(option, help=HELP.get(option.name, option.help))
        for option in OPTIONS
        if option.name in _SHARED
    ]
    example = "stress selftest --check read_after_invalidate --repeat 10"
    return Command(name, SUMMARY, example, [*OWN, *shared], {}, _run)


def _run(values: Values, mistakes: list[UsageError]) -> int:
    if mistakes:
        raise SeveralErrors(mistakes)
    output = build.output(values, os.environ)
    # Imported late: help and mistakes must not wait for numpy and SQLAlchemy.
    from stress.selftest.run import Plan, execute

    given = {name: [one.value for one in found] for name, found in values.items()}
    plan = Plan(
        checks=tuple(given.get("check", ())),
        repeat=next(iter(given.get("repeat", ())), 1),
        seed=next(iter(given.get("seed", ())), 1),
        pg_bin=next(iter(given.get("pg_bin", ())), None),
    )
    return execute(plan, output)
