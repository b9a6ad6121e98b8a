"""Writes a file whole or not at all, and what an option asks for to where it says."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys

from stress.errors import UsageError
from stress.report.visible import visible

STANDARD_OUTPUT = "-"
PLAIN = 0o666  # less the umask, as for any file that a program writes


def write_whole(path: str, data: bytes) -> None:
    """Put `data` in the place of what is at `path`, in one step. OSError where that is impossible.

    A regular file is replaced by a rename within its folder, so that a reader sees the old content
    or the new, and a full disk or a kill leaves the old. Symbolic links are followed. Devices and
    pipes are written to.
    """
    try:
        mode: int | None = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as file:
            file.write(data)
        return
    place = os.path.realpath(path)
    folder, name = os.path.split(place)
    draft = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(4)}")
    # Not tempfile: its files are private to the user, and what is renamed keeps its mode.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PLAIN)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, stat.S_IMODE(mode))
            file.write(data)
        os.replace(draft, place)
    except BaseException:
        os.unlink(draft)
        raise


def hand_over(option: str, path: str, data: bytes) -> int:
    """Write `data` to the file that an option names, `-` being standard output; its size in bytes.

    UsageError where the file cannot be written.
    """
    if path == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)  # UTF-8, whatever the locale says of text
        sys.stdout.buffer.flush()
        return len(data)
    try:
        write_whole(path, data)
    except OSError as error:
        what = (error.strerror or type(error).__name__).lower()
        cure = "free some space" if error.errno == errno.ENOSPC else "choose another place"
        raise UsageError(f"{option} {visible(path)}", what, cure) from None
    return len(data)
