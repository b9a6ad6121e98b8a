"""Rooms for the tests that start servers of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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
