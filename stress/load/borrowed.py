"""A borrowed connection: asked who and where it is and whether its session is clean, then soiled.

What is asked and what is done needs no right to write: settings, an advisory lock, a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from _timing import monotonic_ns
from stress.load.actor import Actor
from stress.load.connections import ask
from stress.load.ring import BORROW, NO_VERSION
from stress.load.whose import Whose
from stress.target.answers import Record

# Only what a borrower of ours leaves is looked for: what a target sets up itself is its own affair.
MARK = "stress_left_behind"
LOCK = 4711
LEFT_BEHIND = f"""
SELECT current_setting('search_path') = '{MARK}',
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                                      AND objid = {LOCK}),
       EXISTS (SELECT FROM pg_listening_channels() AS channel WHERE channel = '{MARK}')
"""
SOIL = (
    f"SET search_path TO {MARK}",
    f"SELECT pg_try_advisory_lock({LOCK})",  # never waits: one that leaked may hold it for ever
    f"LISTEN {MARK}",
)
TRANSACTION_IDLE = 0


class BorrowersMistake(Exception):
    """What a borrower's own code raises, on purpose."""


def borrow(
    actor: Actor, index: int, rows: Sequence[Record], *, soil: bool = False, fail: bool = False
) -> None:
    """Borrow one connection and post what the server says of it; then leave a mess, or raise.

    rows: the tenant's committed rows, any of which its credentials may be of. A tenant that the
    tester itself could not ask is left out.
    """
    if actor.whose[index].identity is None:
        return
    started = monotonic_ns()
    try:
        with actor.connection(index) as connection:
            found = _ask(connection, actor.whose[index], rows)
            _post(actor, index, found, started, soil)
            if soil:
                for statement in SOIL:
                    _execute(connection, statement)
                connection.commit()
                _execute(connection, "SELECT 1")  # and a transaction that nobody ends
            if fail:
                raise BorrowersMistake
    except BorrowersMistake:
        pass
    except Exception as error:
        actor.findings.failure(index, error, monotonic_ns())
        actor.mailbox.post("borrowed", tenant=actor.tenant_ids[index], asked=False)


def _ask(connection: Any, whose: Whose, rows: Sequence[Record]) -> dict[str, Any]:
    open_transaction = _in_transaction(connection)
    told = whose.ask(connection)
    path, lock, channel = ask(connection, LEFT_BEHIND)
    left = [
        what
        for what, found in (
            ("its search_path", path),
            ("an advisory lock", lock),
            ("a listening channel", channel),
            ("an open transaction", open_transaction),
        )
        if found
    ]
    row = whose.right(told, rows)
    return {
        "database": told.database,
        "user": told.user,
        "session": told.session,
        "left": left,
        "right": row is not None,
        "version": row.version if row is not None and type(row.version) is int else NO_VERSION,
    }


def _post(actor: Actor, index: int, found: dict[str, Any], started: int, soil: bool) -> None:
    ended = monotonic_ns()
    actor.ring.append(BORROW, index, started, ended, version=found.pop("version"))
    actor.mailbox.post(
        "borrowed",
        tenant=actor.tenant_ids[index],
        index=index,
        asked=True,
        soiled=soil,
        started_ns=started,
        ended_ns=ended,
        **found,
    )


def _in_transaction(connection: Any) -> bool:
    """Whether the driver's connection came with a transaction open; False where it cannot say."""
    raw = connection
    if isinstance(connection, Connection):
        raw = connection.connection.dbapi_connection
    info = getattr(raw, "info", None)
    status = getattr(info, "transaction_status", TRANSACTION_IDLE)
    return bool(status != TRANSACTION_IDLE)


def _execute(connection: Any, statement: str) -> None:
    if isinstance(connection, Connection):
        connection.exec_driver_sql(statement)
    elif hasattr(connection, "cursor"):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    else:
        connection.execute(statement)
