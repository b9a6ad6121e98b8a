"""The cold block: each tenant's first load, one at a time, by one lane of one worker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from _timing import monotonic_ns
from _timing.drive import Lane, Plan
from _timing.recorder import COLD
from stress.load.connections import Connector
from stress.load.findings import Findings
from stress.load.mailbox import Mailbox
from stress.target.context import ControlPlane

MAX_CONNECTIONS = 20
UNKNOWN_TENANT = "stress-unknown-tenant"


@dataclass(frozen=True)
class ColdBlock:
    """Runs the block and posts `cold`: the parts of a load and the first connections."""

    plan: Plan
    tenant_ids: list[str]
    target: Any
    connector: Connector | None
    control_plane: ControlPlane
    findings: Findings
    mailbox: Mailbox
    most_connections: int = MAX_CONNECTIONS

    def __call__(self, lane: Lane) -> None:
        """One load for each tenant, then the first connection of some tenants."""
        calls = self._open_control_plane()
        before = self._parts()
        for index in range(len(self.tenant_ids)):
            now = monotonic_ns()
            lane.run(self.plan, COLD, np.array([index], dtype=np.int32), count=1, start_ns=now)
        after = self._parts()
        connects, failed = self._connect()
        self.mailbox.post(
            "cold",
            unknown_calls=calls,
            query_ns=_difference(before, after, "query_ns"),
            decryption_ns=_difference(before, after, "decryption_ns"),
            loads=_difference(before, after, "loads"),
            connects_ns=connects,
            failed_connects=failed,
        )

    def _open_control_plane(self) -> int:
        """An unknown tenant's lookup opens the connection, so that no tenant's load pays for it."""
        # Not found is what is expected here; a real failure shows in the first load.
        with suppress(Exception):
            self.target.resolve(UNKNOWN_TENANT)
        return 1

    def _parts(self) -> Mapping[str, Any]:
        """Summed times of queries and decryptions: the target's own, else our loader's."""
        stats = getattr(self.target, "get_cache_stats", None)
        try:
            own = dict(stats()) if stats is not None else {}
        except Exception:
            own = {}  # counter_identity says so
        if "query_ns" in own and "decryption_ns" in own:
            return own
        return self.control_plane.parts() if self.control_plane.loads else {}

    def _connect(self) -> tuple[list[int], int]:
        """How long each took, and how many failed."""
        if self.connector is None:
            return [], 0
        times, failed = [], 0
        for index in range(min(len(self.tenant_ids), self.most_connections)):
            started = monotonic_ns()
            try:
                with self.connector.open(self.tenant_ids[index]):
                    times.append(monotonic_ns() - started)
            except Exception as error:
                self.findings.failure(index, error, monotonic_ns())
                failed += 1
        return times, failed


def _difference(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> int | None:
    if key not in after:
        return None
    return int(after[key]) - int(before.get(key, 0))
