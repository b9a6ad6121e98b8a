"""A token bucket for loads, one for all workers of a run: at most so many a second on average.

The generic cell rate algorithm (ITU-T I.371): one number, the theoretical arrival time of the next
load. A lane whose call loaded takes its token afterwards and waits until it is due, so that calls
are timed as they are and the rate is kept nevertheless. The number lies in an unlinked file under
an advisory record lock, which the system releases with a worker that dies.
"""

from __future__ import annotations

import fcntl
import os
import struct
import tempfile
import threading
from collections.abc import Callable

from _timing import monotonic_ns
from _timing.clock import sleep_until

NS = 1_000_000_000
SLICE_NS = 50_000_000
_STATE = struct.Struct("<qq")  # theoretical arrival time, how many loads had to wait


class LoadBucket:
    """Made before the fork. per_s: loads a second. burst: how many may come at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self.per_s = per_s
        self._between_ns = NS / per_s
        self._burst_ns = self._between_ns * max(1, burst)
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - open as long as the run
        self._lock = threading.Lock()  # record locks belong to a process, not to a thread
        os.pwrite(self._file.fileno(), _STATE.pack(0, 0), 0)

    def take(self, stopped: Callable[[], bool]) -> None:
        """One token; sleeps until it is due, or until the run is stopped."""
        due = self._due_ns()
        while not stopped() and (now := monotonic_ns()) < due:
            sleep_until(min(due, now + SLICE_NS))

    @property
    def waited(self) -> int:
        """How many loads had to wait for their token, in all workers."""
        return self._read()[1]

    def after_fork_in_child(self) -> None:
        """The child's own lock: another thread of the parent may have held the copied one."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Forget the file."""
        self._file.close()

    def _due_ns(self) -> int:
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                arrival, waited = self._read()
                now = monotonic_ns()
                arrival = round(max(arrival, now) + self._between_ns)
                due = round(arrival - self._burst_ns)
                state = _STATE.pack(arrival, waited + (due > now))
                os.pwrite(self._file.fileno(), state, 0)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
        return due

    def _read(self) -> tuple[int, int]:
        arrival, waited = _STATE.unpack(os.pread(self._file.fileno(), _STATE.size, 0))
        return arrival, waited
