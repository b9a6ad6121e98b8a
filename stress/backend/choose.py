"""Which server a run uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stress.backend import embedded
from stress.backend.backend import Backend
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario


def open_backend(
    scenario: Scenario, environ: Mapping[str, str], progress: Callable[[str], None]
) -> Backend:
    """The embedded server."""
    del environ
    tenants = scenario.tenants or DEFAULT_EMBEDDED_TENANTS
    return embedded.start(tenants, pg_bin=scenario.pg_bin, progress=progress)
