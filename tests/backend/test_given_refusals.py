"""What makes a given control plane unusable is one line that names the cure, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from resolver.keyring import Keyring
from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend.embedded import EmbeddedBackend
from stress.errors import BackendError, SeveralErrors
from tests.backend.planes import Plane, opened


def refused(server: EmbeddedBackend, url: URL | str, **options: Any) -> str:
    with pytest.raises(BackendError) as caught:
        opened(server, url, **options)
    line = str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in line
    assert len(line) <= 100
    assert caught.value.__cause__ is None
    return line


def test_more_tenants_than_are_active_are_refused(server: EmbeddedBackend) -> None:
    assert refused(server, server.control_plane_url, tenants=4) == (
        "stress: --tenants 4: 3 tenants are active; write 1 to 3"
    )


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
