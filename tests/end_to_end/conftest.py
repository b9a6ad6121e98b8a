"""Runs the real command, on a real server, and looks for what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

MARK = "TENANT_STRESS_TEST_MARK"


@dataclass
class Command:
    """`python -m stress …` in a folder of its own; everything it starts carries its mark."""

    folder: Path
    temporary: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    variables: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def process(self) -> subprocess.Popen[str]:
        return self.started[-1]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        kept = ("DATABASE_URL", "ENCRYPTION_KEY", "STRESS_")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
        environment.update({MARK: self.mark, "TMPDIR": str(self.temporary), **self.variables})
        process = subprocess.Popen(
            [sys.executable, "-m", "stress", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=90)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and result file of a run; the report is kept out of the way."""
        done = self.run(*arguments, "--json", "out.json")
        path = self.folder / "out.json"
        assert path.exists(), done.stderr
        return done.returncode, json.loads(path.read_text())

    def processes(self) -> list[int]:
        """Everything alive that this command started: by its mark, or by its folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                marked = f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes()
                named = str(self.temporary).encode() in (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if (marked or named) and state != "Z":
                found.append(int(entry.name))
        return found

    def leftovers(self, within_s: float) -> list[str]:
        """Processes and temporary files that are still there after at most that time."""
        deadline = time.monotonic() + within_s
        while True:
            found = [f"process {pid}" for pid in self.processes()]
            found += [f"file {path.name}" for path in self.temporary.iterdir()]
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.05)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """One command. A failed test must not leave a server behind either."""
    # The server's account must be able to enter the temporary directory. Memory, where there is
    # some: making and removing a server's files takes seconds on a disk without a journal.
    memory = Path("/dev/shm")
    place = tempfile.mkdtemp(prefix="end-to-end-", dir=memory if memory.is_dir() else None)
    made = Command(tmp_path, Path(place))
    made.temporary.chmod(0o777)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
    for process in made.started:
        process.communicate(timeout=10)
    shutil.rmtree(place)


def wait_for(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Poll until it holds; a test that waits for something must not guess how long it takes."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def check_of(result: dict[str, Any], check_id: str) -> dict[str, Any]:
    found: Sequence[dict[str, Any]] = [c for c in result["checks"] if c["id"] == check_id]
    return found[0]
