"""The run's side of the embedded server: it gives the warden its orders and holds the pipe."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.backend.binaries import Account, Binaries
from stress.backend.folder import Folder
from stress.errors import BackendError

START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
SUPERUSER = "postgres"
LOOPBACK = "127.0.0.1"
NO_ROOM = ("No space left on device", "Disk quota exceeded")
WARDEN = Path(__file__).with_name("warden.py")

Since = Mapping[int, tuple[str, ...]]

# Thrown away afterwards: nothing is written for durability. Nothing runs beside the load (no
# autovacuum, no checkpoint, no workers). No statement reaches the log.
SETTINGS = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_permissions=0700",
    "max_connections=1000",
    "superuser_reserved_connections=5",
    "shared_buffers=64MB",
    "dynamic_shared_memory_type=mmap",  # in the directory; /dev/shm is small in containers
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=4GB",
    "checkpoint_timeout=1d",
    "autovacuum=off",
    "max_worker_processes=0",
    "password_encryption=scram-sha-256",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
    "logging_collector=off",
    "timezone=UTC",
    "log_timezone=UTC",
)
SETTINGS_SINCE: Since = {18: ("io_method=sync",)}
INITDB = (
    "--username=" + SUPERUSER,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--wal-segsize=1",
)
INITDB_SINCE: Since = {14: ("--no-instructions",), 18: ("--no-data-checksums",)}


@dataclass(frozen=True)
class Times:
    """Seconds that the steps took."""

    initdb_s: float
    start_s: float


class Server:
    """A running server. Close it, or let the process die: both remove it and its directory.

    host, port: the loopback address that tenants are reached by. socket: folder of the Unix
    socket.
    """

    def __init__(
        self, binaries: Binaries, account: Account | None, folder: Folder, password: str
    ) -> None:
        self._owner = os.getpid()
        self._where = binaries.where
        self._folder = folder
        self.directory: str | None = None
        self.password = password
        self.host = LOOPBACK
        self.port = 0
        self._warden: subprocess.Popen[bytes] | None = None
        self._lifeline = self._messages = -1
        try:
            with _signals_blocked():
                self._start_warden()
            self._order(binaries, account)
            self.times = self._follow()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<Server on {self.host}:{self.port}>"

    def _start_warden(self) -> None:
        orders, self._lifeline = os.pipe()
        self._messages, messages = os.pipe()
        try:
            self._warden = subprocess.Popen(
                [sys.executable, "-I", "-S", str(WARDEN)],
                stdin=orders,
                stdout=messages,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath)},
                start_new_session=True,
            )
        finally:
            os.close(orders)
            os.close(messages)

    def _order(self, binaries: Binaries, account: Account | None) -> None:
        initdb = [*INITDB, *_since(INITDB_SINCE, binaries.major)]
        orders = {
            "base": str(self._folder.path),
            "socket_base": self._folder.socket_base,
            "binaries": binaries.folder_in_copy or str(binaries.folder),
            "copy": binaries.copy,
            "owner": (account.uid, account.gid) if account else None,
            "password": self.password,
            "initdb": initdb,
            "settings": [*SETTINGS, *_since(SETTINGS_SINCE, binaries.major)],
            "environment": _server_environment(),
        }
        with suppress(BrokenPipeError):  # the warden has died; its silence is reported
            os.write(self._lifeline, json.dumps(orders).encode() + b"\n")

    def _follow(self) -> Times:
        """Read the warden's messages until the server is ready. BackendError where it fails."""
        initdb_s = 0.0
        for message in self._read_messages():
            if "directory" in message:
                self.directory = message["directory"]
            elif "initdb" in message:
                initdb_s = message["initdb"]
            elif "failed" in message:
                raise self._explain(message)
            elif "ready" in message:
                self.port = message["ready"]
                self.pid: int = message["pid"]
                self.socket: str = message["folder"]
                return Times(initdb_s, message["seconds"])
        raise BackendError(self._where, "its warden process ended", "run it again")

    def _read_messages(self) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + START_LIMIT_S
        data = b""
        poll = select.poll()  # select() knows no descriptor above 1023
        poll.register(self._messages, select.POLLIN)
        while True:
            limit_s = deadline - time.monotonic()
            if limit_s <= 0 or not poll.poll(limit_s * 1000):
                what = f"the server did not start within {START_LIMIT_S:.0f} s"
                raise BackendError(self._where, what, "see what else keeps the machine busy")
            more = os.read(self._messages, 1 << 16)
            if not more:
                return
            *lines, data = (data + more).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def _explain(self, failed: dict[str, Any]) -> BackendError:
        """One line for what the warden reports."""
        step, log, refused = failed["failed"], failed.get("log", ""), failed.get("refused")
        if any(no_room in f"{log}{refused}" for no_room in NO_ROOM):
            return self._folder.full()
        if step in ("directory", "copy"):
            return BackendError(self._folder.where, f"{refused}", "set TMPDIR to another folder")
        if refused is not None:
            what = f"{step} does not run: {refused}"
            return BackendError(self._where, what, "check who may execute it")
        what = f"{step} failed: {_reason(log) or 'status ' + str(failed['status'])}"
        return BackendError(self._where, what, "give another --pg-bin DIR")

    def after_fork_in_child(self) -> None:
        """Let go of the pipe that keeps the server alive. For a forked worker, once."""
        for number in (self._lifeline, self._messages):
            with suppress(OSError):
                os.close(number)
        self._lifeline = self._messages = -1

    def close(self) -> None:
        """Stop the server and wait until its directory is gone. Again: nothing happens."""
        if os.getpid() != self._owner or self._lifeline < 0:
            return
        with suppress(BrokenPipeError):
            os.write(self._lifeline, b"\n")  # a forked process may hold the pipe open
        os.close(self._lifeline)  # from here on the warden clears up, whatever happens to us
        self._lifeline = -1
        os.close(self._messages)
        if self._warden is not None:
            try:
                self._warden.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._warden.kill()
                self._warden.wait()
        if self.directory is not None and os.path.lexists(self.directory):
            # The warden was killed; the server died with it. Its last writes may still come.
            _remove(self.directory)


def _since(options: Since, major: int) -> list[str]:
    """What this version understands of options that came with a later one."""
    return [one for since, some in options.items() if major >= since for one in some]


def _server_environment() -> dict[str, str]:
    """Nothing of the user's environment but the search paths: no PG* variable, no secret."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, "LC_ALL": "C", "TZ": "UTC"}


def _reason(log: str) -> str:
    """The line of a log that says why, without its prefix and without folders."""
    lines = [re.sub(r"/[^\s\"']*/", "", line).strip() for line in log.splitlines() if line.strip()]
    for mark in ("FATAL:", "PANIC:", "error:", "ERROR:"):
        for line in lines:
            if mark in line:
                return line.split(mark, 1)[1].strip()
    return lines[-1] if lines else ""


def _remove(directory: str) -> None:
    deadline = time.monotonic() + 5.0
    while os.path.lexists(directory) and time.monotonic() < deadline:
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.02)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """No Ctrl-C between a process that was started and the note of it. The warden lifts it."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
