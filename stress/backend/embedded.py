"""The embedded PostgreSQL: started for one run, with fresh tenants, and thrown away with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import psycopg2
from psycopg2.sql import SQL, Identifier
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.engine import URL

from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend import binaries, folder, libpq, rows, sessions
from stress.backend.backend import Backend
from stress.backend.control_table import write_rows
from stress.backend.provision import (
    NewTenant,
    Provisioner,
    closed_to_others,
    new_password,
    plan,
    role,
)
from stress.backend.server import SUPERUSER, Server
from stress.backend.tenants import TenantTruth
from stress.errors import BackendError

__all__ = ["Backend", "EmbeddedBackend", "start"]

DRIVER = "postgresql+psycopg2"
CONTROL_PLANE = "control_plane"
COPY_STRATEGY_SINCE = 15


class EmbeddedBackend(Backend):
    """A server of our own. admin_url: the superuser's, over the Unix socket; password inside."""

    def __init__(
        self,
        name: str,
        control_plane: URL,
        admin: URL,
        encryption_key: str,
        table: TableMapping,
        created: Sequence[NewTenant],
        tenants: Sequence[TenantTruth],
        server: Server,
        resources: ExitStack,
    ) -> None:
        self.name = name
        self.control_plane_url = control_plane.render_as_string(hide_password=False)
        self.admin_url = self.admin = admin
        self.encryption_key = encryption_key
        self.table = table
        self.tenants = tuple(tenants)
        if table.version is not False:  # without one nothing grows that a phase could raise
            self.writable = frozenset(range(len(self.tenants)))
        self._databases = [str(tenant.database) for tenant in tenants]
        self._secrets = [
            encryption_key,
            str(control_plane.password),
            str(admin.password),
            *(str(tenant.url.password) for tenant in created),
        ]
        self._server = server
        self._resources = resources

    def secrets(self) -> Iterable[str]:
        """The key, and the passwords of the superuser, the control plane and each tenant."""
        return tuple(self._secrets)

    def sessions(self) -> int:
        """Client sessions in the tenants' databases, counted by the server."""
        return sessions.count(self.admin_url, self._databases)

    def sessions_settled(self, baseline: int, limit_s: float) -> int:
        """The same once it is back at `baseline`, else after `limit_s`."""
        return sessions.settled(self.sessions, baseline, limit_s)

    def after_fork_in_child(self) -> None:
        """Let go of the pipe that keeps the server alive."""
        self._server.after_fork_in_child()

    def close(self) -> None:
        """Stop the server and remove its directory."""
        self._resources.close()


def start(
    tenants: int,
    *,
    pg_bin: str | None = None,
    table: TableMapping = DEFAULT_TABLE,
    progress: Callable[[str], None],
) -> EmbeddedBackend:
    """Start a server and make `tenants` tenants (at least 1) on it.

    pg_bin: the folder of initdb and postgres, in place of those that are found. table: the shape of
    the control plane's table. progress is given a line now and then. Call it in the main thread,
    before any other thread exists; none is left running on return. BackendError where it cannot
    start. Whatever is raised, and however this process ends, the server and its directory go with
    it.
    """
    account = binaries.server_account()
    found = binaries.find(pg_bin, account)
    place = folder.find(account, tenants, copy=bool(found.copy))
    with ExitStack() as resources:
        resources.callback(libpq.restore_variables, libpq.forget_variables())
        server = Server(found, account, place, new_password())
        resources.callback(server.close)
        begun = time.monotonic()
        took = server.times.initdb_s + server.times.start_s
        started = f"PostgreSQL {found.major} started in {took:.2f} s"

        def tell(done: int) -> None:
            progress(f"{started}; {done:,} of {tenants:,} tenants created")

        try:
            backend = _provision(server, found.major, tenants, table, tell, resources)
        except psycopg2.errors.DiskFull:
            raise place.full() from None
        except psycopg2.Error as error:
            what = f"creating the tenants failed: {_first_line(error)}"
            raise BackendError(found.where, what, "run it again") from None
        made = "1 tenant" if tenants == 1 else f"{tenants:,} tenants"
        progress(f"{started}; {made} created in {time.monotonic() - begun:.2f} s")
        backend._resources = resources.pop_all()
        return backend


def _provision(
    server: Server,
    major: int,
    count: int,
    table: TableMapping,
    tell: Callable[[int], None],
    resources: ExitStack,
) -> EmbeddedBackend:
    admin = URL.create(
        DRIVER,
        username=SUPERUSER,
        password=server.password,
        host=server.socket,
        port=server.port,
        database=CONTROL_PLANE,
    )
    control_plane = URL.create(
        DRIVER,
        username=CONTROL_PLANE,
        password=new_password(),
        host=server.host,
        port=server.port,
        database=CONTROL_PLANE,
    )
    # The database that is there anyway serves: making another takes 300 files.
    provisioner = Provisioner(admin, copy_files=major >= COPY_STRATEGY_SINCE, tell=tell)
    database = Identifier(CONTROL_PLANE)
    provisioner.run(
        role(control_plane),
        SQL("ALTER DATABASE postgres RENAME TO {}").format(database),
        SQL("ALTER DATABASE {} OWNER TO {}").format(database, Identifier(CONTROL_PLANE)),
        closed_to_others(CONTROL_PLANE),
        database="template1",
    )
    created = plan(count, server.host, server.port)
    key = Keyring.generate()
    engine = create_engine(control_plane, poolclass=NullPool)
    write_rows(engine, Keyring(key), created, table)
    truths = _committed(engine, table, Keyring(key), provisioner.create(created))
    return EmbeddedBackend(
        f"embedded PostgreSQL {major}",
        control_plane,
        admin,
        key,
        table,
        created,
        truths,
        server,
        resources,
    )


def _committed(
    engine: Engine, table: TableMapping, keyring: Keyring, truths: Sequence[TenantTruth]
) -> list[TenantTruth]:
    """The truths with the versions that the control plane's rows have."""
    with engine.connect() as connection:
        statement = table.row_statement()
        found = (
            connection.execute(statement, {"tenant_id": truth.tenant_id}).mappings().one()
            for truth in truths
        )
        versions = [rows.read(table, keyring, row).version for row in found]
    return [
        replace(truth, version=version) for truth, version in zip(truths, versions, strict=True)
    ]


def _first_line(error: BaseException) -> str:
    """What the driver says first, without the address that it puts before it."""
    lines = str(error).strip().splitlines()
    return lines[0].rpartition(" failed: ")[2] if lines else type(error).__name__
