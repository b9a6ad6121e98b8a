"""Somebody else's control plane: read through any mapping, refused in one line, left as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.engine import URL, make_url

from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping, metadata_table
from stress.backend import embedded, given
from stress.backend.embedded import EmbeddedBackend
from stress.backend.given import GivenBackend
from stress.backend.tenants import connect, shared
from stress.errors import BackendError, SeveralErrors
from stress.target.context import ControlPlane

Plane = Callable[..., URL]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedBackend]:
    """The user's server; each test makes a control plane of its own on it."""
    started = embedded.start(3, progress=lambda _line: None)
    yield started
    started.close()


@pytest.fixture
def plane(server: EmbeddedBackend) -> Iterator[Plane]:
    """Makes a database from statements, and gives its URL."""
    made: list[str] = []

    def make(*statements: str, rows: int | None = None) -> URL:
        name = f"plane_{os.urandom(4).hex()}"
        execute(server.admin_url, f'CREATE DATABASE "{name}"')
        made.append(name)
        url = make_url(server.control_plane_url)
        url = server.admin_url.set(database=name, host=url.host)
        if rows is not None:
            copy_rows(server, url, rows)
        execute(url, *statements)
        return url

    yield make
    for name in made:
        execute(server.admin_url, f'DROP DATABASE "{name}"')


def execute(url: URL, *statements: str) -> None:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def copy_rows(server: EmbeddedBackend, url: URL, count: int) -> None:
    """The default table with the first rows of the server's own control plane."""
    table = metadata_table()
    with create_engine(server.control_plane_url, poolclass=NullPool).connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()][:count]
    with create_engine(url, poolclass=NullPool).begin() as connection:
        table.create(connection)
        if found:
            connection.execute(table.insert(), found)


def text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def opened(server: EmbeddedBackend, url: URL | str, **options: Any) -> GivenBackend:
    lines = options.pop("lines", [])
    key = options.pop("key", server.encryption_key)
    spelled = url if isinstance(url, str) else text(url)
    return given.start(spelled, key, progress=lines.append, **options)


def refused(server: EmbeddedBackend, url: URL | str, **options: Any) -> str:
    with pytest.raises(BackendError) as caught:
        opened(server, url, **options)
    line = str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in line
    assert len(line) <= 100
    assert caught.value.__cause__ is None
    return line


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_the_url_is_understood(server: EmbeddedBackend, scheme: str) -> None:
    url = server.control_plane_url.replace("postgresql+psycopg2", scheme)
    backend = opened(server, url)
    assert backend.tenants == server.tenants
    assert backend.control_plane_url == server.control_plane_url
    assert backend.name == f"127.0.0.1:{server.tenants[0].port}/control_plane"
    backend.close()


def test_the_first_tenants_by_key_are_taken(server: EmbeddedBackend) -> None:
    lines: list[str] = []
    backend = opened(server, server.control_plane_url, tenants=2, lines=lines)
    assert backend.tenants == server.tenants[:2]
    assert lines == [f"{backend.name}: 2 of 3 active tenants"]
    backend.close()


def test_more_tenants_than_are_active_are_refused(server: EmbeddedBackend) -> None:
    assert refused(server, server.control_plane_url, tenants=4) == (
        "stress: --tenants 4: 3 tenants are active; write 1 to 3"
    )


def test_nothing_is_written(server: EmbeddedBackend, plane: Plane) -> None:
    url = plane(rows=3)
    before = counters(server)
    opened(server, url).close()
    assert counters(server) == before


def counters(server: EmbeddedBackend) -> list[tuple[Any, ...]]:
    """Rows written in each database, as its statistics say, once they are complete."""
    with closing(connect(server.admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT datname, tup_inserted, tup_updated, tup_deleted FROM pg_stat_database "
            "WHERE datname LIKE 'tenant%' OR datname LIKE 'plane%' ORDER BY datname"
        )
        return list(cursor.fetchall())


def test_only_this_runs_sessions_are_counted(server: EmbeddedBackend) -> None:
    backend = opened(server, server.control_plane_url)
    plane = ControlPlane(server.control_plane_url, server.encryption_key)
    url = plane.load("tenant-0001").url
    with closing(connect(url)), closing(psycopg2.connect(text(url).replace("+psycopg2", ""))):
        # The first connection says that it is another application's.
        assert backend.sessions() == 1
        assert backend.sessions_settled(0, 0.05) == 1
    assert backend.sessions_settled(0, 5.0) == 0
    backend.close()
    assert "PGAPPNAME" not in os.environ
    plane.close()


def test_a_sealed_url_a_uuid_key_and_no_version_are_read(
    server: EmbeddedBackend, plane: Plane
) -> None:
    loader = ControlPlane(server.control_plane_url, server.encryption_key)
    keyring = Keyring(server.encryption_key)
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]
    statements = [
        "CREATE SCHEMA app",
        "CREATE TABLE app.customers (customer uuid PRIMARY KEY, state text, sealed text)",
    ]
    for number, tenant_id in enumerate(ids, 1):
        place = text(loader.load(f"tenant-000{number}").url).replace("+psycopg2", "")
        sealed = keyring.encrypt(tenant_id, place, "fernet")
        statements.append(f"INSERT INTO app.customers VALUES ('{tenant_id}', 'live', '{sealed}')")
    statements.append(f"INSERT INTO app.customers VALUES (gen_random_uuid(), 'closed', '{sealed}')")
    table = TableMapping.from_keys(
        {
            "table": "app.customers",
            "id": "customer",
            "active": "state = 'live'",
            "url": "sealed",
            "version": False,
            "cipher": "fernet",
        }
    )
    url = plane(*statements)
    backend = opened(server, url, table=table, mapping_file="t.toml")
    assert [tenant.tenant_id for tenant in backend.tenants] == ids
    assert [tenant.database for tenant in backend.tenants] == ["tenant_0001", "tenant_0002"]
    mapped = ControlPlane(text(url), server.encryption_key, table=table)
    record = mapped.load(ids[0])
    assert record.version == backend.tenants[0].version
    assert record.url.password in set(backend.secrets())
    for other in (ids[0].replace("-", ""), "{" + ids[0] + "}", "no uuid", "1"):
        with pytest.raises(LookupError):
            mapped.load(other)
    mapped.close()
    loader.close()
    backend.close()


def test_sqlite_serves_as_control_plane(server: EmbeddedBackend, tmp_path: Path) -> None:
    path = tmp_path / "plane.db"
    copy_rows(server, URL.create("sqlite", database=str(path)), 3)
    before = path.read_bytes()
    backend = opened(server, f"sqlite:///{path}")
    assert backend.name == "plane.db"
    assert [tenant.identity for tenant in backend.tenants] == [
        tenant.identity for tenant in server.tenants
    ]
    backend.close()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["plane.db"]


def test_tenants_that_share_a_database_are_one_class(server: EmbeddedBackend, plane: Plane) -> None:
    loader = ControlPlane(server.control_plane_url, server.encryption_key)
    password = str(loader.load("tenant-0001").url.password)
    sealed = Keyring(server.encryption_key).encrypt("tenant-0002", password)
    loader.close()
    url = plane(
        "UPDATE tenants SET database = 'tenant_0001', username = 'tenant_0001', "
        f"encrypted_password = '{sealed}' WHERE id = 'tenant-0002'",
        rows=3,
    )
    backend = opened(server, url)
    classes = [[tenant.tenant_id for tenant in one] for one in shared(backend.tenants)]
    assert classes == [["tenant-0001", "tenant-0002"]]
    assert shared(server.tenants) == []
    backend.close()


def test_one_row_that_does_not_decrypt_fails_alone_and_by_name(
    server: EmbeddedBackend, plane: Plane
) -> None:
    swapped = (
        "UPDATE tenants SET encrypted_password = "
        "(SELECT encrypted_password FROM tenants WHERE id = 'tenant-0001') WHERE id = 'tenant-0002'"
    )
    lines: list[str] = []
    backend = opened(server, plane(swapped, rows=3), lines=lines)
    assert lines[0] == "tenant-0002: its credentials do not decrypt; 2 other tenants go on"
    assert [tenant.identity is None for tenant in backend.tenants] == [False, True, False]
    assert backend.tenants[1].database == "tenant_0002"
    backend.close()


def test_one_database_that_does_not_answer_fails_alone_and_by_name(
    server: EmbeddedBackend, plane: Plane
) -> None:
    lines: list[str] = []
    away = "UPDATE tenants SET database = 'gone' WHERE id = 'tenant-0003'"
    backend = opened(server, plane(away, rows=3), lines=lines)
    assert lines[0].startswith("tenant-0003: its database cannot be opened: ")
    assert lines[0].endswith("2 other tenants go on")
    assert backend.tenants[2].identity is None
    backend.close()


def test_a_server_that_is_down_is_one_line(server: EmbeddedBackend) -> None:
    url = make_url(server.control_plane_url).set(port=1)
    assert refused(server, url) == (
        "stress: DATABASE_URL: 127.0.0.1:1 refuses connections; start it or mend the port"
    )


def test_what_the_server_refuses_is_one_line_without_the_password(
    server: EmbeddedBackend,
) -> None:
    url = make_url(server.control_plane_url)
    where = f"127.0.0.1:{url.port}"
    wrong = refused(server, url.set(password="wr0ng-secret"))
    assert f"{where} rejects control_plane's password; mend user or password" in wrong
    assert "wr0ng-secret" not in wrong
    assert f"{where} has no database nowhere" in refused(server, url.set(database="nowhere"))
    assert "may not connect to database" in refused(server, url.set(database="tenant_0001"))
    assert "has no TLS" in refused(server, url.update_query_dict({"sslmode": "require"}))
    assert "there is no host no.such.invalid" in refused(server, url.set(host="no.such.invalid"))


@pytest.mark.parametrize("url", ["nonsense", "postgresql://u:s3cret@h:port/d", "", "://"])
def test_a_malformed_url_is_one_line(server: EmbeddedBackend, url: str) -> None:
    line = refused(server, url)
    assert line.startswith("stress: DATABASE_URL: it is no database URL; write postgresql://")
    assert "s3cret" not in line


def test_an_unknown_driver_is_one_line(server: EmbeddedBackend) -> None:
    assert "no driver oracle9 here" in refused(server, "oracle9://u:s3cret@h/d")


def test_a_malformed_key_is_one_line(server: EmbeddedBackend) -> None:
    line = refused(server, server.control_plane_url, key="s3cret")
    assert line.startswith("stress: ENCRYPTION_KEY: ")
    assert "base64 of 32 bytes" in line
    assert "s3cret" not in line


def test_a_key_that_decrypts_nothing_is_one_line(server: EmbeddedBackend) -> None:
    assert refused(server, server.control_plane_url, key=Keyring.generate()) == (
        "stress: ENCRYPTION_KEY: decrypts none of 3 active tenants; use this control plane's key"
    )


def test_a_missing_table_is_one_line(server: EmbeddedBackend, plane: Plane) -> None:
    assert refused(server, plane()) == (
        "stress: DATABASE_URL: there is no table tenants; map it: --tenants-table FILE"
    )
    mapped = TableMapping.from_keys({"table": "app.customers"})
    assert refused(server, plane(), table=mapped, mapping_file="t.toml") == (
        'stress: --tenants-table t.toml: there is no table app.customers; mend table = "…"'
    )


def test_a_missing_column_is_one_line(server: EmbeddedBackend, plane: Plane) -> None:
    url = plane("ALTER TABLE tenants DROP COLUMN encrypted_password", rows=1)
    line = refused(server, url)
    assert "table tenants has no column encrypted_password; map it: --tenants-table" in line
    assert refused(server, url, table=DEFAULT_TABLE, mapping_file="t.toml") == (
        "stress: --tenants-table t.toml: table tenants has no column encrypted_password; "
        'add password = "…"'
    )


def test_several_missing_columns_are_a_line_each(server: EmbeddedBackend, plane: Plane) -> None:
    url = plane("CREATE TABLE tenants (id text, host text, port int, version int)")
    with pytest.raises(SeveralErrors) as caught:
        opened(server, url)
    assert [error.what.rpartition(" ")[2] for error in caught.value.errors] == [
        "database",
        "username",
        "encrypted_password",
        "status",
    ]
    assert caught.value.exit_code == 2


def test_an_empty_table_and_one_without_active_tenants_are_one_line(
    server: EmbeddedBackend, plane: Plane
) -> None:
    assert "table tenants is empty; fill it first" in refused(server, plane(rows=0))
    closed = plane("UPDATE tenants SET status = 'closed'", rows=2)
    assert "none of 2 tenants is active; activate some" in refused(server, closed)


def test_a_condition_that_does_not_run_is_one_line(server: EmbeddedBackend, plane: Plane) -> None:
    table = TableMapping.from_keys({"active": "state = 'live'"})
    line = refused(server, plane(rows=1), table=table, mapping_file="t.toml")
    assert line == (
        'stress: --tenants-table t.toml: active does not run: column "state" does not exist; '
        "mend it there"
    )


def test_a_table_that_may_not_be_read_is_one_line(server: EmbeddedBackend, plane: Plane) -> None:
    url = plane(rows=1)
    reader = make_url(server.control_plane_url).set(database=url.database)
    assert "table tenants cannot be read: permission denied" in refused(server, reader)


def test_a_missing_sqlite_file_is_one_line_and_is_not_made(
    server: EmbeddedBackend, tmp_path: Path
) -> None:
    assert "there is no file none.db" in refused(server, f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("this is no database" * 100)
    assert "text.db is no SQLite database" in refused(server, f"sqlite:///{tmp_path}/text.db")


def test_no_session_of_ours_is_left(server: EmbeddedBackend) -> None:
    opened(server, server.control_plane_url).close()
    assert server.sessions_settled(0, 5.0) == 0


def test_no_repr_shows_a_secret(server: EmbeddedBackend) -> None:
    backend = opened(server, server.control_plane_url)
    told = repr(backend) + repr(backend.tenants)
    assert not [secret for secret in backend.secrets() if secret in told]
    backend.close()
