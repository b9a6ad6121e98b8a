"""A shared cache on a row table, and work for the children of a test."""

from __future__ import annotations

from typing import Any

from resolver.cache.shared import SharedCache
from tests.resolver.processes import Child, Line
from tests.resolver.rows import Rows, is_whole, shared_cache

# An audit without what is merely counted.
CLEAN = {"misfits": 0, "lost_slots": 0, "unusable_banks": 0}


def audited(cache: SharedCache) -> dict[str, int]:
    """The audit, to be compared with CLEAN; there are as many used slots as words."""
    found = cache.audit()
    assert found.pop("words") == found.pop("bits")
    return found


class Stage:
    """A shared cache whose loads, in children that ask for it, stop at the test's word."""

    def __init__(self, geometry: tuple[int, int, int, int] | None = None, **times: int) -> None:
        self.rows = Rows()
        self.line: Line | None = None
        self.cache: SharedCache = shared_cache(self.load, geometry, **times)

    def load(self, tenant_id: str) -> Any:
        loaded = self.rows.load(tenant_id)
        if self.line is not None:
            self.line.say("has read")
            self.line.hear()
        return loaded

    def leader(self, line: Line) -> tuple[int, str]:
        """Work of a child: one resolve whose load waits for the test."""
        self.line = line
        answer = self.cache.resolve("1")
        self.line = None
        return answer.version, answer.source

    def caller(self, line: Line) -> None:
        """Work of a child: resolves what it hears, until it hears None."""
        while (tenant_id := line.hear()) is not None:
            line.say(ask(self.cache, tenant_id))


def ask(cache: SharedCache, tenant_id: str) -> tuple[Any, str]:
    """(version, source), or (type of the error, "error")."""
    try:
        answer = cache.resolve(tenant_id)
    except Exception as error:
        return type(error), "error"
    assert is_whole(answer, tenant_id)
    return answer.version, answer.source


def asked(child: Child, tenant_id: str) -> Any:
    child.say(tenant_id)
    return child.hear()
