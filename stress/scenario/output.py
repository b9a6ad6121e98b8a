"""Where the report and the data of a run go, and how they look. Checked before the run begins."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Literal

import msgspec

from stress.errors import as_typed
from stress.scenario.units import Misread


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """json: the result file, `-` for standard output (the report then goes to standard error).
    history: the file of every recorded call.

    color `auto`: where the stream is a terminal. quiet: the verdict alone, and no progress.
    """

    json: str | None = None
    history: str | None = None
    quiet: bool = False
    color: Literal["auto", "never"] = "auto"


def writable_file(path: str, example: str) -> str:
    """The path, if a file can be written there; nothing is created and nothing is changed.

    An existing file keeps its content until the run has something to put in its place. Devices and
    pipes are legal. `example` is a file name for the cure.
    """
    if path == "-":
        return path
    if not path.strip():
        raise Misread("empty", f"write {example}, or - for standard output")
    try:
        mode = _mode(path)
        if mode is None and not path.endswith("/"):
            _check_folder(_folder_of(path))
        elif mode is None or stat.S_ISDIR(mode):
            inside = as_typed(os.path.join(path, example))
            raise Misread("a folder, not a file", f"name a file in it: {inside}")
        elif not os.access(path, os.W_OK):
            raise Misread(
                "this file may not be written", f"choose another, or: chmod u+w {as_typed(path)}"
            )
        elif stat.S_ISREG(mode):
            _check_folder(_folder_of(path))
    except OSError as error:
        what = (error.strerror or type(error).__name__).lower()
        raise Misread(what, f"choose another place, such as {example}") from None
    return path


def history_file(path: str) -> str:
    """A file for the recorded calls; standard output is for a result."""
    if path == "-":
        raise Misread("no file", "write history.jsonl")
    return writable_file(path, "history.jsonl")


def _mode(path: str) -> int | None:
    """The kind of file that is there, or None."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None
    except ValueError:  # a NUL inside, or what the file system's encoding cannot spell
        raise Misread("no file can have this name", "choose another") from None


def _folder_of(path: str) -> str:
    """Where the file itself lies: behind a link, if the path is one."""
    path = os.path.realpath(path) if os.path.islink(path) else path
    return os.path.dirname(path) or "."


def _check_folder(folder: str) -> None:
    """A file replaces the old one by a rename in the same folder, so the folder must take files."""
    told = as_typed(folder)
    if not os.path.isdir(folder):
        if os.path.exists(folder):
            raise Misread(f"{told} is a file, not a folder", "choose another place")
        nested = not os.path.isdir(os.path.dirname(folder) or ".")
        raise Misread(f"no folder {told}", f"create it: mkdir {'-p ' if nested else ''}{told}")
    try:
        # What the system allows is known only by trying; this file never has a name where the
        # system can do without one, and is gone at once where it cannot.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Misread(
            f"folder {told} takes no new file ({reason})", "choose another place"
        ) from None
