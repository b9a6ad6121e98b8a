from typing import Any

import pytest
from sqlalchemy import create_engine

from resolver.errors import ConfigurationError
from resolver.table import DEFAULT_TABLE, TableMapping, metadata_table


def test_the_default_table_is_created_written_and_read() -> None:
    engine = create_engine("sqlite://")
    tenants = metadata_table()
    tenants.metadata.create_all(engine)
    row = {"host": "h", "port": 1, "database": "d", "username": "u", "encrypted_password": "p"}
    with engine.connect() as connection:
        connection.execute(tenants.insert(), [{"id": "b", **row}, {"id": "a", **row}])
        connection.execute(tenants.insert(), {"id": "c", "status": "suspended", **row})
        found = connection.execute(DEFAULT_TABLE.row_statement(), {"tenant_id": "a"}).one()
        assert found._fields == DEFAULT_TABLE.row_columns()
        assert tuple(found) == ("a", 1, 1, "h", 1, "d", "u", "p")
        suspended = connection.execute(DEFAULT_TABLE.row_statement(), {"tenant_id": "c"}).one()
        assert not suspended.active
        ids = connection.execute(DEFAULT_TABLE.active_ids_statement()).scalars().all()
        assert ids == ["a", "b"]
        assert connection.execute(DEFAULT_TABLE.active_ids_statement(1)).scalars().all() == ["a"]
    engine.dispose()


def test_another_shape_is_read_through_a_mapping() -> None:
    mapping = TableMapping.from_keys(
        {
            "table": "main.customers",
            "id": "customer_uuid",
            "active": "state = 'live'",
            "url": "database_url_enc",
            "version": False,
        }
    )
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "create table customers (customer_uuid text, state text, database_url_enc text)"
        )
        connection.exec_driver_sql("insert into customers values ('x', 'live', 'token')")
        found = connection.execute(mapping.row_statement(), {"tenant_id": "x"}).one()
        assert found._asdict() == {"id": "x", "active": 1, "url": "token"}
        assert found._fields == mapping.row_columns()
    engine.dispose()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tabel": "x"}, "unknown key 'tabel'"),
        ({"id": ""}, "'id'"),
        ({"id": 3}, "'id'"),
        ({"version": True}, "'version'"),
        ({"url": "u", "host": "h"}, "either url or"),
        ({"cipher": "rot13"}, "cipher"),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        TableMapping.from_keys(keys)
