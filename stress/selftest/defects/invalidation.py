"""What was there before an invalidation comes back after it."""

from __future__ import annotations

from stress.selftest.reference import HostCache, LeasedCache, ProcessCache
from stress.selftest.stores import State
from stress.target.context import Context


class StoresOverInvalidation(HostCache):
    """A load that was running when the invalidation came stores its old row over it."""

    def epoch(self, state: State, key: str) -> object:  # noqa: ARG002
        """Nobody notes whether an invalidation came meanwhile."""
        return 0


class GenerationReset(HostCache):
    """An invalidation removes the entry together with its generation counter."""

    def forget(self, state: State, key: str | None) -> None:
        """Counting begins again at 0, where the running load began too."""
        super().forget(state, key)
        if key is not None:
            del state.epochs[key]


class LateLeaderPublishes(LeasedCache):
    """Whoever was taken over stores its row all the same, once it goes on."""

    def epoch(self, state: State, key: str) -> object:  # noqa: ARG002
        """Nobody notes whether an invalidation came meanwhile."""
        return 0

    def ticket(self, state: State, key: str) -> int:
        """Nor whether another load has begun."""
        return state.tickets.setdefault(key, 0)


class OneProcessOnly(ProcessCache):
    """It says that it is one cache for the host, but invalidates its own process's copy."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.store.scope = "host"


class IgnoresAll(HostCache):
    """An invalidation without an id, of all tenants, does nothing."""

    def forget(self, state: State, key: str | None) -> None:
        """One at a time."""
        if key is not None:
            super().forget(state, key)
