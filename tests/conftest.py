"""What every test may use: one embedded server for those that only look."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from stress.backend import embedded

# A shell starts what it puts into the background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: tests assert no times. No database: runs leave nothing behind.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def backend() -> Iterator[embedded.EmbeddedBackend]:
    """A real PostgreSQL with four tenants. Nobody changes it."""
    started = embedded.start(4, progress=lambda _line: None)
    yield started
    started.close()
