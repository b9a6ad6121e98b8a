"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat

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
