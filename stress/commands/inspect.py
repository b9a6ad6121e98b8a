"""`stress inspect`: how a target was understood, and what will be NOT TESTED; no load."""

from __future__ import annotations

import sys

import click

from stress.commands.command import Command, Values
from stress.commands.reading import read
from stress.errors import UsageError
from stress.scenario import build
from stress.scenario.options import OPTIONS
from stress.scenario.profiles import PROFILES

SUMMARY = "how a target is understood, and what will be NOT TESTED"
OPTION_NAMES = (
    "target",
    "target_arg",
    "target_method",
    "target_kind",
    "target_build",
    "target_scope",
    "target_ttl",
    "cache_ttl",
    "pg_bin",
    "tenants_table",
    "max_connections",
    "json",
    "quiet",
    "no_color",
)


def command(name: str) -> click.Command:
    """The click command."""
    options = [option for option in OPTIONS if option.name in OPTION_NAMES]
    return Command(name, SUMMARY, "stress inspect --target mypkg:factory", options, {}, _run)


def _run(values: Values, mistakes: list[UsageError]) -> int:
    """Validate everything, then look."""
    scenario, output = read(
        values, mistakes, lambda given: build.scenario(PROFILES["light"], given)
    )
    # Imported late: help and mistakes must not wait for SQLAlchemy.
    import msgspec

    from stress.inspection import inspect
    from stress.report.files import STANDARD_OUTPUT, hand_over
    from stress.report.inspection import page_of
    from stress.report.page import look_of
    from stress.report.progress import PlainProgress

    found = inspect(
        msgspec.structs.replace(scenario, tenants=scenario.tenants or 1),
        PlainProgress(None if output.quiet else sys.stderr).line,
    )
    stream = sys.stdout
    if output.json is not None:
        data = msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
        hand_over("--json", output.json, data)
        if output.json == STANDARD_OUTPUT:
            return 0
    look = look_of(stream, output.color)
    stream.write(page_of(found.target, found.rows, found.untested, look))
    return 0
