"""One tenant gets what is another's: keys in common, state in common, a pool in common."""

from __future__ import annotations

import time
import zlib
from typing import Any

from sqlalchemy.engine import make_url

from stress.selftest.pool import Pool
from stress.selftest.reference import Answer, HostCache, ProcessCache
from stress.selftest.stores import Entry
from stress.target.context import Context

SLOTS = 2
SHORT = len("tenant-000")
HELD_S = 100e-6


class HashOnly(HostCache):
    """A slot holds whatever hashes to it; nobody compares the id."""

    def key(self, tenant_id: str) -> str:
        """The slot alone."""
        return str(zlib.crc32(tenant_id.encode()) % SLOTS)


class TruncatedKey(HostCache):
    """The key's column is shorter than the ids."""

    def key(self, tenant_id: str) -> str:
        """As much as fits."""
        return tenant_id[:SHORT]


class SharedAnswer(ProcessCache):
    """All threads fill in one answer object."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._answer = Answer("", 0, "", "hit")

    def answer(self, tenant_id: str, entry: Entry, source: str) -> Any:
        """Filled in field by field, as another thread may be doing."""
        whole = super().answer(tenant_id, entry, source)
        self._answer.tenant_id, self._answer.version = whole.tenant_id, whole.version
        time.sleep(HELD_S)
        self._answer.url, self._answer.source = whole.url, whole.source
        return self._answer


class _PoolByHost(Pool):
    def key(self, tenant_id: str, url: str) -> str:  # noqa: ARG002
        parsed = make_url(url)
        return f"{parsed.host}:{parsed.port}"

    def take(self, key: str, url: str) -> Any:
        """Any connection to that server is as good as another."""
        opened_with, _ = self.idle.get(key, (url, []))
        return super().take(key, opened_with)

    def give_back(self, key: str, url: str, taken: Any) -> None:  # noqa: ARG002
        opened_with, _ = self.idle[key]
        super().give_back(key, opened_with, taken)


class PoolByServer(HostCache):
    """The answers are right; the pool hands out any connection to the same server."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pool = _PoolByHost()
