"""Hands a result to every place that was asked for: files first, then the report."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from stress.report import json_file, terminal
from stress.report.page import WIDTH
from stress.report.result import Result
from stress.scenario.output import Output


def deliver(result: Result, output: Output) -> None:
    """Write the files, then print the report; it goes to standard error where data takes stdout."""
    files = []
    stream: TextIO = sys.stdout
    if output.json == "-":
        stream = sys.stderr
        json_file.write(result, "-")
    elif output.json is not None:
        json_file.write(result, output.json)
        size = os.path.getsize(output.json)
        files.append((os.path.basename(output.json), size, "every figure, histograms included"))
    text = terminal.render(
        result,
        width=shutil.get_terminal_size((WIDTH, 24)).columns if stream.isatty() else WIDTH,
        color=output.color == "auto" and stream.isatty(),
        unicode=speaks_unicode(stream),
        quiet=output.quiet,
        files=files,
    )
    stream.write(text)
    stream.flush()


def speaks_unicode(stream: TextIO) -> bool:
    """Whether the report's marks can be written there."""
    try:
        "═█µ×≥".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
