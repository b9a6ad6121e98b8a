"""What every test may use: one embedded server for those that only look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from stress.backend import embedded

# No deadline: tests assert no times. No database: runs leave nothing behind.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def backend() -> Iterator[embedded.EmbeddedBackend]:
    """A real PostgreSQL with four tenants. Nobody changes it."""
    started = embedded.start(4, progress=lambda _line: None)
    yield started
    started.close()
