"""From `--target` to a built target: what is named, how it is taken, where and with what it is
made."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stress.errors import TargetError
from stress.redact import Redactor
from stress.target import spec
from stress.target.arguments import Filled, fill
from stress.target.as_is import AsIs
from stress.target.context import Context
from stress.target.kinds import Kind, kind_of, method_of
from stress.target.statistics import understood

Where = Literal["parent", "worker"]


@dataclass(frozen=True)
class Recipe:
    """What the user said of a target. kind, method, build None: found out."""

    spec: str
    kind: Kind | None = None
    method: str | None = None
    build: Where | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False

    @property
    def where(self) -> str:
        """How an error line names it."""
        return "resolver" if self.ours else f"--target {self.spec}"

    def named(self) -> Any:
        """Import it, in this process."""
        return spec.load(self.spec)

    def kind_of(self, named: Any) -> Kind:
        """How it is taken. TargetError where it is nothing that can be tested."""
        kind = self.kind or kind_of(named)
        if kind is None:
            what = f"{type(named).__name__} cannot resolve"
            raise TargetError(self.where, what, "name a class or function")
        return kind

    def built_in(self, kind: Kind, named: Any) -> Where:
        """Whether the parent makes it before the fork, or each worker for itself."""
        if kind == "by-hand":
            return "parent"
        before_fork = bool(getattr(named, "built_before_fork", False))
        return self.build or ("parent" if before_fork else "worker")

    def make(self, named: Any, context: Context) -> Made:
        """The target of this process. TargetError in one line, without a secret."""
        kind = self.kind_of(named)
        if kind == "by-hand":
            return Made(self._call(named, Filled((context,), {}, {}, None), context), kind)
        filled = None
        thing = named
        if kind in ("class", "factory"):
            filled = fill(self.where, named, context, self.arguments)
            thing = self._call(named, filled, context)
            if inspect.iscoroutine(thing):
                thing.close()
                raise TargetError(self.where, "it is a coroutine", "async is not supported yet")
        method = "__call__" if kind == "resolve" else method_of(self.where, thing, self.method)
        if kind == "resolve" and inspect.iscoroutinefunction(thing):
            raise TargetError(self.where, "it is a coroutine", "async is not supported yet")
        return Made(AsIs(thing, method), kind, method, filled)

    def _call(self, named: Any, filled: Filled, context: Context) -> Any:
        try:
            return named(*filled.positional, **filled.named)
        except Exception as error:
            secrets = (context.control_plane_url, context.encryption_key)
            told = Redactor(secrets).brief(error)
        # Outside the handler: nothing of its frames goes along.
        raise TargetError(self.where, f"building it raised {told}", "mend its constructor")


@dataclass(frozen=True)
class Made:
    """A built target, and how it came about."""

    target: Any
    kind: Kind
    method: str | None = None
    filled: Filled | None = None

    def statistics(self) -> dict[str, Any]:
        """What the target says of itself; empty where it says nothing."""
        stats = getattr(self.target, "get_cache_stats", None)
        return understood(stats()) if callable(stats) else {}
