"""Numbers that the lanes of a phase tell each other, in memory shared over the fork.

One of an overlap's lanes says how far it is, the others wait for it: an instant alone does not make
an overlap on a busy machine. Nothing is locked: what a stopped or killed worker said stays said.
"""

from __future__ import annotations

import mmap

import numpy as np

CELL_BYTES = 8


class Signals:
    """Integers, all 0 at first; made before the fork. Each has one writer at a time."""

    def __init__(self, count: int) -> None:
        # Anonymous and shared; one aligned word is stored and read whole.
        self._memory = mmap.mmap(-1, count * CELL_BYTES)
        self._cells = np.frombuffer(self._memory, np.int64)

    def say(self, cell: int, number: int) -> None:
        """Store a number."""
        self._cells[cell] = number

    def said(self, cell: int) -> int:
        """The number that was stored last."""
        return int(self._cells[cell])

    def how_many(self, first: int, count: int, number: int) -> int:
        """How many of these cells hold that number."""
        return int((self._cells[first : first + count] == number).sum())
