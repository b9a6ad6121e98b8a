"""What a database says when it cannot be opened, as one line that names the cure.

The driver has no error code for a connection that failed; its messages are read. No line shows a
password: the server is named by host and port alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import URL

from stress.errors import BackendError

WHERE = "DATABASE_URL"
DEFAULT_PORT = 5432

# A pattern in the driver's or the server's message; what it means; how to mend it.
_Meaning = tuple[str, Callable[[URL], str], Callable[[URL], str]]
_MEANINGS: tuple[_Meaning, ...] = (
    (
        "Connection refused",
        lambda url: f"{server(url)} refuses connections",
        lambda _url: "start it or mend the port",
    ),
    (
        "could not translate host name",
        lambda url: f"there is no host {url.host}",
        lambda _url: "mend the host",
    ),
    (
        "timeout expired",
        lambda url: f"{server(url)} does not answer",
        lambda _url: "start it, mend the host, or open the firewall",
    ),
    (
        "password authentication failed",
        lambda url: f"{server(url)} rejects {url.username}'s password",
        lambda _url: "mend user or password",
    ),
    (
        "no password supplied",
        lambda url: f"{server(url)} wants a password of user {url.username}",
        lambda _url: "write postgresql://USER:PASSWORD@HOST/NAME",
    ),
    (
        'role "[^"]*" does not exist',
        lambda url: f"{server(url)} has no user {url.username}",
        lambda _url: "mend the user",
    ),
    (
        'database "[^"]*" does not exist',
        lambda url: f"{server(url)} has no database {url.database}",
        lambda _url: "mend the name",
    ),
    (
        "permission denied for database",
        lambda url: f"{url.username} may not connect to database {url.database}",
        lambda _url: "grant it CONNECT there",
    ),
    (
        "no pg_hba.conf entry",
        lambda url: f"{server(url)} lets user {url.username} not in from here",
        lambda _url: "add a line to its pg_hba.conf",
    ),
    (
        "too many",
        lambda url: f"{server(url)} has no connection left",
        lambda _url: "close some, or raise its max_connections",
    ),
    (
        "connection slots",
        lambda url: f"{server(url)} has no connection left",
        lambda _url: "close some, or raise its max_connections",
    ),
    (
        "does not support SSL",
        lambda url: f"{server(url)} has no TLS",
        lambda _url: "leave out sslmode, or switch TLS on there",
    ),
    (
        "No such file or directory",
        lambda url: f"no server has its socket in {url.query.get('host', url.host)}",
        lambda _url: "start it or mend the folder",
    ),
    (
        "unable to open database file",
        lambda url: f"there is no file {Path(url.database or '').name}",
        lambda _url: "mend the path",
    ),
    (
        "file is not a database",
        lambda url: f"{Path(url.database or '').name} is no SQLite database",
        lambda _url: "mend the path",
    ),
)


def server(url: URL) -> str:
    """host:port, as an error line names a server."""
    return f"{url.host or 'localhost'}:{url.port or DEFAULT_PORT}"


def place(url: URL) -> str:
    """How a report names a control plane: host:port/database; a file by its name alone."""
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").name
    return f"{server(url)}/{url.database}"


def refuse_second_at(url: URL) -> None:
    """BackendError where a password holds an @ as it stands.

    Such a URL is read at the first @: what is taken for the host holds the rest of the password.
    """
    if "@" in (url.host or ""):
        raise BackendError(WHERE, "it holds two @", "write %40 for the one in the password")


def refusal(url: URL, error: BaseException) -> BackendError:
    """The line for an error that opening `url` raised."""
    said = str(getattr(error, "orig", None) or error)
    for pattern, what, mend in _MEANINGS:
        if re.search(pattern, said):
            return BackendError(WHERE, what(url), mend(url))
    return BackendError(WHERE, f"{server(url)}: {first_line(error, url)}", "try it with psql")


def first_line(error: BaseException, url: URL) -> str:
    """What the driver said first, without address and password."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    line = said.splitlines()[0]
    for prefix in (" failed: ", "FATAL: "):
        line = line.rpartition(prefix)[2].strip()
    return line.replace(str(url.password), "***") if url.password else line
