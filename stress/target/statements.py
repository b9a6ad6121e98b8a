"""Which statements are loads: SELECTs from the control plane's table, on the control plane.

A control plane and a tenant's database may be on one server; they are told apart by the database's
name. So neither a connection's set-up nor a ping is taken for a load.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.engine import URL, make_url

from stress.target.places import LOOPBACK

DEFAULT_PORT = 5432


class LoadStatements:
    """Knows the control plane's place and the name of its table."""

    def __init__(self, control_plane_url: str, table: str) -> None:
        self._url = make_url(control_plane_url)
        name = re.escape(table.rpartition(".")[2])
        self._load = re.compile(rf"^\s*select\b.*\bfrom\b.*\b{name}\b", re.IGNORECASE | re.DOTALL)

    def reads_the_table(self, statement: str) -> bool:
        """Whether a statement is of the form of a load."""
        return self._load.match(statement) is not None

    def is_control_plane(self, url: URL) -> bool:
        """Whether an engine of this URL goes to the control plane."""
        if url.get_backend_name() != self._url.get_backend_name():
            return False
        if url.get_backend_name() == "sqlite":
            return url.database == self._url.database
        return self.is_there(url.host, url.port, url.database)

    def is_there(self, host: Any, port: Any, database: Any) -> bool:
        """Whether host, port and database are those of the control plane."""
        mine = self._url
        return (
            database == mine.database
            and _host(host) == _host(mine.host)
            and int(port or DEFAULT_PORT) == (mine.port or DEFAULT_PORT)
        )


def _host(host: Any) -> str:
    """One name for this machine's own loopback."""
    return "localhost" if host in (None, "", *LOOPBACK) else str(host)
