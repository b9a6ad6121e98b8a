"""What a run needs of a server, whoever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from sqlalchemy.engine import URL

from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend.ledger import Ledger
from stress.backend.tenants import TenantTruth


class Backend(ABC):
    """A control plane and the databases of its tenants, open until `close`.

    name: as the report says it ("embedded PostgreSQL 18").
    control_plane_url: postgresql+psycopg2://…, password inside; never printed.
    encryption_key: in the form of ENCRYPTION_KEY; never printed.
    table: the shape of the control plane's table.
    tenants: in the order of their index, each with what its own direct connection reported.
    writable: indices of the tenants whose rows phases may change, and make new roles for.
    admin: who may make roles where `writable` is not empty; password inside, never printed.
    ledger: where what is made on somebody else's server is noted.
    given: whether somebody else runs it, so that connections and loads are limited.
    """

    name: str
    control_plane_url: str
    encryption_key: str
    table: TableMapping = DEFAULT_TABLE
    tenants: Sequence[TenantTruth]
    writable: frozenset[int] = frozenset()
    admin: URL | None = None
    ledger: Ledger | None = None
    given: bool = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}, {len(self.tenants)} tenants>"

    @abstractmethod
    def secrets(self) -> Iterable[str]:
        """Every password and key that must not show in anything we write."""

    @abstractmethod
    def sessions(self) -> int:
        """Client sessions in the tenants' databases, counted by the server."""

    @abstractmethod
    def sessions_settled(self, baseline: int, limit_s: float) -> int:
        """The same once it is back at `baseline`, else after `limit_s`."""

    @abstractmethod
    def after_fork_in_child(self) -> None:
        """Let go of what belongs to the parent. Every forked worker calls it before all else."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back. May be called again; in a forked child it does nothing."""
