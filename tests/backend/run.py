"""A process of its own that starts a backend, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

SCRIPT = """
import os, sys, time
from stress.backend import embedded
backend = embedded.start({tenants}, pg_bin={pg_bin!r}, progress=lambda line: None)
{then}
print("ready", backend.name, backend.control_plane_url, flush=True)
sys.stdin.readline()
backend.close()
print("closed", flush=True)
"""


class Run:
    """Starts the script; finds the processes that use its room."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self._processes: list[subprocess.Popen[str]] = []

    def start(
        self,
        tenants: int = 2,
        *,
        pg_bin: str | None = None,
        then: str = "",
        user: int | None = None,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        script = SCRIPT.format(tenants=tenants, pg_bin=pg_bin, then=then)
        process = subprocess.Popen(
            [python, "-c", script],
            cwd=ROOT,
            env={
                **os.environ,
                "TMPDIR": str(self.room),
                "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("platlib")]),
                **(environment or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
        )
        self._processes.append(process)
        return process

    def ready(self, tenants: int = 2, then: str = "") -> tuple[subprocess.Popen[str], str]:
        """A started process and the URL of its control plane."""
        process = self.start(tenants, then=then)
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if words[:1] != ["ready"]:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read())
        return process, words[-1]

    def servers(self) -> list[int]:
        """Processes whose working folder or command line lies in the room."""
        return [pid for pid in processes() if _uses(pid, str(self.room))]

    def wardens(self) -> list[int]:
        """Wardens that a process of this run has started, its own ones only."""
        parents = {process.pid for process in self._processes}
        return [pid for pid in processes() if _parent(pid) in parents and _is_warden(pid)]

    def left(self) -> list[str]:
        """What is still there: processes, and files in the room."""
        found = [f"process {pid}: {_command(pid)}" for pid in self.servers()]
        return found + [f"file {path}" for path in self.room.iterdir()]

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if not eventually(lambda: self.left() == []):
            for pid in self.servers():
                os.kill(pid, signal.SIGKILL)


def eventually(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Whether it holds within that time; looks often, so that a test can catch a short moment."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def python_for(user: int) -> str | None:
    """An interpreter of our version that this user may run with our packages."""
    script = "import stress.backend.embedded, sys; print(sys.version_info[:2])"
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        try:
            done = subprocess.run(
                [str(python), "-c", script],
                cwd="/",
                env={"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("platlib")])},
                capture_output=True,
                text=True,
                check=False,
                user=user,
                group=user,
                extra_groups=[],
            )
        except OSError:
            continue
        if done.stdout.strip() == str(sys.version_info[:2]):
            return python
    return None


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _command(pid: int) -> str:
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def _uses(pid: int, folder: str) -> bool:
    try:
        inside = os.readlink(f"/proc/{pid}/cwd").startswith(folder)
    except OSError:
        inside = False
    return inside or f"{folder}/" in _command(pid)


def _is_warden(pid: int) -> bool:
    return "backend/warden.py" in _command(pid)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
