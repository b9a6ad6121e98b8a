"""Where the directory is made, and what is said where it cannot be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stress.backend import binaries, folder
from stress.backend.folder import Folder
from stress.backend.server import Server
from stress.errors import BackendError
from tests.backend.run import Run

ACCOUNT = binaries.server_account()
FOUND = binaries.find(None, ACCOUNT)


@pytest.fixture
def small_disk(room: Path) -> Iterator[Path]:
    """A file system of 24 MB that nothing may be executed from."""
    options = ["-o", "size=24m,noexec,mode=1777"]
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", *options, "tmpfs", str(room)], capture_output=True, check=False
        )
    except OSError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    yield room
    subprocess.run(["umount", str(room)], check=True)


def refusal(tenants: int = 1, copy: bool = False) -> str:
    with pytest.raises(BackendError) as caught:
        folder.find(ACCOUNT, tenants, copy)
    return str(caught.value)


def test_the_users_tmpdir_is_taken(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    assert folder.find(ACCOUNT, 1, False).path == room


def test_without_tmpdir_a_usual_folder_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    assert str(folder.find(ACCOUNT, 1, False).path) in (folder.RAM_DISK, *folder.USUAL)


def test_a_ram_disk_without_plenty_of_room_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(folder, "PLENTY", 1 << 30)
    assert str(folder.find(ACCOUNT, 1, False).path) in folder.USUAL


def test_a_missing_tmpdir_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/no/such")
    assert refusal() == (
        "stress: TMPDIR=/no/such: no such folder; create it, or set TMPDIR to another"
    )


def test_a_disk_too_small_for_so_many_tenants_is_one_line(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    line = refusal(tenants=10**6)
    assert "MB free, 8,000,064 MB needed" in line
    assert len(line) <= 100


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_tmpdir_is_one_line(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.chmod(0o555)
    monkeypatch.setenv("TMPDIR", str(room))
    assert "may not be written" in refusal()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the server itself")
def test_a_tmpdir_that_the_servers_user_cannot_enter_is_passed_over(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = room / "inner"
    inner.mkdir()
    room.chmod(0o700)
    monkeypatch.setenv("TMPDIR", str(inner))
    assert str(folder.find(ACCOUNT, 1, False).path) in (folder.RAM_DISK, *folder.USUAL)


def test_a_noexec_disk_is_one_line_where_programs_must_be_copied(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setattr(folder, "CLUSTER_BYTES", 0)
    monkeypatch.setattr(folder, "COPY_BYTES", 0)
    assert folder.find(ACCOUNT, 1, False).path == small_disk
    assert "its file system is noexec" in refusal(copy=True)


def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(small_disk: Path) -> None:
    with pytest.raises(BackendError) as caught:
        Server(FOUND, ACCOUNT, Folder(small_disk, "TMPDIR=/small"), "secret")
    assert str(caught.value) == (
        "stress: TMPDIR=/small: no space left for PostgreSQL; "
        "free some, use fewer tenants, or set TMPDIR"
    )
    assert list(small_disk.iterdir()) == []


def test_a_long_tmpdir_puts_the_socket_elsewhere_and_leaves_nothing(run: Run, room: Path) -> None:
    long = room / ("long-" + "x" * 100)
    long.mkdir()
    told = "print(backend.admin_url.host, flush=True)"
    process = run.start(1, then=told, environment={"TMPDIR": str(long)})
    assert process.stdout is not None
    socket = Path(process.stdout.readline().strip())
    out, err = process.communicate("\n")
    assert out.endswith("closed\n"), err
    assert socket.parent == Path("/tmp")
    assert not socket.exists()
    assert list(long.iterdir()) == []
    long.rmdir()
