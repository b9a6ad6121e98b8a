"""Where the embedded server's temporary directory is made.

TMPDIR where it is set (and the server's user may enter it); else a RAM disk with plenty of room;
else /tmp, /var/tmp. In RAM ten tenants took 0.7 s from nothing, every time. On an ext4 without
journal they took 0.9 s, and 3 s when an earlier run's files had just been deleted: creating a file
then took 0.8 ms, and each database has 300.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stress.backend.binaries import Account
from stress.errors import BackendError

# A fresh cluster took 28 MB and each tenant's database 8 MB with PostgreSQL 18, the log apart.
CLUSTER_BYTES = 64 << 20
TENANT_BYTES = 8 << 20
COPY_BYTES = 64 << 20
SOCKET_PATH_LIMIT = 107  # sun_path has 108 bytes on Linux, the last one a NUL
SOCKET_NAME = "/stress-pg-12345678/stress-pg-12345678/.s.PGSQL.65535"
MAKE_ROOM = "free some, use fewer tenants, or set TMPDIR"
USUAL = ("/tmp", "/var/tmp")
RAM_DISK = "/dev/shm"
CONTAINER_MEMORY = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
PLENTY = 4  # times what is needed: free on the RAM disk, and of memory


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
        return BackendError(self.where, "no space left for PostgreSQL", MAKE_ROOM)


def find(account: Account | None, tenants: int, copy: bool) -> Folder:
    """The folder to use. BackendError where none will do, about the one that was expected to.

    copy: whether programs will be copied there, which the file system must allow to run.
    """
    needed = CLUSTER_BYTES + tenants * TENANT_BYTES + (COPY_BYTES if copy else 0)
    told = os.environ.get("TMPDIR")
    if told:
        path = Path(told).absolute()
        if account is None or not path.is_dir() or _may_enter(path, account):
            return _usable([Folder(path, f"TMPDIR={told}")], account, needed, copy)
    ram_disk = Folder(Path(RAM_DISK), RAM_DISK)
    if _memory() >= PLENTY * needed and not _objection(ram_disk, account, PLENTY * needed, copy):
        return ram_disk
    return _usable([Folder(Path(usual), usual) for usual in USUAL], account, needed, copy)


def _usable(folders: list[Folder], account: Account | None, needed: int, copy: bool) -> Folder:
    objections = []
    for folder in folders:
        objection = _objection(folder, account, needed, copy)
        if objection is None:
            return folder
        objections.append(objection)
    raise objections[0]


def _memory() -> int:
    """Bytes of memory that may still be used, as the machine and the container's limit say."""
    found = []
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) << 10)
    for limit, used in CONTAINER_MEMORY:
        with suppress(OSError, ValueError):  # ValueError: "max"
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
    return min(found, default=0)


def _objection(
    folder: Folder, account: Account | None, needed: int, copy: bool
) -> BackendError | None:
    where = folder.where
    if not folder.path.is_dir():
        return BackendError(where, "no such folder", "create it, or set TMPDIR to another")
    if not os.access(folder.path, os.W_OK | os.X_OK):
        return BackendError(where, "may not be written", "set TMPDIR to another folder")
    if account is not None and not _may_enter(folder.path, account):
        what = f"user {account.name}, who runs the server, may not enter it"
        return BackendError(where, what, "set TMPDIR to another folder")
    room = os.statvfs(folder.path)
    free = room.f_bavail * room.f_frsize
    if free < needed:
        what = f"{free >> 20:,} MB free, {needed >> 20:,} MB needed"
        return BackendError(where, what, MAKE_ROOM)
    if copy and room.f_flag & os.ST_NOEXEC:
        what = "its file system is noexec, and the binaries must be copied there"
        return BackendError(where, what, "set TMPDIR to another")
    return None


def _may_enter(path: Path, account: Account) -> bool:
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
