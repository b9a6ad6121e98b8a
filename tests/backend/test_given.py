"""Somebody else's control plane: read through any mapping, and left as it was."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy.engine import URL

from resolver.keyring import Keyring
from resolver.table import TableMapping
from stress.backend.embedded import EmbeddedBackend
from stress.backend.tenants import connect, shared
from stress.target.context import ControlPlane
from tests.backend.planes import Plane, copy_rows, opened, text


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
    assert lines == [f"{backend.name}: 2 of 3 active tenants; nothing is written there"]
    backend.close()


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


def test_no_session_of_ours_is_left(server: EmbeddedBackend) -> None:
    opened(server, server.control_plane_url).close()
    assert server.sessions_settled(0, 5.0) == 0


def test_no_repr_shows_a_secret(server: EmbeddedBackend) -> None:
    backend = opened(server, server.control_plane_url)
    told = repr(backend) + repr(backend.tenants)
    assert not [secret for secret in backend.secrets() if secret in told]
    backend.close()
