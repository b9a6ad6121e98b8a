"""A clock that stands still until it is told to go on: for tests of everything that waits."""

from __future__ import annotations


class ManualClock:
    """Has the functions of `_timing.clock` that programs wait by; time passes only on request.

    `monotonic_ns` and `sleep_until` are passed where the real ones would be. Sleeping takes no
    time: it moves this clock to the deadline.
    """

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds that this clock shows."""
        return self._now_ns

    def advance(self, duration_ns: int) -> int:
        """Let `duration_ns` pass; returns the new time. ValueError if it is negative."""
        if duration_ns < 0:
            raise ValueError(f"a monotonic clock cannot go back by {-duration_ns} ns")
        self._now_ns += duration_ns
        return self._now_ns

    def sleep_until(self, deadline_ns: int, spin_ns: int = 0) -> None:  # noqa: ARG002
        """Move the clock to `deadline_ns`; one that has passed changes nothing."""
        self._now_ns = max(self._now_ns, deadline_ns)

    def __repr__(self) -> str:
        return f"ManualClock({self._now_ns})"
