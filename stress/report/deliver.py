"""Hands a result to every place that was asked for: files first, then the report."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import TextIO

from stress.errors import UsageError
from stress.report import history_file, json_file, terminal
from stress.report.files import STANDARD_OUTPUT
from stress.report.history_file import Recorded
from stress.report.page import look_of
from stress.report.result import Result
from stress.report.sections.ending import File
from stress.scenario.output import Output


def deliver(result: Result, output: Output, histories: Sequence[Recorded] = ()) -> None:
    """Write the files, then print the report; it goes to standard error where data takes stdout.

    histories: the recorded calls of each part. UsageError where a file could not be written after
    all, raised behind the report.
    """
    # The run is over: what is half written cleans up after itself, which it cannot without this.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    files: list[File] = []
    stream: TextIO = sys.stdout
    unwritten: UsageError | None = None
    if output.json is not None:
        name = os.path.basename(output.json)
        if output.json == STANDARD_OUTPUT:
            name, stream = json_file.TOLD, sys.stderr
        try:
            files.append((name, json_file.write(result, output.json), json_file.HOLDS))
        except UsageError as error:
            unwritten = error  # the run must not be lost with its file
    if output.history is not None:
        name = os.path.basename(output.history)
        try:
            size = history_file.write(histories, output.history)
            files.append((name, size, history_file.HOLDS))
        except UsageError as error:
            unwritten = unwritten or error
    text = terminal.render(
        result,
        **look_of(stream, output.color)._asdict(),
        quiet=output.quiet,
        files=files,
    )
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough; the exit code still tells the verdict.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if unwritten is not None:
        raise unwritten
