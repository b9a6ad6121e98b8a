"""Proof on the live connection: the server itself says whose database a tenant was given."""

from __future__ import annotations

from collections.abc import Sequence

from _timing import monotonic_ns
from stress.backend.allowance import Allowance
from stress.load.connections import Connector
from stress.load.findings import Findings
from stress.load.mailbox import Mailbox
from stress.load.whose import Whose
from stress.target.answers import Record

MAX_SESSIONS = 100  # over all workers at once
MAX_PER_WORKER = 10


def sample(process: int, procs: int, tenants: int, allowed: Allowance | None) -> list[int]:
    """The tenants whose connections this worker proves, so that all together stay within what is
    allowed: without an allowance MAX_SESSIONS."""
    if allowed is not None:
        count = min(tenants, MAX_PER_WORKER, allowed.tenants)
        first = process * allowed.tenants
    elif process >= MAX_SESSIONS:
        return []
    else:
        count = min(tenants, MAX_PER_WORKER, max(1, MAX_SESSIONS // procs))
        first = process * count
    return [(first + offset) % tenants for offset in range(count)]


def prove(
    connector: Connector,
    indices: Sequence[int],
    whose: Sequence[Whose],
    committed: Sequence[Sequence[Record]],
    findings: Findings,
    mailbox: Mailbox,
) -> None:
    """Open these tenants' connections and post what the server says.

    A tenant that the tester itself could not ask is left out: there is nothing to compare with.
    """
    for index in indices:
        one = whose[index]
        if one.identity is None:
            continue
        started = monotonic_ns()
        try:
            with connector.open(one.tenant_id) as connection:
                told = one.ask(connection)
        except Exception as error:
            findings.failure(index, error, monotonic_ns())
            mailbox.post("proof", tenant=one.tenant_id, right=None)
            continue
        mailbox.post(
            "proof",
            tenant=one.tenant_id,
            right=one.right(told, committed[index]) is not None,
            database=told.database,
            user=told.user,
            owner=told.owner,
            session=told.session,
            started_ns=started,
            ended_ns=monotonic_ns(),
        )
