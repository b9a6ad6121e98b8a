"""A target's own statistics under the names that are understood here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPELLINGS = {
    "hits": ("hits", "cache_hits", "hit_count"),
    "misses": ("misses", "cache_misses", "miss_count"),
    "waits": ("waits", "cache_waits", "wait_count"),
    "active_entries": ("active_entries", "size", "currsize"),
}


def count_in(stats: Mapping[str, Any] | None, *names: str) -> int | None:
    """The first of these names that holds a whole number; None where none does."""
    found = ((stats or {}).get(name) for name in names)
    return next((n for n in found if isinstance(n, int) and not isinstance(n, bool)), None)


def understood(stats: Any) -> dict[str, Any]:
    """A mapping, a named tuple or an object as a dict, known names in their first spelling."""
    if not isinstance(stats, Mapping):
        stats = stats._asdict() if hasattr(stats, "_asdict") else vars(stats)
    found = {str(key): value for key, value in stats.items()}
    for name, spellings in SPELLINGS.items():
        if name not in found:
            other = next((one for one in spellings if one in found), None)
            if other is not None:
                found[name] = found[other]
    return found
