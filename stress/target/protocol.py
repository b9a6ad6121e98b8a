"""What a target is: the object under test, and the answers it gives.

By hand: `name(context)`, called once before the workers fork, returns a `Target`. Only `resolve` is
required; what is missing makes the checks that need it NOT TESTED.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

import msgspec


class Resolution(Protocol):
    """An answer: whose database, and where it is.

    `cache_hit` may be True, False or None (then hit or miss is inferred); `source` ("hit", "miss",
    "wait") says more and wins. Optional: `connect()`, a context manager that gives a connection.
    """

    tenant_id: str
    url: Any
    version: Any


class Target(Protocol):
    """The methods that are used where they exist."""

    def resolve(self, tenant_id: str) -> Resolution:
        """The call under test."""

    def invalidate_cache(self, tenant_id: str | None = None) -> None:
        """Optional: forget one tenant, or all."""

    def get_cache_stats(self) -> Mapping[str, Any]:
        """Optional: the target's own counters."""

    def after_fork(self) -> None:
        """Optional: called in each worker before its first call."""

    def connect(self, tenant_id: str) -> AbstractContextManager[Any]:
        """Optional, where the answers offer no connect(): a connection to the tenant's database."""

    def close(self) -> None:
        """Optional: give everything back."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the probe found out about a target by building it and resolving one tenant twice."""

    kind: str
    answer_type: str
    answer_form: str = "resolution"
    build: Literal["parent", "worker"] = "parent"
    method: str = "resolve"
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    """What each parameter was given, in words."""
    ttl_s: float | None = None
    """D, as far as it is known; ttl_from says from where."""
    ttl_from: str | None = None
    ttl_given: bool = False
    """Whether it took the TTL that the run gave it."""
    scope: Literal["process", "host"] | None = None
    """What the target says of itself."""
    fresh: bool = False
    """Whether two calls gave different objects."""
    loads_by_statement: bool = False
    statistics: list[str] = msgspec.field(default_factory=list)
    """Names of its own counters that are understood."""
    has_tenant_id: bool = False
    has_url: bool = False
    has_version: bool = False
    says_source: bool = False
    says_cache_hit: bool = False
    answer_connects: bool = False
    target_connects: bool = False
    offers_stats: bool = False
    offers_invalidate: bool = False
    offers_close: bool = False
    offers_after_fork: bool = False
    loads_through_context: bool = False
    failure: str | None = None

    @property
    def connects(self) -> bool:
        """Whether a connection to the tenant's database can be had."""
        return self.answer_connects or self.target_connects
