"""What thresholds are judged by: the histograms and values of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from _timing import Histogram
from _timing.recorder import CHECK, COLD, COUNTED, LEAD_IN, OUTCOMES, STEADY, WARMUP
from stress.judge.thresholds import FAILED_SHARE, WHOLE_RUN
from stress.load.figures import NS, Tally, tally
from stress.load.operations import OPERATIONS, merged
from stress.load.outcomes import TOLD_APART, UNKNOWN
from stress.load.stage import Stage
from stress.report.result import Cache, Check, Steady, Throughput
from stress.verify.evidence import Evidence

# The parts of a run by the name that a `phase` label gives them.
ROLES: dict[str, tuple[int, ...]] = {
    "measured": (COUNTED,),
    "cold": (COLD,),
    "warmup": (WARMUP, LEAD_IN),
    "steady": (STEADY,),
    "check": (CHECK,),
    WHOLE_RUN: (COLD, WARMUP, COUNTED, LEAD_IN, STEADY, CHECK),
}


class RunMeasures:
    """The figures of one run, read from its slab and from what was worked out already."""

    def __init__(
        self,
        stage: Stage,
        reference: Stage | None,
        cache: Cache,
        throughput: Throughput,
        steady: Steady | None,
        evidence: Evidence,
        checks: Sequence[Check],
        tenant_ids: Sequence[str],
    ) -> None:
        self._stage = stage
        self._reference = reference
        self._cache = cache
        self._throughput = throughput
        self._steady = steady
        self._evidence = evidence
        self._checks = {check.id: check for check in checks}
        self._tenants = {tenant: index for index, tenant in enumerate(tenant_ids)}

    def histogram(self, metric: str, labels: Mapping[str, str]) -> Histogram | None:
        """Response times in ns of a latency metric; None where the run has none of that kind."""
        phase = labels["phase"]
        if metric in OPERATIONS:
            return self._operation(metric, labels)
        if metric != "resolve":
            return None
        if "tenant" in labels:
            index = self._tenants.get(labels["tenant"])
            if index is None or phase != "measured":
                return None
            return self._stage.slab.tenant_histogram(index)
        stage, roles = self._part(phase)
        if stage is None or not roles:
            return None
        outcome = labels.get("outcome")
        outcomes = range(len(OUTCOMES)) if outcome is None else (OUTCOMES.index(outcome),)
        total = stage.slab.histogram_sum(roles[0], outcomes, self._processes(labels))
        for role in roles[1:]:
            total.add(stage.slab.histogram_sum(role, outcomes, self._processes(labels)))
        return total

    def _operation(self, metric: str, labels: Mapping[str, str]) -> Histogram | None:
        stage, roles = self._part(labels["phase"])
        if stage is None or "tenant" in labels or "outcome" in labels:
            return None
        total = Histogram()
        for role in roles:
            index = OPERATIONS.index(metric)
            total.add(merged(stage.operations, role, index, self._processes(labels))[0])
        return total

    def value(self, metric: str, labels: Mapping[str, str]) -> float | None:
        """Any other figure, in its base unit; None where the run has no such figure."""
        if metric.endswith("_violations"):
            check = self._checks[metric.removesuffix("_violations")]
            return None if check.status == "not_tested" else float(check.violations)
        if metric == "loads":
            return self._loads(labels)
        if metric == "cache_speedup":
            return self._speedup(labels["phase"])
        if "tenant" in labels:
            return self._of_tenant(metric, labels)
        one = self._tally(labels)
        if one is None:
            return None
        if metric == "throughput":
            return self._rate(labels, one)
        if metric == "failed":
            extra = self._evidence.failed_connects if labels["phase"] == WHOLE_RUN else 0
            return float(one.failed + extra)
        if not one.finished:
            return None
        share = one.failed if metric == FAILED_SHARE else one.hits
        return share / one.finished

    def withheld(self, metric: str, labels: Mapping[str, str]) -> str | None:
        """Why a metric says nothing of the target in this run; None where it does."""
        if not self._evidence.told_apart and (
            metric in ("hit_rate", "cache_speedup", "loads") or labels.get("outcome") in TOLD_APART
        ):
            return UNKNOWN
        if metric != "throughput":
            return None
        if self._cache.loads_capped is None:
            return None
        held = self._cache.loads_capped
        return "--max-loads held calls back" if held else "--max-loads cannot see the loads"

    def _part(self, phase: str) -> tuple[Stage | None, tuple[int, ...]]:
        if phase == "reference":
            return self._reference, (STEADY,)
        if phase == "steady" and self._steady is not None and self._steady.is_counted_part:
            return self._stage, (COUNTED,)
        return self._stage, ROLES.get(phase, ())

    def _processes(self, labels: Mapping[str, str]) -> list[int] | None:
        return [int(labels["process"])] if "process" in labels else None

    def _tally(self, labels: Mapping[str, str]) -> Tally | None:
        stage, roles = self._part(labels["phase"])
        if stage is None or not roles:
            return None
        found = [tally(stage.slab, role, self._processes(labels)) for role in roles]
        return found[0] if len(found) == 1 else Tally.sum(found)

    def _rate(self, labels: Mapping[str, str], one: Tally) -> float | None:
        if not one.finished:
            return None
        phase = labels["phase"]
        wall_s = max(0, one.last_end_ns - one.first_start_ns) / NS
        if phase == "measured":
            wall_s = self._throughput.wall_s
        elif phase == "steady" and self._steady is not None:
            wall_s = self._steady.wall_s
        return one.finished / wall_s if wall_s else None

    def _loads(self, labels: Mapping[str, str]) -> float | None:
        if "tenant" in labels:
            index = self._tenants.get(labels["tenant"])
            seen = self._stage.slab.load_cells["loads"]
            return float(seen[index]) if index is not None and seen.sum() else None
        if labels["phase"] != WHOLE_RUN:
            one = self._tally(labels)
            return None if one is None else float(one.misses)
        return None if self._evidence.loads is None else float(self._evidence.loads)

    def _speedup(self, phase: str) -> float | None:
        if phase != (self._cache.speedup_from or "measured"):
            return None
        return self._cache.speedup

    def _of_tenant(self, metric: str, labels: Mapping[str, str]) -> float | None:
        index = self._tenants.get(labels["tenant"])
        if index is None or labels["phase"] not in ("measured", WHOLE_RUN):
            return None
        cells = self._stage.slab.tenant_cells[:, index]
        requests, failed = int(cells["requests"].sum()), int(cells["failed"].sum())
        if metric == "failed":
            return float(failed)
        if not requests:
            return None
        return (failed if metric == FAILED_SHARE else int(cells["hits"].sum())) / requests
