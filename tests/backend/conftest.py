"""One embedded server for the tests that only look, and rooms for those that start their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stress.backend import embedded
from tests.backend.run import Run


@pytest.fixture(scope="session")
def backend() -> Iterator[embedded.EmbeddedBackend]:
    """Four tenants. Nobody changes it."""
    started = embedded.start(4, progress=lambda _line: None)
    yield started
    started.close()


@pytest.fixture
def room() -> Iterator[Path]:
    """A temporary directory with a short name that every user may write to."""
    folder = Path(tempfile.mkdtemp(prefix="room-", dir="/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run(room: Path) -> Iterator[Run]:
    """A process that starts a backend in `room` and waits."""
    made = Run(room)
    yield made
    made.end()
