"""However a run ends, no server, no warden and no directory outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from stress.backend import embedded
from tests.backend.run import ROOT, Run, eventually

MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the directory was made": lambda room: any(room.iterdir()),
    "initdb runs": lambda room: any(room.glob("*/data/PG_VERSION")),
    "the server starts": lambda room: any(room.glob("*/log")),
    "tenants are created": lambda room: len(list(room.glob("*/data/base/*"))) > 4,
}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_while_it_starts_leaves_nothing(
    run: Run, moment: str, number: signal.Signals
) -> None:
    process = run.start(tenants=20)
    assert eventually(lambda: MOMENTS[moment](run.room))
    process.send_signal(number)
    process.communicate()
    assert process.returncode != 0
    assert eventually(lambda: run.left() == []), run.left()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_afterwards_leaves_nothing(run: Run, number: signal.Signals) -> None:
    process, _ = run.ready()
    assert run.servers()
    (warden,) = run.wardens()
    process.send_signal(number)
    process.communicate()
    assert eventually(lambda: run.left() == []), run.left()
    assert eventually(lambda: not Path(f"/proc/{warden}/cmdline").exists())


def test_closing_leaves_nothing(run: Run) -> None:
    process, _ = run.ready()
    out, err = process.communicate("\n")
    assert (out, err) == ("closed\n", "")
    assert run.left() == []


def test_an_exception_leaves_nothing(room: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(room))

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="2 tenants created"):
        embedded.start(2, progress=fail)
    assert run.left() == []


def test_a_forked_process_that_holds_the_pipe_does_not_keep_the_server_alive(run: Run) -> None:
    stray = "pid = os.fork()\nif not pid: time.sleep(600)\nprint(pid, flush=True)"
    process = run.start(then=stray)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    try:
        assert process.stdout.readline().startswith("ready")
        process.kill()
        process.wait()
        assert eventually(lambda: run.left() == []), run.left()
        assert Path(f"/proc/{pid}").exists()
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_forked_process_that_holds_the_pipe_does_not_hold_up_closing(run: Run) -> None:
    stray = "pid = os.fork()\nif not pid: time.sleep(600)\nprint(pid, flush=True)"
    process = run.start(then=stray)
    assert process.stdout is not None
    assert process.stdin is not None
    pid = int(process.stdout.readline())
    try:
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("ready")
        assert process.stdout.readline() == "closed\n"
        assert run.left() == []
    finally:
        os.kill(pid, signal.SIGKILL)


def test_closing_in_a_forked_child_leaves_the_server_to_the_parent(run: Run) -> None:
    child = (
        "pid = os.fork()\n"
        "if not pid:\n"
        "    backend.after_fork_in_child(); backend.close(); os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0"
    )
    _, url = run.ready(then=child)
    with psycopg2.connect(url.replace("+psycopg2", "")) as connection:
        assert connection.status == psycopg2.extensions.STATUS_READY
    connection.close()


def test_a_killed_warden_takes_the_server_with_it_and_closing_removes_the_rest(run: Run) -> None:
    process, _ = run.ready()
    (warden,) = run.wardens()
    os.kill(warden, signal.SIGKILL)
    assert eventually(lambda: run.servers() == [])
    out, err = process.communicate("\n")
    assert (out, err) == ("closed\n", "")
    assert run.left() == []


def test_a_killed_server_leaves_no_shared_memory(run: Run) -> None:
    process, _ = run.ready()
    (pid_file,) = run.room.glob("*/data/postmaster.pid")
    lines = pid_file.read_text().splitlines()
    segment = lines[6].split()[1]
    assert segment in _segments()
    os.kill(int(lines[0]), signal.SIGKILL)
    process.communicate("\n")
    assert run.left() == []
    assert segment not in _segments()


def test_two_at_once_do_not_disturb_each_other(run: Run, room: Path) -> None:
    first = run.start(tenants=3)
    second, url = run.ready(tenants=3)
    first.communicate("\n")
    assert first.returncode == 0
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants")
        assert cursor.fetchone() == (3,)
    connection.close()
    assert len(list(room.iterdir())) == 1
    second.communicate("\n")
    assert run.left() == []


def test_a_process_that_never_closes_leaves_nothing(room: Path, run: Run) -> None:
    script = (
        "from stress.backend import embedded\n"
        "backend = embedded.start(1, progress=lambda line: None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(room)},
        check=True,
        capture_output=True,
    )
    assert done.stdout == b""
    assert eventually(lambda: run.left() == []), run.left()


def _segments() -> list[str]:
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line.split()[1] for line in lines]
