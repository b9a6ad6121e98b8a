"""Times of what a request does besides the resolve: connect, query, release; in shared memory.

Each worker writes its own part, under a lock: against a round trip to a server that is nothing. A
record holds the exact sum, least and greatest value of a histogram (ns), which lies behind it.
"""

from __future__ import annotations

import threading

import numpy as np

from _timing import Histogram
from _timing.recorder import ROLES

OPERATIONS = ("connect", "query", "release")
CONNECT, QUERY, RELEASE = range(len(OPERATIONS))
_SUM, _LEAST, _GREATEST, _OVERFLOW, _ATTEMPTS = range(5)
_HEAD = 8  # numbers before the counts
_CELLS = _HEAD + Histogram().index_count
BYTES = len(ROLES) * len(OPERATIONS) * _CELLS * 8
"""What one worker's times take."""


class Times:
    """The times of one worker, over its part of the stage's memory."""

    def __init__(self, memory: memoryview) -> None:
        cells = np.frombuffer(memory, dtype=np.int64)
        self._cells = cells.reshape(len(ROLES), len(OPERATIONS), _CELLS)
        self._lock = threading.Lock()
        self._open: dict[tuple[int, int], Histogram] = {}

    def after_fork_in_child(self) -> None:
        """The child's own lock."""
        self._lock = threading.Lock()

    def attempt(self, role: int) -> None:
        """A connection is asked for; whether one comes is seen later."""
        with self._lock:
            self._cells[role, CONNECT, _ATTEMPTS] += 1

    @property
    def attempts(self) -> int:
        """How many connections were asked for, in all roles."""
        return int(self._cells[:, CONNECT, _ATTEMPTS].sum())

    def record(self, role: int, operation: int, took_ns: int) -> None:
        """One value."""
        with self._lock:
            histogram = self._open.get((role, operation))
            if histogram is None:
                counts = self._cells[role, operation, _HEAD:]
                histogram = self._open[role, operation] = Histogram(counts=counts.data)
            histogram.record(took_ns)
            head = self._cells[role, operation]
            head[_SUM] += took_ns
            head[_LEAST] = histogram.min
            head[_GREATEST] = histogram.max
            head[_OVERFLOW] = histogram.overflow

    def read(self, role: int, operation: int) -> tuple[Histogram, int]:
        """What was recorded so far, and its exact sum in ns."""
        head = self._cells[role, operation, :_HEAD].tolist()
        if not head[_GREATEST]:
            return Histogram(), 0  # reading an untouched page of a shared mapping allocates it
        counts = self._cells[role, operation, _HEAD:].copy()
        histogram = Histogram(counts=counts.data)
        histogram.adopt(head[_LEAST], head[_GREATEST], head[_OVERFLOW])
        return histogram, head[_SUM]


def merged(
    workers: list[Times], role: int, operation: int, processes: list[int] | None = None
) -> tuple[Histogram, int]:
    """The times of several workers together, and their exact sum in ns."""
    whole, total = Histogram(), 0
    for index, times in enumerate(workers):
        if processes is None or index in processes:
            histogram, summed = times.read(role, operation)
            whole.add(histogram)
            total += summed
    return whole, total
