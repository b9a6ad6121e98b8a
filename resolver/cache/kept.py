"""What the cache of one process keeps: records, refusals, and loads in progress."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple

from resolver.cache.result import ResolvedTenant, make_result
from resolver.errors import ResolverError
from resolver.record import Loaded


class Entry(NamedTuple):
    """A record with the answer that all its hits share."""

    answer: ResolvedTenant
    loaded: Loaded
    start_ns: int
    deadline_ns: int


class Refusal(NamedTuple):
    """A kept not-found, inactive or error."""

    kind: type[ResolverError]
    deadline_ns: int


class Flight:
    """A load in progress, and the lease that it holds."""

    def __init__(self, deadline_ns: int) -> None:
        self.deadline_ns = deadline_ns
        self.thread = threading.get_ident()
        self.revoked = False
        self.done = threading.Event()


def make_entry(tenant_id: str, loaded: Loaded, start_ns: int, deadline_ns: int) -> Entry:
    """A record with the answer that all hits share."""
    answer = make_result(
        tenant_id, loaded.value, loaded.version, start_ns, deadline_ns, "hit", "L1"
    )
    return Entry(answer, loaded, start_ns, deadline_ns)


def own_answer(
    tenant_id: str,
    entry: Entry,
    source: Literal["hit", "miss", "wait"],
    level: Literal["L1", "L2", "DB"] = "L2",
) -> ResolvedTenant:
    """An answer of one call's own."""
    loaded = entry.loaded
    return make_result(
        tenant_id, loaded.value, loaded.version, entry.start_ns, entry.deadline_ns, source, level
    )
