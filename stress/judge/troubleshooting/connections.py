"""Database connections: none left to take, or not given back."""

from __future__ import annotations

import re

from stress.judge.cure import again
from stress.report.numbers import plural
from stress.report.result import Caveat, Error, Result

# SQLAlchemy's QueuePool and psycopg2's pool; then PostgreSQL's words for a server, a role or a
# database that takes no more, and the resolver's own limit.
POOL = re.compile(r"QueuePool limit|connection pool exhausted", re.IGNORECASE)
POOL_SIZE = re.compile(r"QueuePool limit of size (\d+) overflow (\d+) reached")
SERVER = re.compile(
    r"too many connections|too many clients|remaining connection slots", re.IGNORECASE
)
LIMIT_ERROR = "ConnectionLimitExceeded"


def pool_exhausted(result: Result) -> Caveat | None:
    """Calls that got no connection, because a pool or the server had none left."""
    pool = [error for error in result.errors if POOL.search(error.message)]
    pool += [error for error in result.errors if error.type == LIMIT_ERROR and error not in pool]
    server = [e for e in result.errors if SERVER.search(e.message) and e not in pool]
    if not pool and not server:
        return None
    procs, threads = result.scenario["procs"], result.scenario["threads"]
    calls = plural(sum(error.count for error in pool + server), "call")
    users = f"{plural(procs, 'process', 'processes')} × {plural(threads, 'thread')}"
    size = _size(pool)
    if not pool:
        what = f"the server had none left for {users}"
        raised = "a larger max_connections of the server, a smaller pool_size + max_overflow"
    elif size is not None:
        what = f"a pool of {size[0]:,} + {size[1]:,} served {plural(threads, 'thread')}"
        raised = f"pool_size + max_overflow of {threads:,} or more"
    else:
        what = f"the limit of connections was reached by {users}"
        raised = "a larger pool_size, max_overflow or max_connections of the target"
    fewer = max(1, sum(size) if size is not None else threads // 2)
    if fewer >= threads:
        # There were enough for everybody: somebody keeps what is not in use.
        cure = f"give each connection back before the next is taken, then: {again(result)}"
    else:
        cure = f"{raised}, or: {again(result, threads=fewer)}"
    return Caveat(id="pool_exhausted", message=f"{calls} got no connection: {what}.", cure=cure)


def _size(errors: list[Error]) -> tuple[int, int] | None:
    """pool_size and max_overflow, where SQLAlchemy names them."""
    for error in errors:
        found = POOL_SIZE.search(error.message)
        if found is not None:
            return int(found[1]), int(found[2])
    return None


def connection_leak(result: Result) -> Caveat | None:
    """Sessions in the tenants' databases that outlived the target."""
    check = next((one for one in result.checks if one.id == "connection_leak"), None)
    if check is None or check.status != "fail":
        return None
    return Caveat(
        id="connection_leak",
        message=f"{check.violations:,} of {plural(check.examined, 'session')} in the "
        "tenants' databases stayed open after the target was closed.",
        cure="leave every connection by its with block, dispose of every engine in close(), then: "
        f"{again(result)}",
    )
