from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from resolver import (
    ConfigurationError,
    ControlPlaneUnavailable,
    CredentialsError,
    TenantInactive,
    TenantNotFound,
    TenantResolver,
)
from resolver.control_plane import parse_url
from resolver.keyring import Keyring
from resolver.table import metadata_table
from tests.resolver.conftest import MakeResolver, World

UUID = "550e8400-e29b-41d4-a716-446655440000"
KEY = Keyring.generate()
T1 = "tenant-0001"


@pytest.fixture
def sqlite(tmp_path: Path) -> Any:
    """A control plane in a file: URL, and a function that runs statements in it."""
    url = f"sqlite:///{tmp_path}/plane.db"
    engine = create_engine(url)
    metadata_table().metadata.create_all(engine)

    def run(statement: str, *arguments: Any) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement, arguments or None)

    yield url, run
    engine.dispose()


def insert(run: Any, tenant_id: str, **columns: Any) -> None:
    row = {
        "id": tenant_id,
        "host": "db.example.com",
        "port": 5433,
        "database": "shop",
        "username": "app",
        "encrypted_password": Keyring(KEY).encrypt(tenant_id, "s3cret"),
        **columns,
    }
    names = ", ".join(f'"{name}"' for name in row)
    run(f"insert into tenants ({names}) values ({', '.join('?' * len(row))})", *row.values())


def test_sqlite_is_a_control_plane_too(sqlite: Any) -> None:
    url, run = sqlite
    insert(run, "a", version=7)
    insert(run, "b", status="suspended")
    with TenantResolver(url, KEY) as resolver:
        answer = resolver.resolve("a")
        assert str(answer.url) == "postgresql+psycopg2://app@db.example.com:5433/shop"
        assert (answer.version, answer.source) == (7, "miss")
        with pytest.raises(TenantInactive):
            resolver.resolve("b")
        with pytest.raises(TenantNotFound):
            resolver.resolve("c")
        assert resolver.active_tenants() == ["a"]


def test_the_environment_names_the_control_plane(
    sqlite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, run = sqlite
    insert(run, "a")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ENCRYPTION_KEY", KEY)
    with TenantResolver(cache_ttl=600) as resolver:
        assert resolver.resolve("a").source == "miss"
        assert resolver.get_cache_stats()["ttl"] == 600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"database_url": None}, "DATABASE_URL"),
        ({"database_url": " "}, "database_url"),
        ({"encryption_key": None}, "ENCRYPTION_KEY"),
        ({"encryption_key": ""}, "encryption_key"),
        ({"encryption_key": "hunter2"}, "32 bytes"),
        ({"database_url": "hunter2"}, "driver://"),
        ({"database_url": "pg://x:hunter2@h:port/d"}, "driver://"),
        ({"cache_ttl": -1}, "cache_ttl"),
        ({"cache_ttl": float("nan")}, "cache_ttl"),
        ({"negative_ttl": float("inf")}, "negative_ttl"),
        ({"lease": 0}, "lease"),
        ({"jitter": 1}, "jitter"),
        ({"capacity": 0}, "capacity"),
        ({"pool_size": 0}, "pool_size"),
        ({"max_overflow": -1}, "max_overflow"),
        ({"table": {"tabel": "x"}}, "tabel"),
    ],
)
def test_a_wrong_argument_is_refused_by_name_and_no_secret_quoted(
    arguments: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    arguments = {"database_url": "sqlite:///x.db", "encryption_key": KEY, **arguments}
    with pytest.raises(ConfigurationError, match=words) as caught:
        TenantResolver(**arguments)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_short_spellings_of_postgresql_get_its_driver() -> None:
    for short in ("postgres", "postgresql", "postgresql+psycopg2"):
        assert parse_url(f"{short}://u:p@h/d").drivername == "postgresql+psycopg2"
    assert parse_url("mysql+pymysql://u:p@h/d").drivername == "mysql+pymysql"


def test_a_refused_connection_is_no_not_found_and_shows_no_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets it
        url = f"postgresql://u:hunter2@127.0.0.1:{taken.getsockname()[1]}/d"
        with TenantResolver(url, KEY) as resolver:
            assert "hunter2" not in repr(resolver)
            with pytest.raises(ControlPlaneUnavailable) as caught:
                resolver.resolve("a")
    assert "refused" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None
    assert resolver.get_cache_stats()["failed"] == 1


def test_a_table_that_is_not_there_is_an_unavailable_control_plane(tmp_path: Path) -> None:
    with (
        TenantResolver(f"sqlite:///{tmp_path}/empty.db", KEY) as resolver,
        pytest.raises(ControlPlaneUnavailable, match="tenants"),
    ):
        resolver.resolve("a")


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"encrypted_password": "plain"}, CredentialsError),
        ({"encrypted_password": Keyring(KEY).encrypt("other", "x")}, CredentialsError),
        ({"encrypted_password": Keyring(Keyring.generate()).encrypt("a", "x")}, CredentialsError),
        ({"port": 70_000}, ControlPlaneUnavailable),
        ({"port": "five"}, ControlPlaneUnavailable),
    ],
)
def test_an_unusable_row_is_a_typed_error_of_that_tenant_alone(
    sqlite: Any, columns: dict[str, Any], kind: type[Exception]
) -> None:
    url, run = sqlite
    insert(run, "a", **columns)
    insert(run, "b")
    with TenantResolver(url, KEY) as resolver:
        with pytest.raises(kind, match="'a'"):
            resolver.resolve("a")
        assert resolver.resolve("b").source == "miss"


def test_whole_encrypted_urls_and_no_version_are_read_through_a_mapping(sqlite: Any) -> None:
    url, run = sqlite
    run("create table customers (customer text primary key, state text, dsn text)")
    for host in ("one", "two"):
        secret = f"postgres://app:s3cret@{host}.example.com/shop?sslpassword=hunter2"
        token = Keyring(KEY).encrypt("a", secret, "fernet")
        run("insert or replace into customers values ('a', 'live', ?)", token)
        table = {
            "table": "customers",
            "id": "customer",
            "active": "state = 'live'",
            "url": "dsn",
            "version": False,
            "cipher": "fernet",
        }
        with TenantResolver(url, KEY, table=table) as resolver:
            answer = resolver.resolve("a")
        assert str(answer.url) == f"postgresql+psycopg2://app@{host}.example.com/shop"
        assert "hunter2" not in repr(answer)
        if host == "one":
            first = answer.version
    assert answer.version != first
    assert answer.version > 0


@pytest.mark.postgres
def test_a_uuid_key_accepts_its_canonical_spelling_only(make: MakeResolver, world: World) -> None:
    world.run("create table customers (like tenants including defaults)")
    world.run("grant select on customers to public")
    world.run("alter table customers alter id type uuid using null::uuid")
    try:
        world.run(
            "insert into customers (id, name, status, host, port, database, username,"
            " encrypted_password, version) values (%s, '', 'active', 'h', 1, 'd', 'u', %s, 1)",
            UUID,
            world.keyring.encrypt(UUID, "s3cret"),
        )
        resolver = make(table={"table": "customers"})
        assert resolver.resolve(UUID).tenant_id == UUID
        for spelling in (UUID.upper(), "{" + UUID + "}", UUID.replace("-", ""), "nonsense"):
            with pytest.raises(TenantNotFound):
                resolver.resolve(spelling)
    finally:
        world.run("drop table customers")


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_ended_before_the_lease(
    make: MakeResolver, world: World
) -> None:
    resolver = make(lease=0.5, table={"active": "pg_sleep(20) is not null"})
    before = time.monotonic()
    with pytest.raises(ControlPlaneUnavailable, match="timeout"):
        resolver.resolve(T1)
    assert time.monotonic() - before < 15
    with pytest.raises(ControlPlaneUnavailable, match="a moment ago"):
        resolver.resolve(T1)


@pytest.mark.postgres
def test_a_connection_that_the_server_ended_is_replaced_unnoticed(
    make: MakeResolver, world: World
) -> None:
    resolver = make()
    resolver.open()
    assert resolver.resolve(T1).source == "miss"
    world.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    resolver.invalidate_cache()
    assert resolver.resolve(T1).source == "miss"
