"""Where the embedded server's temporary directory is made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stress.backend.binaries import Account
from stress.errors import BackendError

# A fresh cluster took 28 MB and each tenant's database 8 MB with PostgreSQL 18, the log apart.
CLUSTER_BYTES = 64 << 20
TENANT_BYTES = 8 << 20
COPY_BYTES = 64 << 20
SOCKET_PATH_LIMIT = 107  # sun_path has 108 bytes on Linux, the last one a NUL
SOCKET_NAME = "/stress-pg-12345678/.s.PGSQL.65535"
USUAL = ("/tmp", "/var/tmp")


@dataclass(frozen=True)
class Folder:
    """A folder that the server's user can use. where: how an error names it."""

    path: Path
    where: str

    @property
    def socket_base(self) -> str | None:
        """Where else the Unix socket's directory must be made; None: beside the data is fine."""
        longest = len(os.fsencode(self.path)) + len(SOCKET_NAME)
        return USUAL[0] if longest > SOCKET_PATH_LIMIT else None

    def full(self) -> BackendError:
        """The error for a disk without room."""
        what = "no space left for PostgreSQL"
        return BackendError(self.where, what, "free some, ask for fewer tenants, or set TMPDIR")


def find(account: Account | None, tenants: int, copy: bool) -> Folder:
    """The first usable of TMPDIR, /tmp and /var/tmp. BackendError where none is.

    copy: whether programs will be copied there, which the file system must allow to run.
    """
    reason: BackendError | None = None
    for folder in _candidates():
        error = _examine(folder, account, tenants, copy)
        if error is None:
            return folder
        reason = reason or error
    assert reason is not None
    raise reason


def _candidates() -> Iterator[Folder]:
    told = os.environ.get("TMPDIR")
    if told:
        yield Folder(Path(told).absolute(), f"TMPDIR {told}")
    for usual in USUAL:
        yield Folder(Path(usual), f"{usual}")


def _examine(
    folder: Folder, account: Account | None, tenants: int, copy: bool
) -> BackendError | None:
    where = folder.where
    if not folder.path.is_dir():
        return BackendError(where, "no such folder", "create it, or set TMPDIR to another")
    if not os.access(folder.path, os.W_OK | os.X_OK):
        return BackendError(where, "may not be written", "set TMPDIR to another folder")
    if account is not None and not _reachable(folder.path, account):
        what = f"user {account.name}, who runs the server, may not enter it"
        return BackendError(where, what, "set TMPDIR to another folder")
    room = os.statvfs(folder.path)
    needed = CLUSTER_BYTES + tenants * TENANT_BYTES + (COPY_BYTES if copy else 0)
    free = room.f_bavail * room.f_frsize
    if free < needed:
        what = f"{free >> 20:,} MB free, {needed >> 20:,} MB are needed"
        return BackendError(where, what, "free some, ask for fewer tenants, or set TMPDIR")
    if copy and room.f_flag & os.ST_NOEXEC:
        return BackendError(where, "its file system is noexec", "set TMPDIR to another folder")
    return None


def _reachable(path: Path, account: Account) -> bool:
    """Whether the account may pass through every folder down to this one."""
    for folder in (path, *path.parents):
        status = folder.stat()
        if status.st_uid == account.uid:
            allowed = status.st_mode & stat.S_IXUSR
        elif status.st_gid == account.gid:
            allowed = status.st_mode & stat.S_IXGRP
        else:
            allowed = status.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True
