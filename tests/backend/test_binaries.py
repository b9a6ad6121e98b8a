"""Finding the server's programs, and what is said where they do not serve."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from stress.backend import binaries, embedded
from stress.backend.binaries import Account
from stress.errors import BackendError
from tests.backend.run import Run

FOUND = binaries.find(None, binaries.server_account())


def refused(pg_bin: str) -> str:
    with pytest.raises(BackendError) as caught:
        embedded.start(1, pg_bin=pg_bin, progress=lambda _line: None)
    assert caught.value.exit_code == 2
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) <= 100
    return line


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_missing_folder_is_one_line() -> None:
    assert refused("/no/such") == (
        "stress: --pg-bin /no/such: no such folder; give the one that holds initdb and postgres"
    )


def test_an_empty_folder_is_one_line(room: Path) -> None:
    assert refused(str(room)) == (
        f"stress: --pg-bin {room}: no initdb there; give the bin folder of a PostgreSQL server"
    )


def test_a_folder_with_initdb_alone_is_one_line(room: Path) -> None:
    program(room, "initdb", "echo 'initdb (PostgreSQL) 16.1'")
    assert "no postgres there" in refused(str(room))


def test_the_folder_above_bin_is_told_how_to_write_it(room: Path) -> None:
    (room / "bin").mkdir()
    for name in ("initdb", "postgres"):
        program(room / "bin", name, "exit 0")
    assert refused(f"{room}/").endswith(f"no initdb there; write --pg-bin {room}/bin")


def test_programs_that_may_not_be_executed_are_one_line(room: Path) -> None:
    for name in ("initdb", "postgres"):
        program(room, name, "exit 0")
        (room / name).chmod(0o644)
    assert "initdb may not be executed" in refused(str(room))


def test_programs_of_something_else_are_one_line(room: Path) -> None:
    for name in ("initdb", "postgres"):
        program(room, name, "echo 'cannot find libssl'; exit 127")
    assert "initdb does not run: cannot find libssl" in refused(str(room))


def test_an_old_version_is_one_line(room: Path) -> None:
    for name in ("initdb", "postgres"):
        program(room, name, "echo 'initdb (PostgreSQL) 9.6.24'")
    assert "PostgreSQL 9 is too old" in refused(str(room))


def test_an_initdb_that_fails_is_one_line_with_its_reason(room: Path) -> None:
    text = (
        "test $1 = --version && echo 'initdb (PostgreSQL) 16.1' && exit 0\n"
        "echo 'initdb: error: the stars are wrong' >&2; exit 1"
    )
    for name in ("initdb", "postgres"):
        program(room, name, text)
    assert "initdb failed: the stars are wrong; give another --pg-bin DIR" in refused(str(room))


def test_a_server_that_ends_at_once_is_one_line_with_its_reason(room: Path) -> None:
    program(room, "initdb", "echo 'initdb (PostgreSQL) 16.1'")
    program(room, "postgres", "echo '2026-01-01 UTC FATAL:  no more semaphores' >&2; exit 1")
    assert "start failed: no more semaphores" in refused(str(room))


@pytest.mark.parametrize(
    "folder", sorted(FOUND.folder.parents[1].glob("pginstall*/bin")), ids=lambda f: f.parent.name
)
def test_every_version_of_the_wheel_serves(run: Run, folder: Path) -> None:
    process = run.start(1, pg_bin=str(folder))
    out, err = process.communicate("\n")
    assert out.startswith("ready embedded PostgreSQL"), err
    assert run.left() == []


def test_a_relative_folder_is_understood(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOUND.folder.parent)
    assert binaries.find("bin", None).folder == FOUND.folder


def test_a_system_without_binaries_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEELS", ())
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", Path("/no/such"))
    monkeypatch.setenv("PATH", "/no/such")
    with pytest.raises(BackendError, match="no binaries found; pip install"):
        binaries.find(None, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_binaries_that_the_servers_user_cannot_read_are_copied(run: Run, room: Path) -> None:
    hidden = room / "hidden"
    package = FOUND.folder.parents[1]
    install = hidden / package.name / FOUND.folder.parent.name
    leave_out = shutil.ignore_patterns("*.a", "pgxs", "psql", "pg_dump*", "ecpg", "vacuumdb")
    shutil.copytree(FOUND.folder.parent, install, ignore=leave_out)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, hidden / libraries.name)
    hidden.chmod(0o700)
    account = binaries.server_account()
    assert isinstance(account, Account)
    assert binaries.find(str(install / "bin"), account).copy
    process = run.start(1, pg_bin=str(install / "bin"))
    out, err = process.communicate("\n")
    assert out.endswith("closed\n"), err
    shutil.rmtree(hidden)
    assert run.left() == []
