"""Proof on the live connection: the server itself says whose database a tenant was given."""

from __future__ import annotations

from _timing import monotonic_ns
from stress.load.connections import WHERE_AM_I, WHOSE, Connector, ask
from stress.load.findings import Findings
from stress.load.mailbox import Mailbox
from stress.target.answers import Record

MAX_SESSIONS = 100  # over all workers at once
MAX_PER_WORKER = 10


def sample_size(procs: int, tenants: int, process: int) -> int:
    """How many tenants this worker proves, so that all together stay within MAX_SESSIONS."""
    if process >= MAX_SESSIONS:
        return 0
    return min(tenants, MAX_PER_WORKER, max(1, MAX_SESSIONS // procs))


def prove(
    connector: Connector,
    tenant_ids: list[str],
    committed: list[list[Record]],
    first: int,
    count: int,
    findings: Findings,
    mailbox: Mailbox,
) -> None:
    """Open `count` tenants' connections, from index `first` on, and post what the server says."""
    for offset in range(count):
        index = (first + offset) % len(tenant_ids)
        tenant = tenant_ids[index]
        started = monotonic_ns()
        try:
            with connector.open(tenant) as connection:
                database, user, backend_pid, backend_start = ask(connection, WHERE_AM_I)
                (owner,) = ask(connection, WHOSE)
        except Exception as error:
            findings.failure(index, error, monotonic_ns())
            mailbox.post("proof", tenant=tenant, right=None)
            continue
        right = owner == tenant and any(
            (record.place.database, record.place.username) == (database, user)
            for record in committed[index]
        )
        mailbox.post(
            "proof",
            tenant=tenant,
            right=right,
            database=database,
            user=user,
            owner=owner,
            session=f"{backend_pid}/{backend_start}",
            started_ns=started,
            ended_ns=monotonic_ns(),
        )
