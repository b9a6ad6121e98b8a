"""A checking phase as the crew sees it, and the lane that acts it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from _timing.drive import Lane
from stress.load.actor import Actor
from stress.load.stage import GATE_MEASURE
from stress.target.answers import Record


class Phase(Protocol):
    """Made before the fork; `lane` runs in every lane of every worker.

    events: how many one lane's ring must hold. duration_s: how long it lasts, roughly.
    """

    name: str
    duration_s: float
    events: int

    def committed(self) -> Mapping[int, list[Record]]:
        """Rows that this phase will commit, by tenant index, beside those that exist."""

    def lane(self, actor: Actor, start_ns: int) -> None:
        """One lane's part, from the common start instant on; returns early when it is stopped."""


class PhaseLane:
    """Runs one lane of a phase; the callable to hand to a thread."""

    def __init__(self, lane: Lane, actor: Actor, phase: Phase) -> None:
        self._lane = lane
        self._actor = actor
        self._phase = phase

    def __call__(self) -> None:
        """From the gate to the phase's end."""
        self._lane.arrive(GATE_MEASURE)
        started = self._lane.wait(GATE_MEASURE)
        if started < 0:
            return
        self._phase.lane(self._actor, started)
