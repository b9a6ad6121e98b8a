"""The warden: a process of its own that runs the embedded server and clears everything away.

Started first, in its own session, with a pipe from the run (its standard input). It makes the
directory, runs initdb, starts the server, and then only waits: for the end of the pipe, an order to
stop, or the death of its parent. Then it stops the server and removes the directory. So even
SIGKILL of the run, at any moment, leaves nothing behind. The server in turn carries a parent-death
signal and does not outlive the warden. A script for `python -I -S`: the standard library alone.

    standard input    one line of JSON, the orders; after that, any byte or the end means: stop
    standard output   lines of JSON: {"directory": path}, {"initdb": seconds}, {"ready": port, …},
                      or {"failed": step, …}
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

PREFIX = "stress-pg-"
PORT_ATTEMPTS = 5
POLL_S = 0.005
PARENT_POLL_S = 0.5
STOP_LIMIT_S = 8.0  # the postmaster kills its own children after 5 s
PR_SET_PDEATHSIG = 1
IPC_RMID = 0


class Stop(Exception):
    """The run is over, or has ended without a word."""


class Failed(Exception):
    """A program did not succeed: its exit status, and its log."""


class Warden:
    """One server from its directory to its end."""

    def __init__(self, orders: dict[str, Any], parent: int) -> None:
        self._orders = orders
        self._parent = parent
        self._owner: tuple[int, int] | None = orders["owner"] and tuple(orders["owner"])
        self._directories: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._serving = False
        self._told = False
        self.step = "directory"
        self._wake, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # wakes the wait, no more
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run reports first, then lets go

    def serve(self) -> NoReturn:
        """Start the server, then wait. Ends with Stop or Failed."""
        home = self._make_directory(self._orders["base"])
        tell(directory=home)
        if self._owner is not None:
            os.chmod(home, 0o711)
        os.mkdir(f"{home}/data", 0o700)
        self._give(f"{home}/data")
        binaries = self._orders["binaries"]
        if self._orders["copy"]:  # what the server's user cannot read at its place
            self.step = "copy"
            for source, inner in self._orders["copy"]:
                copy_readable(source, Path(home, "binaries", inner))
            binaries = f"{home}/binaries/{binaries}"
        self.step = "initdb"
        self._initdb(home, binaries)
        self.step = "start"
        self._start(home, binaries)
        while True:
            self._wait(PARENT_POLL_S)

    def clean(self) -> None:
        """Stop the server and remove the directories. Cannot be interrupted."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._process is not None:
            stop(self._process, gently=self._serving)
        for home in self._directories[:1]:
            free_shared_memory(home, self._owner)
        for directory in self._directories:
            remove(directory)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def _wait(self, limit_s: float) -> None:
        """Sleep until something happens, at most `limit_s`. Stop when it is time to go."""
        readable = select.select([0, self._wake], [], [], limit_s)[0]
        if self._wake in readable:
            os.read(self._wake, 512)
        # The pipe alone is not enough: a process that the target forked may hold its other end.
        if 0 in readable or self._told or os.getppid() != self._parent:
            raise Stop

    def _make_directory(self, base: str) -> str:
        self._directories.append(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        return self._directories[-1]

    def _give(self, path: str) -> str:
        """Make it the server's user's. Root writes only where that user cannot plant a link."""
        if self._owner is not None:
            os.chown(path, *self._owner)
        return path

    def _initdb(self, home: str, binaries: str) -> None:
        password = f"{home}/password"
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._orders["password"])
        self._give(password)
        log = Path(home, "initdb.log")
        arguments = ["-D", f"{home}/data", "--pwfile", password, *self._orders["initdb"]]
        started = time.monotonic()
        process = self._spawn(Path(binaries, "initdb"), arguments, log, signal.SIGKILL)
        while process.poll() is None:
            self._wait(PARENT_POLL_S)
        self._process = None
        os.unlink(password)
        if process.returncode:
            raise Failed(process.returncode, log.read_text(errors="replace"))
        tell(initdb=time.monotonic() - started)

    def _start(self, home: str, binaries: str) -> None:
        log = Path(home, "log")
        self._serving = True
        started = time.monotonic()
        folder = self._give(self._make_directory(self._orders["socket_base"] or home))
        for attempt in range(1, PORT_ATTEMPTS + 1):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            settings = [f"--{setting}" for setting in self._orders["settings"]]
            arguments = ["-D", f"{home}/data", "-p", str(port), "-k", folder, *settings]
            process = self._spawn(Path(binaries, "postgres"), arguments, log, signal.SIGQUIT)
            while process.poll() is None:
                if is_ready(home):
                    seconds = time.monotonic() - started
                    tell(ready=port, folder=folder, pid=process.pid, seconds=seconds)
                    return
                self._wait(POLL_S)
            self._process = None
            said = log.read_text(errors="replace")
            # Between choosing a free port and binding it somebody else may take it.
            if "Address already in use" not in said or attempt == PORT_ATTEMPTS:
                raise Failed(process.returncode, said)

    def _spawn(
        self, program: Path, arguments: list[str], log: Path, on_death: int
    ) -> subprocess.Popen[bytes]:
        """Run a program of the server's as its user, in a session of its own."""
        warden = os.getpid()

        def die_with_the_warden() -> None:
            # After the change of user, which would clear it.
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, on_death)
                if os.getppid() != warden:
                    os._exit(1)

        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",  # initdb fails where it may not read the current folder
                env=self._orders["environment"],
                user=self._owner and self._owner[0],
                group=self._owner and self._owner[1],
                extra_groups=self._owner and [],
                start_new_session=True,
                preexec_fn=die_with_the_warden,  # safe: no threads here
            )
        return self._process


def is_ready(home: str) -> bool:
    """Whether the server accepts connections: it says so in the eighth line of its pid file."""
    try:
        lines = Path(home, "data", "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def copy_readable(source: str, place: Path) -> None:
    """Copy a file or a tree so that everybody may read and execute what is in it."""
    if os.path.islink(source):
        place.symlink_to(os.readlink(source))
    elif os.path.isdir(source):
        place.mkdir(parents=True)
        for name in os.listdir(source):
            if name != "pgxs" and not name.endswith(".a"):  # for building against it
                copy_readable(os.path.join(source, name), place / name)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        place.chmod(0o755)


def stop(process: subprocess.Popen[bytes], gently: bool) -> None:
    """End a server (gently) or initdb with its children, and wait until it has ended.

    SIGQUIT and not SIGINT: nothing is kept, so the checkpoint of an orderly end is in vain.
    """
    if process.poll() is not None:
        return
    if gently:
        process.send_signal(signal.SIGQUIT)
        deadline = time.monotonic() + STOP_LIMIT_S
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_S)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_shared_memory(home: str, owner: tuple[int, int] | None) -> None:
    """Remove the System V segment of a server that was killed; its pid file names it in line 7.

    It holds 56 bytes, and would stay until the machine restarts. In a child that becomes the
    server's user: what that user's file says must not make root remove somebody else's.
    """
    if not os.path.exists(f"{home}/data/postmaster.pid"):
        return
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        if owner is not None:
            os.setgroups([])
            os.setgid(owner[1])
            os.setuid(owner[0])
        line = Path(home, "data", "postmaster.pid").read_text().splitlines()[6]
        ctypes.CDLL(None).shmctl(int(line.split()[1]), IPC_RMID, None)
    finally:
        os._exit(0)


def remove(directory: str) -> None:
    """Remove a directory although the last server processes may still be writing to it."""
    for _ in range(20):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.lexists(directory):
            return
        time.sleep(0.05)


def tell(**fields: Any) -> None:
    """One message to the run, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(fields).encode() + b"\n")


def main() -> int:
    """From the orders to the end of the directory."""
    # The run starts this process with signals blocked, so that none hits it half made.
    parent = os.getppid()
    # Unbuffered: what follows the line is the order to stop. An unfinished line: the run has ended.
    with open(0, "rb", buffering=0, closefd=False) as pipe:
        orders = pipe.readline()
    if not orders.endswith(b"\n"):
        return 0
    os.umask(0o022)
    warden = Warden(json.loads(orders), parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        warden.serve()
    except Stop:
        return 0
    except Failed as failure:
        status, log = failure.args
        tell(failed=warden.step, status=status, log=log)
        return 1
    except OSError as error:
        tell(failed=warden.step, refused=error.strerror or str(error))
        return 1
    finally:
        warden.clean()


if __name__ == "__main__":
    sys.exit(main())
