"""One embedded server for the resolver's tests; its rows are put back after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from resolver import TenantResolver
from resolver.keyring import Keyring
from stress.backend import embedded

MakeResolver = Callable[..., TenantResolver]


class World:
    """The server, with a superuser's hand on its control plane."""

    def __init__(self, backend: embedded.EmbeddedBackend) -> None:
        self.backend = backend
        self.url = backend.control_plane_url
        self.key = backend.encryption_key
        self.keyring = Keyring(backend.encryption_key)
        plane = backend.control_plane_url.rpartition("/")[2].partition("?")[0]
        self._admin: Engine = create_engine(
            backend.admin_url.set(database=plane), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )

    def run(self, statement: str, *arguments: Any) -> Any:
        """Rows of a statement in the control plane, as superuser; None where it has none."""
        connection: Connection
        with self._admin.connect() as connection:
            result = connection.exec_driver_sql(statement, tuple(arguments) or None)
            return result.all() if result.returns_rows else None

    def sessions(self) -> int:
        return self.backend.sessions()


@pytest.fixture(scope="session")
def started_world() -> Iterator[World]:
    backend = embedded.start(4, progress=lambda _line: None)
    try:
        yield World(backend)
    finally:
        backend.close()


@pytest.fixture
def world(started_world: World) -> Iterator[World]:
    """The server; the rows of its table `tenants` are put back afterwards."""
    started_world.run("create table kept as select * from tenants")
    try:
        yield started_world
    finally:
        started_world.run("delete from tenants")
        started_world.run("insert into tenants select * from kept")
        started_world.run("drop table kept")


@pytest.fixture
def make(world: World) -> Iterator[MakeResolver]:
    """Makes resolvers on the server's control plane, and closes them."""
    made: list[TenantResolver] = []

    def make_one(**arguments: Any) -> TenantResolver:
        arguments = {"database_url": world.url, "encryption_key": world.key, **arguments}
        made.append(TenantResolver(**arguments))
        return made[-1]

    yield make_one
    for resolver in made:
        resolver.close()
    assert world.backend.sessions_settled(0, 5.0) == 0
