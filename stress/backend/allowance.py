"""How many sessions a run may have on servers that somebody else runs, and who may have which.

At any time: one of the tester's own, and in each worker one at the control plane and one for each
of `tenants` tenants; where phases write two more, the writer's and one of a tenant whose
credentials were replaced. What is opened for a look, before the workers exist, stays below the same
limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from stress.errors import UsageError
from stress.scenario.scenario import Scenario

OWN = 1
CONTROL_PLANE = 1
WRITING = 2


@dataclass(frozen=True)
class Allowance:
    """tenants: whose connections one worker may hold at a time, one each, at least 1."""

    tenants: int

    def of_worker(self, process: int, index: int, tenants: int) -> int:
        """The tenant that a worker may connect to in place of `index`: always one of its own."""
        return (process * self.tenants + index % self.tenants) % tenants


def allowance(max_connections: int, procs: int, *, writes: bool) -> Allowance:
    """The shares of `procs` workers. UsageError where there are not enough for one each."""
    each = CONTROL_PLANE + (WRITING if writes else 0)
    tenants = (max_connections - OWN) // procs - each
    if tenants < 1:
        needed = OWN + procs * (each + 1)
        who = "1 process needs" if procs == 1 else f"{procs} processes need"
        raise UsageError(
            f"--max-connections {max_connections}",
            f"{who} {needed}",
            f"write --max-connections {needed}, or fewer --procs",
        )
    return Allowance(tenants)


def too_few(scenario: Scenario, tenants: int) -> UsageError:
    """The operation `query` needs a connection to each of `tenants` tenants in every worker."""
    needed = OWN + scenario.procs * (CONTROL_PLANE + tenants)
    return UsageError(
        f"--max-connections {scenario.max_connections}",
        f"--operation query to {tenants} tenants needs {needed}",
        "raise it, or fewer --tenants",
    )
