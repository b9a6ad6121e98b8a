"""What a target by hand is built with: the control plane's address and key, a counted loader."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine, NullPool, RowMapping, create_engine
from sqlalchemy.exc import DataError, DBAPIError

from _timing import monotonic_ns
from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend import rows
from stress.backend.rows import Row
from stress.target.loads import COUNTED

Note = Callable[[str, int, int], None]
DEFAULT_LEASE_S = 5.0


class ControlPlane:
    """Loads tenants' rows; every call is counted.

    Made before the fork. Each process opens connections of its own, as many as load at one time,
    and keeps them: none crosses a fork. The sums are of this process.
    """

    def __init__(
        self,
        url: str,
        encryption_key: str,
        *,
        table: TableMapping = DEFAULT_TABLE,
        note: Note | None = None,
        most: int | None = None,
    ) -> None:
        """note(tenant_id, started_ns, ended_ns) is called at the end of each load. most:
        connections that one process may have; a load waits for one. None: no limit."""
        self._url = url
        self._keyring = Keyring(encryption_key)
        self._table = table
        self._statement = table.row_statement()
        self._note = note
        self._most = most
        self._renew()

    def __repr__(self) -> str:
        return f"<ControlPlane: {self.loads} loads>"

    def _renew(self) -> None:
        """A fresh state, for the first use in a process.

        What a child inherited is kept and never used: collecting a connection would end the
        parent's session on the socket they share.
        """
        self._inherited = getattr(self, "_opened", [])
        self._opened: list[Connection] = []
        self._idle: list[Connection] = []
        self._free = None if self._most is None else threading.Semaphore(self._most)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._loads = self._query_ns = self._decryption_ns = 0

    @property
    def loads(self) -> int:
        """Calls of `load` in this process, failed ones too."""
        return self._loads if self._pid == os.getpid() else 0

    def parts(self) -> dict[str, int]:
        """loads, and the summed time of their queries and decryptions: query_ns, decryption_ns."""
        if self._pid != os.getpid():
            return {"loads": 0, "query_ns": 0, "decryption_ns": 0}
        with self._lock:
            return {
                "loads": self._loads,
                "query_ns": self._query_ns,
                "decryption_ns": self._decryption_ns,
            }

    def load(self, tenant_id: str) -> Row:
        """The tenant's row as it is now. LookupError for an unknown or suspended tenant."""
        if self._pid != os.getpid():
            self._renew()
        started = monotonic_ns()
        queried = decrypted = started
        try:
            row = self._query(tenant_id)
            queried = decrypted = monotonic_ns()
            # A database may find by another spelling: a uuid in capitals, an integer with a zero.
            if row is None or str(row["id"]) != tenant_id:
                raise LookupError(f"no tenant {tenant_id!r}")
            if not row["active"]:
                raise LookupError(f"tenant {tenant_id!r} is not active")
            record = rows.read(self._table, self._keyring, row)
            decrypted = monotonic_ns()
            return record
        finally:
            ended = monotonic_ns()
            with self._lock:
                self._loads += 1
                self._query_ns += queried - started
                self._decryption_ns += decrypted - queried
            if self._note is not None:
                self._note(tenant_id, started, ended)

    def close(self) -> None:
        """Close this process's idle connections; the next load opens another."""
        if self._pid != os.getpid():
            return
        while self._idle:
            self._idle.pop().close()

    def _query(self, tenant_id: str) -> RowMapping | None:
        with self._free or nullcontext():
            connection = self._take()
            try:
                found = connection.execute(self._statement, {"tenant_id": tenant_id})
                row = found.mappings().first()
            except DataError:
                row = None  # not even a value of the key's type
            except DBAPIError:
                connection.close()  # it may be broken; the next load opens another
                raise
            self._idle.append(connection)
            return row

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Connection:
        with self._lock:
            if self._engine is None:
                self._engine = create_engine(
                    self._url,
                    poolclass=NullPool,
                    isolation_level="AUTOCOMMIT",
                    execution_options={COUNTED: True},
                )
        connection = self._engine.connect()
        self._opened.append(connection)
        return connection


@dataclass(frozen=True)
class Context:
    """The argument of a target by hand (`name(context)`). Times in seconds.

    lease: how long a call may wait for another call's load before it takes over. pool_size,
    max_overflow: connections that one process may have to one tenant, and to the control plane.
    """

    control_plane_url: str = field(repr=False)
    encryption_key: str = field(repr=False)
    cache_ttl: float
    procs: int
    threads: int
    control_plane: ControlPlane
    lease: float = DEFAULT_LEASE_S
    table: TableMapping = DEFAULT_TABLE
    pool_size: int = 5
    max_overflow: int = 10

    def limited(self) -> Context:
        """The same with one connection to each place: on a server that somebody else runs."""
        return replace(self, pool_size=1, max_overflow=0)
