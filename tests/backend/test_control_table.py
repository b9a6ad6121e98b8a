"""Synthetic tenants in a control plane of another shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from resolver import TenantResolver
from resolver.table import TableMapping
from stress.backend import control_table, embedded, given
from stress.errors import BackendError
from stress.target.context import ControlPlane

SHAPES: dict[str, dict[str, Any]] = {
    "one sealed URL, no version": {
        "table": "app.customers",
        "id": "customer",
        "active": "state = 'live'",
        "url": "sealed",
        "version": False,
        "cipher": "fernet",
    },
    "other column names": {
        "table": "Customers",
        "id": "Key",
        "active": "closed_at IS NULL",
        "host": "server",
        "password": "secret",
        "version": "revision",
    },
}


@pytest.mark.parametrize("keys", SHAPES.values(), ids=list(SHAPES))
def test_an_embedded_control_plane_of_another_shape_is_read_the_same_by_everybody(
    keys: dict[str, Any], room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(room))
    table = TableMapping.from_keys(keys)
    backend = embedded.start(2, table=table, progress=lambda _line: None)
    try:
        url, key = backend.control_plane_url, backend.encryption_key
        plane = ControlPlane(url, key, table=table)
        other = given.start(url, key, table=table, mapping_file="t", progress=lambda _line: None)
        resolver = TenantResolver(url, key, table=table)
        for truth in backend.tenants:
            record = plane.load(truth.tenant_id)
            answer = resolver.resolve(truth.tenant_id)
            assert record.version == answer.version == truth.version
            assert (record.url.database, record.url.username) == (truth.database, truth.username)
            assert make_url(str(answer.url)).database == truth.database
        assert other.tenants == backend.tenants
        resolver.close()
        plane.close()
        other.close()
    finally:
        backend.close()


@pytest.mark.parametrize(
    ("condition", "column", "value"),
    [
        ("status = 'active'", "status", "active"),
        ("enabled", "enabled", True),
        ("enabled = true", "enabled", True),
        ("Enabled IS TRUE", "Enabled", True),
        ("NOT closed", "closed", False),
        ("closed is false", "closed", False),
        ("deleted_at IS NULL", "deleted_at", None),
        ("state = 1", "state", 1),
    ],
)
def test_a_simple_condition_is_turned_round(condition: str, column: str, value: Any) -> None:
    _, active = control_table.shape(TableMapping(active=condition, version=False))
    assert active == {column: value}
    assert type(active[column]) is type(value)


@pytest.mark.parametrize("condition", ["a = 'x' AND b = 'y'", "lower(a) = 'x'", "a > 3"])
def test_another_condition_is_one_line(condition: str) -> None:
    with pytest.raises(BackendError, match="cannot make a row with"):
        control_table.shape(TableMapping(active=condition))
