"""The user's own control plane: read, connected to, and left as it was."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from sqlalchemy import RowMapping
from sqlalchemy.engine import URL

from resolver.control_plane import parse_url
from resolver.errors import ConfigurationError, CredentialsError
from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend import rows, sessions
from stress.backend.backend import Backend
from stress.backend.ledger import Ledger
from stress.backend.plane import Plane
from stress.backend.refusals import WHERE, first_line, place, refuse_second_at
from stress.backend.tenants import (
    Identity,
    TenantTruth,
    connect,
    identify,
    is_superuser,
    without_password,
)
from stress.errors import MAX_LINES, BackendError

MOST_TENANTS = 100
CONNECTIONS = 4
APPLICATION_NAME = "PGAPPNAME"


class GivenBackend(Backend):
    """A control plane that somebody else runs, and the databases that its rows name."""

    def __init__(
        self,
        name: str,
        url: URL,
        encryption_key: str,
        table: TableMapping,
        found: Sequence[Found],
        writable: frozenset[int] = frozenset(),
    ) -> None:
        self.name = name
        self.given = True
        self.control_plane_url = url.render_as_string(hide_password=False)
        self.encryption_key = encryption_key
        self.table = table
        self.tenants = tuple(one.truth for one in found)
        if writable:
            self.writable, self.admin, self.ledger = writable, url, Ledger()
        reached = [one.url for one in found if one.url is not None and one.truth.identity]
        self._observers = {(url.host, url.port): url for url in reached}
        self._databases = {
            server: [str(url.database) for url in reached if (url.host, url.port) == server]
            for server in self._observers
        }
        self._secrets = [encryption_key, *encryption_key.split(",")]
        self._secrets += [str(one.password) for one in (url, *reached) if one.password]
        # libpq gives this name to every connection of ours and of the target's that has no other.
        self._application = f"stress-{secrets.token_hex(4)}"
        self._former_application = os.environ.get(APPLICATION_NAME)
        os.environ[APPLICATION_NAME] = self._application
        self._owner = os.getpid()

    def secrets(self) -> Iterable[str]:
        """The keys, and the passwords of the control plane and of each tenant that decrypted."""
        return tuple(self._secrets)

    def sessions(self) -> int:
        """This run's sessions in the tenants' databases, counted by their servers."""
        return sum(
            sessions.count(url, self._databases[server], self._application)
            for server, url in self._observers.items()
        )

    def sessions_settled(self, baseline: int, limit_s: float) -> int:
        """The same once it is back at `baseline`, else after `limit_s`."""
        return sessions.settled(self.sessions, baseline, limit_s)

    def after_fork_in_child(self) -> None:
        """Nothing of the parent's is open."""

    def close(self) -> None:
        """Nothing is open. Takes our name out of the environment again."""
        if os.getpid() != self._owner:
            return
        if os.environ.get(APPLICATION_NAME) == self._application:
            del os.environ[APPLICATION_NAME]
            if self._former_application is not None:
                os.environ[APPLICATION_NAME] = self._former_application


@dataclass(frozen=True)
class Found:
    """A tenant as it was found. url: with the password; None where it did not decrypt."""

    truth: TenantTruth
    url: URL | None
    trouble: str | None = None


def start(
    database_url: str,
    encryption_key: str,
    *,
    tenants: int | None = None,
    table: TableMapping = DEFAULT_TABLE,
    mapping_file: str | None = None,
    max_connections: int = CONNECTIONS,
    allow_writes: bool = False,
    progress: Callable[[str], None],
) -> GivenBackend:
    """Read the active tenants (the first `tenants` of them by key; all, at most 100) and connect
    once to each of their databases, over at most `max_connections` connections at a time.

    A tenant whose row does not decrypt, or whose database does not answer, stays in the run: its
    identity is None, and progress is given a line that names it. allow_writes: phases may change
    tenants that `stress provision` made, and none of the others. BackendError or SeveralErrors
    where the control plane cannot be used at all. No thread is left running.
    """
    url, keyring = _parse(database_url, encryption_key)
    limit = MOST_TENANTS if tenants is None else tenants
    active, found_rows = Plane(url, table, mapping_file).active(limit)
    if tenants is not None and tenants > active:
        what = f"{active:,} tenants are active"
        raise BackendError(f"--tenants {tenants}", what, f"write 1 to {active}")
    numbered = list(enumerate(found_rows))
    with ThreadPoolExecutor(max(1, min(CONNECTIONS, max_connections))) as pool:
        found = list(pool.map(lambda one: _find(one[0], one[1], table, keyring), numbered))
    if all(one.url is None for one in found):
        what = f"decrypts none of {len(found):,} active tenants"
        raise BackendError("ENCRYPTION_KEY", what, "use this control plane's key")
    _tell_troubles(found, progress)
    writable = _writable(url, table, found) if allow_writes else frozenset()
    name = place(url)
    progress(f"{name}: {len(found):,} of {active:,} active tenants{_told(allow_writes, writable)}")
    return GivenBackend(name, url, encryption_key, table, found, writable)


def _writable(url: URL, table: TableMapping, found: Sequence[Found]) -> frozenset[int]:
    """The tenants that `stress provision` made on this server, by its own notes."""
    if url.get_backend_name() != "postgresql" or table.version is False:
        return frozenset()
    ledger = Ledger()
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        if not is_superuser(cursor):
            what = f"user {url.username} is no superuser, and makes no roles"
            raise BackendError("--allow-writes", what, "give one, or drop it")
        made = ledger.databases(cursor) if ledger.exists(cursor) else set()
    system = identify(url).system
    return frozenset(
        one.truth.index
        for one in found
        if one.truth.identity is not None
        and one.truth.identity.database in made
        and one.truth.identity.system == system
    )


def _told(allow_writes: bool, writable: frozenset[int]) -> str:
    if not allow_writes:
        return "; nothing is written there"
    if not writable:
        return "; stress provision made none of them: nothing is written"
    return f"; phases may change {len(writable):,} that stress provision made"


def _parse(database_url: str, encryption_key: str) -> tuple[URL, Keyring]:
    url = keyring = None
    try:
        url = parse_url(database_url)
        keyring = Keyring(encryption_key)
    except ConfigurationError as error:
        what = str(error)
    if url is None:
        what = "it is no database URL"
        raise BackendError(WHERE, what, "write postgresql://USER:PASSWORD@HOST:PORT/NAME")
    refuse_second_at(url)
    if keyring is None:
        what = what.replace("the encryption key is", "it is")
        raise BackendError("ENCRYPTION_KEY", what, "use this control plane's key")
    return url, keyring


def _find(index: int, row: RowMapping, table: TableMapping, keyring: Keyring) -> Found:
    try:
        read = rows.read(table, keyring, row)
    except CredentialsError:
        known = rows.place_without_secret(table, row)
        truth = TenantTruth(index, str(row["id"]), known, 0, None)
        return Found(truth, None, "its credentials do not decrypt")
    identity: Identity | None = None
    trouble = None
    if read.url.get_backend_name() != "postgresql":
        trouble = f"its database is {read.url.get_backend_name()}, which cannot be asked who it is"
    else:
        try:
            identity = identify(read.url)
        except psycopg2.Error as error:
            trouble = f"its database cannot be opened: {first_line(error, read.url)}"
    url = without_password(read.url)
    return Found(TenantTruth(index, read.tenant_id, url, read.version, identity), read.url, trouble)


def _tell_troubles(found: Sequence[Found], progress: Callable[[str], None]) -> None:
    troubled = [one for one in found if one.trouble is not None]
    well = len(found) - len(troubled)
    for one in troubled[:MAX_LINES]:
        progress(f"{one.truth.tenant_id}: {one.trouble}; {well:,} other tenants go on")
    if len(troubled) > MAX_LINES:
        progress(f"{len(troubled) - MAX_LINES:,} further tenants have such troubles")
