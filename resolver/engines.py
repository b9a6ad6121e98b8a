"""Engines: one for each tenant and record in each process, and the connections that they give out.

An engine's URL holds no password: the secret is opened when a connection is made, handed to the
driver and dropped. A changed record gets a new engine; the old one's idle connections are closed at
once, those in use at their check-in. Sessions are cleaned at check-in (DISCARD ALL on PostgreSQL).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from sqlalchemy import Engine, create_engine, event

from resolver.cache.result import ResolvedTenant, sealed_record
from resolver.control_plane import parse_url
from resolver.errors import ConfigurationError, CredentialsError
from resolver.forks import in_child
from resolver.keyring import Keyring
from resolver.record import take_apart

# Engines that a process keeps; the one unused for longest goes. Each keeps pool_size connections.
MOST_ENGINES = 1000


class Engines:
    """This process's engines. Safe between threads; after a fork the child starts with none."""

    def __init__(self, keyring: Keyring, *, pool_size: int, max_overflow: int) -> None:
        self._keyring = keyring
        self._pool_size = pool_size
        self._max_overflow = max_overflow
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[bytes, TenantEngine]] = OrderedDict()
        in_child(self._forget_parent)

    def get(self, tenant: ResolvedTenant) -> Engine:
        """The engine of exactly this record; a tenant's older one is retired."""
        value = sealed_record(tenant)
        retired = []
        with self._lock:
            known = self._kept.get(tenant.tenant_id)
            if known is not None and known[0] == value:
                self._kept.move_to_end(tenant.tenant_id)
                return known[1].engine
            if known is not None:
                retired.append(known[1])
            made = TenantEngine(tenant, self._keyring, self._pool_size, self._max_overflow)
            self._kept[tenant.tenant_id] = (value, made)
            self._kept.move_to_end(tenant.tenant_id)
            if len(self._kept) > MOST_ENGINES:
                retired.append(self._kept.popitem(last=False)[1][1])
        for old in retired:
            old.retire()
        return made.engine

    def close(self) -> None:
        """Close every idle connection of this process; those in use at their check-in."""
        with self._lock:
            kept, self._kept = self._kept, OrderedDict()
        for _, old in kept.values():
            old.retire()

    def _forget_parent(self) -> None:
        self._lock = threading.Lock()
        kept, self._kept = self._kept, OrderedDict()
        for _, old in kept.values():
            old.engine.dispose(close=False)  # the parent's sockets are not ours to close


class TenantEngine:
    """One engine with its hooks: the password at connect, cleaning and retirement at check-in."""

    def __init__(
        self, tenant: ResolvedTenant, keyring: Keyring, pool_size: int, max_overflow: int
    ) -> None:
        self._tenant_id = tenant.tenant_id
        self._keyring = keyring
        self._sealed = sealed_record(tenant)
        self._retired = False
        self.engine = create_engine(
            tenant.url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_reset_on_return=None,  # `_clean` does it
            hide_parameters=True,
        )
        event.listen(self.engine, "do_connect", self._connect)
        event.listen(self.engine, "reset", self._clean)
        event.listen(self.engine, "checkin", self._check_in)

    def retire(self) -> None:
        """No new connection is kept; running transactions are not cut."""
        self._retired = True
        self.engine.dispose()

    def _connect(self, dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
        """The driver's connection. Its error is raised anew, from a frame that knows no secret."""
        connection, failure = self._try_connect(dialect, arguments, parameters)
        if failure is not None:
            raise failure
        return connection

    def _try_connect(
        self, dialect: Any, arguments: Any, parameters: Any
    ) -> tuple[Any, Exception | None]:
        fields = take_apart(self._sealed)
        try:
            secret = self._keyring.open(self._tenant_id, fields.cipher, fields.sealed)
        except CredentialsError as error:
            return None, error.with_traceback(None)
        if fields.whole:
            try:
                arguments, parameters = dialect.create_connect_args(parse_url(secret))
            except ConfigurationError:
                return None, CredentialsError(f"tenant {self._tenant_id!r}: no database URL")
            password = parameters.get("password")
        else:
            # A copy: the dictionary belongs to the engine and is kept by it.
            parameters, password = {**parameters, "password": secret}, secret
        try:
            return dialect.connect(*arguments, **parameters), None
        except dialect.loaded_dbapi.Error as error:
            said = str(error)
            for hidden in (secret, password):
                said = said.replace(hidden, "***") if hidden else said
            return None, type(error)(said)

    def _clean(self, connection: Any, _record: Any, state: Any) -> None:
        """Leaves nothing of the borrower: no transaction, settings, temporary tables or locks."""
        if state.terminate_only:
            return
        connection.rollback()
        if self.engine.dialect.name != "postgresql" or self._retired:
            return
        before, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        connection.autocommit = False if before is None else before

    def _check_in(self, _connection: Any, record: Any) -> None:
        if self._retired:
            record.close()
