"""One process alone, measured before the run's own target exists.

A child forked first builds its own target, so that neither its cache nor its sessions mix with
those of the run. Its violations count; its numbers enter no sum.
"""

from __future__ import annotations

from dataclasses import dataclass

from _timing.recorder import COLD, LEAD_IN, STEADY, WARMUP
from stress.load.crew import Crew
from stress.load.figures import Tally, tally
from stress.load.stage import Stage

ROLES = (COLD, WARMUP, LEAD_IN, STEADY)


@dataclass(frozen=True)
class ReferenceRun:
    """What the reference left: its stage to read figures from, and its process."""

    stage: Stage
    pid: int

    def tallies(self) -> list[Tally]:
        """The counters of every role it went through."""
        return [tally(self.stage.slab, role) for role in ROLES]


def run_reference(
    crew: Crew, warmup: bool, warmup_s: float | None, steady_s: float
) -> ReferenceRun:
    """Lead a crew of one worker through cold block, warm-up and the steady part."""
    crew.fork()
    if warmup:
        crew.cold()
        crew.warm_up(warmup_s)
    crew.measure(None, steady_s)
    crew.job.stage.slab.set_stop()
    crew.leave()
    return ReferenceRun(crew.job.stage, crew.members[0].pid)
