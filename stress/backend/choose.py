"""Which backend a run gets: the user's control plane where one is named, else a server of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolver.table import DEFAULT_TABLE
from stress.backend import embedded, given, tenants_table
from stress.backend.allowance import allowance
from stress.backend.backend import Backend
from stress.scenario.control_plane import DATABASE_URL, ENCRYPTION_KEY
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario


def start(
    scenario: Scenario, environment: Mapping[str, str], progress: Callable[[str], None]
) -> Backend:
    """Open the control plane that DATABASE_URL names, or start the embedded server.

    BackendError, UsageError or SeveralErrors, each of one line; nothing is left open then.
    """
    path = scenario.tenants_table
    table = DEFAULT_TABLE if path is None else tenants_table.read(path)
    if DATABASE_URL in environment:
        allowance(scenario.max_connections, scenario.procs, writes=scenario.allow_writes)
        return given.start(
            environment[DATABASE_URL],
            environment[ENCRYPTION_KEY],
            tenants=scenario.tenants,
            table=table,
            mapping_file=path,
            max_connections=scenario.max_connections,
            allow_writes=scenario.allow_writes,
            progress=progress,
        )
    return embedded.start(
        scenario.tenants or DEFAULT_EMBEDDED_TENANTS,
        pg_bin=scenario.pg_bin,
        table=table,
        progress=progress,
    )
