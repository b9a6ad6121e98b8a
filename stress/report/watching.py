"""Which progress suits a stream: a live display on a terminal that somebody watches, else lines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO, cast

from stress.report.page import WIDTH
from stress.report.progress import PlainProgress, Progress
from stress.report.visible import speaks_unicode
from stress.scenario.output import Output

HEIGHT = 24


def choose(stream: TextIO, output: Output, environment: Mapping[str, str]) -> Progress:
    """The progress of one run, on a stream whose only user it is until it is closed."""
    if output.quiet:
        return PlainProgress(None)
    if not _moves_its_cursor(stream, environment):
        return PlainProgress(stream)
    # Imported late: most runs are in no terminal.
    from rich.console import Console

    from stress.report.live import LiveProgress, Screen

    screen = Screen(stream)

    def size() -> tuple[int, int]:
        try:
            columns, lines = os.get_terminal_size(screen.fileno())
        except (OSError, ValueError):
            columns, lines = shutil.get_terminal_size((WIDTH, HEIGHT))
        return columns or WIDTH, lines or HEIGHT

    width, height = size()
    console = Console(
        file=cast(TextIO, screen),
        force_terminal=True,
        force_interactive=True,
        color_system="standard" if output.color == "auto" else None,
        legacy_windows=False,
        highlight=False,
        width=width,
        height=height,
    )
    return LiveProgress(console, unicode=speaks_unicode(stream), size=size)


def _moves_its_cursor(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """A terminal, and one that is watched: a CI's log keeps whatever was drawn over."""
    if environment.get("CI", "").lower() not in ("", "0", "false", "no"):
        return False
    if environment.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
