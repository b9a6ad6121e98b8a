"""How outcomes are shown: one table for people, build/bench.json (contract: one object a row)."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from _timing import overhead_ns, resolution_ns
from benchmarks.contest import PROCESS_CPU, THREAD_CPU, Figure, Outcome

CLOCKS = {THREAD_CPU: "thread CPU time", PROCESS_CPU: "process CPU time"}
LIBRARIES = (
    "cachebox", "cachetools", "Cython", "ddsketch", "hdrhistogram", "locust", "numpy",
    "prometheus_client",
)  # fmt: skip


def duration(nanoseconds: float) -> str:
    """Three significant digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= 0.9995 * size:
            return f"{_digits(nanoseconds / size)} {unit}"
    return f"{_digits(nanoseconds)} ns"


def _digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def clock_of(outcome: Outcome) -> str:
    """What the outcome's times are."""
    return CLOCKS.get(outcome.benchmark.clock, "wall time")


def render(outcome: Outcome) -> str:
    """One benchmark's part of the table, with what was skipped and what the peers leave out."""
    benchmark = outcome.benchmark
    title = f"{benchmark.name}: {benchmark.case}"
    lines = [f"{title}  ({clock_of(outcome)}, {outcome.rounds} rounds)"]

    def line(name: str, figure: Figure, last: str) -> str:
        return f"  {name:38} {duration(figure.median_ns):>9}  ±{figure.spread:4.1f} %  {last}"

    ours = outcome.figures[benchmark.ours.name]
    lines.append(line(benchmark.ours.name, ours, ""))
    for peer in benchmark.peers:
        ratio = f"{_digits(outcome.ratio(peer))} ×"
        lines.append(line(peer.name, outcome.figures[peer.name], f"{ratio:>8}"))
    limit = outcome.figures[benchmark.limit.name]
    share = f"limit: ours takes {_digits(ours.median_ns / limit.median_ns)} × as long"
    lines.append(line(benchmark.limit.name, limit, share))
    if benchmark.goal is not None:
        goal = benchmark.goal
        added = f"{_digits(outcome.dearer(goal))} {goal.unit}"
        lines.append(
            f"  goal: at most {goal.at_most:g} {goal.unit} beside {goal.against.name}: {added}"
        )
    lines += [f"  {name} skipped: {reason}" for name, reason in benchmark.skipped]
    noted = [benchmark.ours, *benchmark.peers]
    lines += [f"  {each.name}: {each.note}" for each in noted if each.note]
    return "\n".join(lines) + "\n"


def row(outcome: Outcome) -> dict[str, object]:
    """One element of `benchmarks` in build/bench.json; every value in nanoseconds an operation."""
    benchmark = outcome.benchmark
    return {
        "name": benchmark.name,
        "case": benchmark.case,
        "unit": "ns",
        "clock": clock_of(outcome),
        "ours": outcome.figures[benchmark.ours.name].median_ns,
        "peers": {peer.name: outcome.figures[peer.name].median_ns for peer in benchmark.peers},
        "ratio": {peer.name: outcome.ratio(peer) for peer in benchmark.peers},
        "limit": {
            "name": benchmark.limit.name,
            "value": outcome.figures[benchmark.limit.name].median_ns,
        },
        "rounds": outcome.rounds,
        "spread_percent": {name: figure.spread for name, figure in outcome.figures.items()},
        "skipped": dict(benchmark.skipped),
        "goal": _goal(outcome),
    }


def _goal(outcome: Outcome) -> dict[str, object] | None:
    goal = outcome.benchmark.goal
    if goal is None:
        return None
    dearer, against = outcome.dearer(goal), goal.against.name
    return {"against": against, "unit": goal.unit, "at_most": goal.at_most, "dearer": dearer}


def environment() -> dict[str, object]:
    """What the figures depend on."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "not installed"
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "os": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "clock_overhead_ns": overhead_ns(),
        "clock_resolution_ns": resolution_ns(),
        "versions": versions,
    }


def write(outcomes: list[Outcome], path: Path) -> None:
    """Write build/bench.json, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"benchmarks": [row(outcome) for outcome in outcomes], "environment": environment()}
    path.write_text(json.dumps(content, indent=2) + "\n")
