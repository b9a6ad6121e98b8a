"""Rooms for the tests that start servers of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from stress.backend import embedded
from stress.backend.embedded import EmbeddedBackend
from tests.backend.planes import Plane, copy_rows, execute
from tests.backend.run import Run

RAM = "/dev/shm"


@pytest.fixture
def room() -> Iterator[Path]:
    """A temporary directory with a short name that every user may write to."""
    folder = Path(tempfile.mkdtemp(prefix="room-", dir=RAM if os.access(RAM, os.W_OK) else "/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run(room: Path) -> Iterator[Run]:
    """A process that starts a backend in `room` and waits."""
    made = Run(room)
    yield made
    made.end()


@pytest.fixture(scope="package")
def server() -> Iterator[EmbeddedBackend]:
    """The user's server; each test makes a control plane of its own on it."""
    started = embedded.start(3, progress=lambda _line: None)
    yield started
    started.close()


@pytest.fixture
def plane(server: EmbeddedBackend) -> Iterator[Plane]:
    """Makes a database from statements, and gives its URL."""
    made: list[str] = []

    def make(*statements: str, rows: int | None = None) -> URL:
        name = f"plane_{os.urandom(4).hex()}"
        execute(server.admin_url, f'CREATE DATABASE "{name}"')
        made.append(name)
        url = make_url(server.control_plane_url)
        url = server.admin_url.set(database=name, host=url.host)
        if rows is not None:
            copy_rows(server, url, rows)
        execute(url, *statements)
        return url

    yield make
    for name in made:
        execute(server.admin_url, f'DROP DATABASE "{name}"')
