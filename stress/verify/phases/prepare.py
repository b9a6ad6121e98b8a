"""Makes the phases of a run for one backend: what they may write is decided here."""

from __future__ import annotations

from stress.backend.backend import Backend
from stress.backend.rotation import Rotation, Writer, prepare, refresh
from stress.scenario.scenario import Scenario
from stress.target.places import Place
from stress.verify.phases.concurrent import Concurrent
from stress.verify.phases.expiry import Expiry
from stress.verify.phases.takeover import Takeover

# Tenants whose credentials are replaced during the expiry phase; fewer where sessions are limited.
ROTATED = 2
ROTATED_ELSEWHERE = 1


def expiry(backend: Backend, scenario: Scenario) -> Expiry:
    """The expiry phase; with rotations where writing is allowed."""
    rotations: tuple[Rotation, ...] = ()
    writer = None
    if backend.writable:
        refresh(backend)
        rotated = ROTATED_ELSEWHERE if backend.given else ROTATED
        rotations = tuple(prepare(backend, sorted(backend.writable)[-rotated:]))
        writer = Writer(backend.control_plane_url, backend.table)
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
    if backend.writable:
        refresh(backend)
        writer = Writer(backend.control_plane_url, backend.table)
    return Concurrent(
        lanes=scenario.procs * scenario.threads,
        tenants=len(backend.tenants),
        places=_places(backend),
        versions=[truth.version for truth in backend.tenants],
        writer=writer,
        writable=backend.writable,
        loads_per_s=scenario.max_loads_per_s if backend.given else None,
    )


def takeover(backend: Backend, scenario: Scenario) -> Takeover:
    """The phase in which a worker is stopped; with a new version where writing is allowed."""
    writer = None
    if backend.writable:
        refresh(backend)
        writer = Writer(backend.control_plane_url, backend.table)
    return Takeover(
        procs=scenario.procs,
        threads=scenario.threads,
        index=min(backend.writable, default=0),
        places=_places(backend),
        versions=[truth.version for truth in backend.tenants],
        writer=writer,
    )


def _places(backend: Backend) -> list[Place]:
    return [Place(t.host, t.port, t.database, t.username) for t in backend.tenants]
