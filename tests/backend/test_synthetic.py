"""`stress provision` and `--drop` on a server that the test itself started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from sqlalchemy.engine import URL

from resolver.keyring import Keyring
from resolver.table import TableMapping
from stress.backend import binaries, folder, given, synthetic
from stress.backend.server import SUPERUSER, Server
from stress.backend.tenants import connect
from stress.errors import BackendError
from tests.backend.run import ROOT, eventually

KEY = Keyring.generate()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = binaries.server_account()
    found = binaries.find(None, account)
    place = folder.find(account, 30, copy=bool(found.copy))
    started = Server(found, account, place, "the-superusers-password")
    yield started
    started.close()


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """A superuser's URL of a server that is empty, and must be empty again afterwards."""
    made = URL.create(
        "postgresql+psycopg2", SUPERUSER, server.password, server.host, server.port, "postgres"
    )
    before = contents(made)
    yield made
    left = contents(made)
    if left != before:
        with suppress(BackendError):  # so that the next test is not blamed
            drop(made)
    assert left == before


def ask(url: URL, *statements: str) -> list[Any]:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def contents(url: URL) -> list[Any]:
    """Every database, role, and table of the control plane's database, by name and OID."""
    return ask(
        url,
        "SELECT 'database ' || datname || oid FROM pg_database UNION ALL "
        "SELECT 'role ' || rolname || oid FROM pg_roles UNION ALL "
        "SELECT 'table ' || relname || oid FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace "
        "ORDER BY 1",
    )


def provision(url: URL, tenants: int = 2) -> list[str]:
    lines: list[str] = []
    text = url.render_as_string(hide_password=False)
    synthetic.provision(text, KEY, tenants, lines.append)
    return lines


def drop(url: URL) -> list[str]:
    lines: list[str] = []
    synthetic.drop(url.render_as_string(hide_password=False), lines.append)
    return lines


def refusal(url: URL, action: Any = provision) -> str:
    with pytest.raises(BackendError) as caught:
        action(url)
    line = str(caught.value)
    assert len(line) <= 100
    assert caught.value.exit_code == 2
    return line


def test_what_was_provisioned_serves_as_control_plane_and_is_removed_again(url: URL) -> None:
    (told,) = provision(url, 3)
    assert told.startswith(f"127.0.0.1:{url.port}: 3 tenants created in ")
    text = url.render_as_string(hide_password=False)
    backend = given.start(text, KEY, progress=lambda _line: None)
    assert [tenant.tenant_id for tenant in backend.tenants] == [
        "tenant-0001",
        "tenant-0002",
        "tenant-0003",
    ]
    for tenant in backend.tenants:
        assert tenant.identity is not None
        assert tenant.identity.marker == tenant.tenant_id
        assert str(tenant.database).startswith("stress_")
        assert str(tenant.username).startswith("stress_")
    backend.close()
    assert drop(url) == [f"127.0.0.1:{url.port}: 3 tenants removed"]


def test_a_table_of_another_shape_is_made_and_removed_with_its_schema(url: URL) -> None:
    table = TableMapping.from_keys({"table": "App.tenants", "active": "live", "url": "sealed"})
    text = url.render_as_string(hide_password=False)
    synthetic.provision(text, KEY, 1, lambda _line: None, table=table)
    backend = given.start(text, KEY, table=table, progress=lambda _line: None)
    assert [tenant.identity is not None for tenant in backend.tenants] == [True]
    backend.close()
    drop(url)
    assert ask(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'App'") == [0]


def test_dropping_where_nothing_was_provisioned_is_one_line(url: URL) -> None:
    assert "nothing was provisioned in database postgres" in refusal(url, drop)


def test_provisioning_twice_is_one_line(url: URL) -> None:
    provision(url)
    assert "were provisioned here already; first: stress provision --drop" in refusal(url)
    drop(url)


@pytest.mark.parametrize(
    ("make", "unmake", "told"),
    [
        ("CREATE ROLE stress_mine", "DROP ROLE stress_mine", "has a role stress_mine"),
        ("CREATE DATABASE stress_x", "DROP DATABASE stress_x", "has a database stress_x"),
        ("CREATE TABLE tenants (id text)", "DROP TABLE tenants", "postgres has a table tenants"),
        (
            "CREATE SCHEMA app; CREATE VIEW app.tenants AS SELECT 1",
            "DROP SCHEMA app CASCADE",
            "database postgres has a table tenants",
        ),
    ],
)
def test_a_server_that_is_not_empty_is_refused_and_left_alone(
    url: URL, make: str, unmake: str, told: str
) -> None:
    ask(url, make)
    made = contents(url)
    line = refusal(url)
    assert told in line
    assert line.endswith("; provision wants an empty server")
    assert contents(url) == made
    ask(url, unmake)


def test_a_table_in_another_database_is_found_too(url: URL) -> None:
    ask(url, "CREATE DATABASE app")
    ask(url.set(database="app"), "CREATE TABLE tenants (id text)")
    assert "database app has a table tenants" in refusal(url)
    ask(url, "DROP DATABASE app")


@pytest.mark.parametrize("action", [provision, drop])
def test_an_ordinary_user_is_refused(url: URL, action: Any) -> None:
    ask(url, "CREATE ROLE bob LOGIN PASSWORD 'bobs' CREATEDB CREATEROLE")
    line = refusal(url.set(username="bob", password="bobs"), action)
    assert "user bob is no superuser" in line
    ask(url, "DROP ROLE bob")


def test_a_wrong_url_or_key_is_one_line_without_it() -> None:
    for url, key, where in (
        ("sqlite:///x", KEY, "DATABASE_URL"),
        ("s3cret", KEY, "DATABASE_URL"),
        ("postgresql://u:p@127.0.0.1:1/d", "s3cret", "ENCRYPTION_KEY"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", KEY, "DATABASE_URL"),
    ):
        with pytest.raises(BackendError) as caught:
            synthetic.provision(url, key, 1, lambda _line: None)
        assert caught.value.where == where
        assert "s3cret" not in str(caught.value)


def test_an_object_of_the_same_name_is_not_removed(url: URL) -> None:
    provision(url, 2)
    ask(url, "DROP DATABASE stress_tenant_0001", "CREATE DATABASE stress_tenant_0001")
    drop(url)
    assert ask(url, "SELECT datname FROM pg_database WHERE datname LIKE 'stress%'") == [
        "stress_tenant_0001"
    ]
    ask(url, "DROP DATABASE stress_tenant_0001")


def test_a_renamed_object_is_removed(url: URL) -> None:
    provision(url, 1)
    ask(
        url,
        "ALTER DATABASE stress_tenant_0001 RENAME TO renamed",
        "ALTER ROLE stress_tenant_0001 RENAME TO renamed",
        "ALTER TABLE tenants RENAME TO renamed",
    )
    drop(url)


@pytest.mark.parametrize("made", [0, 3])
def test_a_killed_provision_is_removed_completely(url: URL, made: int) -> None:
    script = (
        "import sys; from stress.backend import synthetic\n"
        "synthetic.provision(sys.argv[1], sys.argv[2], 25, print)"
    )
    text = url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", script, text, KEY], cwd=ROOT)
    begun = "SELECT count(*) FROM pg_database WHERE datname LIKE 'stress%'"
    roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'stress%'"
    assert eventually(lambda: ask(url, roles)[0] > 0 and ask(url, begun)[0] >= made)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    drop(url)


def test_an_interrupted_drop_can_be_repeated(url: URL) -> None:
    provision(url, 3)
    with closing(connect(url.set(database="stress_tenant_0002"))):
        line = refusal(url, drop)
        assert "database stress_tenant_0002" in line
    assert ask(url, "SELECT count(*) FROM pg_database WHERE datname LIKE 'stress%'") == [2]
    drop(url)
