"""A target as it is: somebody's own object, seen through the protocol of a target by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stress.target.statistics import understood

CLOSING = ("close", "shutdown", "dispose")


class AsIs:
    """resolve is the object's own method, bound: the measured call goes straight to it.

    The optional methods exist here only where the object has them.
    """

    def __init__(self, thing: Any, method: str) -> None:
        self.resolve: Callable[[str], Any] = (
            thing if method == "__call__" else getattr(thing, method)
        )
        self.thing = thing
        invalidate = getattr(thing, "invalidate_cache", None)
        if callable(invalidate):
            self.invalidate_cache = invalidate
        for name in ("get_cache_stats", "cache_info"):
            stats = getattr(thing, name, None)
            if callable(stats):
                self.get_cache_stats = _reading(stats)
                break
        for name in CLOSING:
            close = getattr(thing, name, None)
            if callable(close):
                self.close = close
                break


def _reading(stats: Callable[[], Any]) -> Callable[[], Mapping[str, Any]]:
    return lambda: understood(stats())
