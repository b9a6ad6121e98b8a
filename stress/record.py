"""What one run has produced so far. Every step adds to it, so that whatever ends a run early, a
Result can be assembled from what is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from stress.environment import wall_clock_offset_ns
from stress.judge.verdict import Ending
from stress.load.phase import Phase
from stress.load.reference import ReferenceRun
from stress.load.stage import Stage
from stress.report.result import Environment, SeriesPoint
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario
from stress.target.protocol import Facts
from stress.verify.evidence import Sessions


@dataclass
class Record:
    """One run, growing. Times on the monotonic clock, 0 for not yet."""

    scenario: Scenario
    environment: Environment
    tenant_ids: list[str] = field(default_factory=list)
    facts: Facts | None = None
    reference: ReferenceRun | None = None
    stage: Stage | None = None
    pids: list[int] = field(default_factory=list)
    worker_ends: list[str] = field(default_factory=list)
    target_built_ns: int = 0
    measured_from_ns: int = 0
    last_call_ns: int = 0
    host_stats: dict[str, object] | None = None
    stats_failed: str | None = None
    sessions: Sessions = field(default_factory=Sessions)
    series: list[SeriesPoint] = field(default_factory=list)
    ending: Ending = "finished"
    ended_by: str | None = None
    stacks: list[str] = field(default_factory=list)
    phase: Phase | None = None
    default_tenants: int | None = DEFAULT_EMBEDDED_TENANTS
    """How many tenants the same command has without --tenants."""
    shared: list[list[str]] = field(default_factory=list)
    """Tenants whose databases are one and the same."""
    loads_limited: bool = False
    loads_waited: int = 0
    """Loads of the measured part that were held back."""
    round_trip_ns: float | None = None
    wall_offset_ns: int = field(default_factory=wall_clock_offset_ns)
    """Of the wall clock against the monotonic one, when the run began."""

    def end(self, ending: Ending, by: str) -> None:
        """The run ended early; its thresholds are not judged."""
        self.ending = ending
        self.ended_by = by
