"""Hands a result to every place that was asked for: files first, then the report."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from stress.report import json_file, terminal
from stress.report.page import WIDTH
from stress.report.result import Result
from stress.report.sections.ending import File
from stress.report.visible import speaks_unicode
from stress.scenario.output import Output


def deliver(result: Result, output: Output) -> None:
    """Write the files, then print the report; it goes to standard error where data takes stdout."""
    files: list[File] = []
    stream: TextIO = sys.stdout
    if output.json is not None:
        size = json_file.write(result, output.json)
        if output.json == json_file.STANDARD_OUTPUT:
            stream = sys.stderr
        else:
            files.append((os.path.basename(output.json), size, json_file.HOLDS))
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
