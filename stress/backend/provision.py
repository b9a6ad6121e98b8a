"""Makes synthetic tenants: a database, a role and a marker row each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

from psycopg2.sql import SQL, Composable, Identifier, Literal
from sqlalchemy.engine import URL

from stress.backend import scram
from stress.backend.ledger import Ledger
from stress.backend.tenants import MARKER_TABLE, TenantTruth, connect, identify, without_password

PASSWORD_BYTES = 18
CONNECTIONS = 4  # copying a database and SCRAM keep two cores busy with that
TELL_EVERY_S = 2.0


@dataclass(frozen=True)
class NewTenant:
    """A tenant to be made. url: as its application will reach it, password inside."""

    tenant_id: str
    url: URL
    version: int = 1


def plan(count: int, host: str, port: int, prefix: str = "") -> list[NewTenant]:
    """`count` tenants with fresh passwords; databases and roles begin with `prefix`."""
    width = max(4, len(str(count)))
    return [
        NewTenant(
            f"tenant-{number:0{width}}",
            URL.create(
                "postgresql+psycopg2",
                username=f"{prefix}tenant_{number:0{width}}",
                password=new_password(),
                host=host,
                port=port,
                database=f"{prefix}tenant_{number:0{width}}",
            ),
        )
        for number in range(1, count + 1)
    ]


def new_password() -> str:
    """A random password of ASCII letters, digits, - and _."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


@dataclass(frozen=True)
class Provisioner:
    """Creates on one server.

    admin: a superuser's URL, its database the one to work from. copy_files: copy a new database's
    files, which took 6 ms, in place of writing every page to the log, which took 19 ms but forces
    no checkpoint. ledger: where it is noted what was made, by somebody else's server.
    """

    admin: URL
    copy_files: bool
    ledger: Ledger | None = None
    tell: Callable[[int], None] = field(default=lambda _done: None)

    def run(self, *statements: Composable, database: str | None = None) -> None:
        """Statements of the superuser, each committed by itself."""
        url = self.admin if database is None else self.admin.set(database=database)
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def create(self, tenants: Sequence[NewTenant]) -> list[TenantTruth]:
        """Roles, databases and markers; then what each tenant's own connection reports.

        tell(done) is called in this thread every TELL_EVERY_S. No thread is left on return.
        """
        self._create_roles(tenants)
        truths: list[TenantTruth] = []
        stopping = Event()
        with ThreadPoolExecutor(min(CONNECTIONS, len(tenants))) as pool:
            numbered = list(enumerate(tenants))
            try:
                running = {
                    pool.submit(self._create_some, numbered[first::CONNECTIONS], truths, stopping)
                    for first in range(min(CONNECTIONS, len(tenants)))
                }
                while running:
                    done, running = wait(running, TELL_EVERY_S, FIRST_EXCEPTION)
                    for job in done:
                        job.result()
                    if running:
                        self.tell(len(truths))
            except BaseException:
                stopping.set()  # the pool's end waits for the tenants in hand, no longer
                raise
        return sorted(truths, key=lambda truth: truth.index)

    def _create_some(
        self,
        tenants: Sequence[tuple[int, NewTenant]],
        truths: list[TenantTruth],
        stopping: Event,
    ) -> None:
        """One thread's share, over one connection of the superuser's."""
        with closing(connect(self.admin)) as connection, connection.cursor() as cursor:
            if self.ledger is not None:
                cursor.execute(self.ledger.hold())
            for index, tenant in tenants:
                if stopping.is_set():
                    return
                for statement in self._database(tenant.url.database, tenant.url.username):
                    cursor.execute(statement)
                self._mark(tenant)
                identity = identify(tenant.url)
                url = without_password(tenant.url)
                truths.append(TenantTruth(index, tenant.tenant_id, url, tenant.version, identity))

    def _create_roles(self, tenants: Sequence[NewTenant]) -> None:
        """All of them or none: several statements sent as one are one transaction."""
        statements = [role(tenant.url) for tenant in tenants]
        if self.ledger is not None:
            statements.insert(0, self.ledger.hold())
            statements += [self.ledger.note_role(tenant.url.username) for tenant in tenants]
        self.run(SQL(";").join(statements))

    def _mark(self, tenant: NewTenant) -> None:
        """The row that says whose database this is; the tenant may read it, not change it."""
        table = Identifier("public", MARKER_TABLE)
        self.run(
            SQL("CREATE TABLE {} (tenant_id text NOT NULL)").format(table),
            SQL("INSERT INTO {} VALUES ({})").format(table, Literal(tenant.tenant_id)),
            SQL("GRANT SELECT ON {} TO PUBLIC").format(table),
            database=tenant.url.database,
        )

    def _database(self, name: str | None, owner: str | None) -> list[Composable]:
        create = SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}").format(
            Identifier(name), Identifier(owner)
        )
        if self.copy_files:
            create += SQL(" STRATEGY file_copy")
        statements: list[Composable] = [create, closed_to_others(name)]
        if self.ledger is None:
            return statements
        # No transaction holds a CREATE DATABASE: the intention first, its OID afterwards.
        return [self.ledger.intend_database(name), *statements, self.ledger.note_database(name)]


def role(url: URL) -> Composable:
    """Creates the role that a URL names, with the URL's password; only a verifier is sent."""
    return SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
        Identifier(url.username), Literal(scram.verifier(str(url.password)))
    )


def closed_to_others(database: str | None) -> Composable:
    """Lets only the owner connect to a database."""
    return SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database))
