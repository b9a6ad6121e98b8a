"""The report on a terminal: a table of contents over its sections."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import headline
from stress.report.json_file import HOLDS
from stress.report.page import WIDTH, Page
from stress.report.result import Result
from stress.report.sections import (
    banner,
    checklist,
    checks,
    counts,
    ending,
    invalid,
    latency,
    performance,
    targets,
    throughput,
)
from stress.report.sections.ending import File


def render(
    result: Result,
    *,
    width: int = WIDTH,
    color: bool = False,
    unicode: bool = True,
    quiet: bool = False,
    files: Sequence[File] = (),
) -> str:
    """The whole report, every line ended; with `quiet` the two lines of its banner.

    No line is wider than `width` columns (20 at least; beyond 80 nothing changes). `unicode`
    False: ASCII alone. `files` are those that were written: name, bytes, what it holds.
    """
    partial = result.verdict.partial and headline.figures_hold(result)
    page = Page(width, color, unicode, suffix=" (partial)" if partial else "")
    if quiet:
        banner.show_two_lines(page, result)
        return page.text()
    banner.show(page, result)
    if headline.figures_hold(result) and result.checklist:
        checklist.show(page, result.checklist)
        counts.show_errors(page, result)
        checks.show_all(page, result, [name for name, _, what in files if what == HOLDS])
        ending.show_caveats(page, result.caveats)
    elif headline.figures_hold(result):
        targets.show(page, result)
        counts.show(page, result)
        latency.show(page, result)
        performance.show(page, result)
        throughput.show(page, result)
        checks.show(page, result)
        ending.show_caveats(page, result.caveats)
    else:
        invalid.show(page, result, files)
    ending.show_ending(page, result, files)
    return page.text()
