"""What an embedded backend offers: databases, roles, markers, rows, the truth, and no secret."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.engine import URL, make_url

from resolver.keyring import Keyring
from resolver.table import metadata_table
from stress.backend import control_table, embedded
from stress.backend.embedded import EmbeddedBackend
from stress.backend.tenants import connect
from stress.errors import BackendError
from tests.backend.run import NOBODY, Run, python_for


def rows(backend: EmbeddedBackend) -> dict[str, Any]:
    engine = create_engine(backend.control_plane_url, poolclass=NullPool)
    with engine.connect() as connection:
        return {row.id: row for row in connection.execute(select(metadata_table()))}


def url_of(backend: EmbeddedBackend, tenant_id: str) -> URL:
    """The URL that the control plane's row gives, as any resolver would make it."""
    row = rows(backend)[tenant_id]
    password = Keyring(backend.encryption_key).decrypt(row.id, row.encrypted_password)
    return URL.create(
        "postgresql+psycopg2", row.username, password, row.host, row.port, row.database
    )


def test_the_control_plane_has_a_row_for_each_tenant(backend: EmbeddedBackend) -> None:
    found = rows(backend)
    assert list(found) == [tenant.tenant_id for tenant in backend.tenants]
    assert list(found) == ["tenant-0001", "tenant-0002", "tenant-0003", "tenant-0004"]
    for tenant in backend.tenants:
        row = found[tenant.tenant_id]
        assert (row.host, row.port, row.database, row.username, row.version, row.status) == (
            tenant.host,
            tenant.port,
            tenant.database,
            tenant.username,
            tenant.version,
            "active",
        )
        assert row.encrypted_password.startswith("v1:")


def test_the_truth_is_what_each_tenants_own_database_says(backend: EmbeddedBackend) -> None:
    assert [tenant.index for tenant in backend.tenants] == [0, 1, 2, 3]
    assert len({tenant.identity for tenant in backend.tenants}) == 4
    for tenant in backend.tenants:
        identity = tenant.identity
        assert identity is not None
        assert identity.marker == tenant.tenant_id
        assert (identity.database, identity.user) == (tenant.database, tenant.username)
        assert (identity.address, identity.port) == ("127.0.0.1", tenant.port)
        assert identity.system is not None
        assert tenant.url.password is None


def test_a_tenant_reaches_its_own_database_only(backend: EmbeddedBackend) -> None:
    first, second = (url_of(backend, tenant.tenant_id) for tenant in backend.tenants[:2])
    with closing(connect(first)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        assert cursor.fetchone() == (first.database, first.username)
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        connect(first.set(database=second.database))
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        connect(first.set(database=make_url(backend.control_plane_url).database))
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        connect(first.set(password=second.password))


def test_a_tenant_cannot_change_its_marker(backend: EmbeddedBackend) -> None:
    url = url_of(backend, "tenant-0001")
    with (
        closing(connect(url)) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("UPDATE stress_marker SET tenant_id = 'tenant-0002'")


def test_no_connection_is_trusted_without_a_password(backend: EmbeddedBackend) -> None:
    admin = backend.admin_url
    for host in (admin.host, "127.0.0.1"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            connect(URL.create("postgresql", "postgres", "wrong", host, admin.port, admin.database))
    with closing(connect(admin)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolcanlogin")
        stored = [row[0] for row in cursor.fetchall()]
    assert len(stored) == 6
    assert all(one.startswith("SCRAM-SHA-256$4096:") for one in stored)


def test_the_server_listens_on_the_loopback_interface_only(backend: EmbeddedBackend) -> None:
    port = f"{backend.tenants[0].port:04X}"
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and address.endswith(f":{port}"):
                listening.append(address)
    assert listening == [f"0100007F:{port}"]


def test_sessions_are_counted_in_the_tenants_databases(backend: EmbeddedBackend) -> None:
    assert backend.sessions_settled(0, 5.0) == 0
    with closing(connect(url_of(backend, "tenant-0002"))):
        assert backend.sessions() == 1
        assert backend.sessions_settled(0, 0.05) == 1
        assert backend.sessions_settled(1, 0.0) == 1
    assert backend.sessions_settled(0, 5.0) == 0
    with closing(connect(make_url(backend.control_plane_url))):
        assert backend.sessions() == 0


def test_no_secret_shows_outside_the_process(backend: EmbeddedBackend) -> None:
    secrets = set(backend.secrets())
    assert len(secrets) == 7
    assert make_url(backend.control_plane_url).password in secrets
    assert url_of(backend, "tenant-0003").password in secrets
    directory = Path(str(backend.admin_url.host)).parent
    told = [repr(backend), repr(backend.tenants), repr(backend.admin_url)]
    told += [path.read_text() for path in (directory / "log", directory / "initdb.log")]
    for pid in (name for name in os.listdir("/proc") if name.isdigit()):
        for kind in ("cmdline", "environ"):
            try:
                told.append(Path(f"/proc/{pid}/{kind}").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    assert not [secret for secret in secrets for text in told if secret in text]
    assert not (directory / "password").exists()


def test_the_name_says_embedded_and_the_major_version(backend: EmbeddedBackend) -> None:
    with closing(connect(backend.admin_url)) as connection:
        assert backend.name == f"embedded PostgreSQL {connection.server_version // 10000}"


def test_progress_is_told_in_lines(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    lines: list[str] = []
    embedded.start(1, progress=lines.append).close()
    assert len(lines) == 1
    assert "started in" in lines[0]
    assert lines[0].partition("; ")[2].startswith("1 tenant created in")


def test_libpqs_variables_in_the_shell_change_nothing(run: Run) -> None:
    shell = {"PGHOSTADDR": "203.0.113.1", "PGSSLMODE": "require", "PGPORT": "1"}
    process = run.start(1, environment=shell)
    out, err = process.communicate("\n")
    assert out.endswith("closed\n"), err


def test_libpqs_variables_come_back_at_the_end(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    monkeypatch.setenv("PGAPPNAME", "mine")
    started = embedded.start(1, progress=lambda _line: None)
    assert "PGAPPNAME" not in os.environ
    started.close()
    started.close()
    assert os.environ["PGAPPNAME"] == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_can_run_it_too(run: Run) -> None:
    python = python_for(NOBODY)
    if python is None:
        pytest.skip("no Python with our packages that another user may run")
    process = run.start(2, user=NOBODY, python=python)
    out, err = process.communicate("\n")
    assert out.endswith("closed\n"), err
    assert run.left() == []


def test_a_server_that_dies_while_tenants_are_made_is_one_line(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    make = control_table.write_rows

    def make_and_kill(*arguments: Any) -> None:
        make(*arguments)
        (pid_file,) = room.glob("*/data/postmaster.pid")
        os.kill(int(pid_file.read_text().split()[0]), 9)

    monkeypatch.setattr(embedded, "write_rows", make_and_kill)
    with pytest.raises(BackendError) as caught:
        embedded.start(3, progress=lambda _line: None)
    line = str(caught.value)
    assert line.startswith("stress: PostgreSQL: creating the tenants failed: ")
    assert line.endswith("; run it again")
    assert list(room.iterdir()) == []
