"""Makes the phases of a run for one backend: what they may write is decided here."""

from __future__ import annotations

from stress.backend.backend import Backend
from stress.backend.embedded import EmbeddedBackend
from stress.backend.rotation import Rotation, Writer, can_write, prepare, refresh
from stress.scenario.scenario import Scenario
from stress.target.answers import Place
from stress.verify.phases.concurrent import Concurrent
from stress.verify.phases.expiry import Expiry

ROTATED = 2  # tenants whose credentials are replaced during the expiry phase


def expiry(backend: Backend, scenario: Scenario) -> Expiry:
    """The expiry phase; with rotations where writing is allowed."""
    rotations: tuple[Rotation, ...] = ()
    writer = None
    if can_write(backend) and isinstance(backend, EmbeddedBackend):
        refresh(backend)
        last = range(max(0, len(backend.tenants) - ROTATED), len(backend.tenants))
        rotations = tuple(prepare(backend, last, "rotated"))
        writer = Writer(backend.control_plane_url)
    return Expiry(
        cache_ttl_s=scenario.cache_ttl_s,
        tenants=len(backend.tenants),
        places=_places(backend),
        rotations=rotations,
        writer=writer,
    )


def concurrent(backend: Backend, scenario: Scenario) -> Concurrent:
    """The concurrent phase; with new versions where writing is allowed."""
    writer = None
    if can_write(backend) and isinstance(backend, EmbeddedBackend):
        refresh(backend)
        writer = Writer(backend.control_plane_url)
    del scenario
    return Concurrent(
        tenants=len(backend.tenants),
        places=_places(backend),
        versions=[truth.version for truth in backend.tenants],
        writer=writer,
    )


def _places(backend: Backend) -> list[Place]:
    return [Place(t.host, t.port, t.database, t.username) for t in backend.tenants]
