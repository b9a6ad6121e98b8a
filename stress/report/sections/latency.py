"""Response Time Statistics: one row for each outcome, in each part of the run."""

from __future__ import annotations

from stress.report import numbers
from stress.report.page import Cell, Column, Page
from stress.report.result import Latencies, Result, Summary
from stress.report.spans import Span

OUTCOMES = ("hit", "miss", "wait", "negative", "error")
COLUMNS = (
    Column("  outcome", 10),
    Column("requests", 12),
    Column("avg", 9, drop=3),
    Column("min", 8, drop=5),
    Column("p50", 8, drop=1),
    Column("p95", 8, drop=2),
    Column("p99", 8),
    Column("p99.9", 8, drop=4),
    Column("max", 8),
)
# Requests from which on 10 samples lie beyond the percentile.
NEEDED = {"p50": 20, "p95": 200, "p99": 1000, "p99.9": 10_000}


def show(page: Page, result: Result) -> None:
    """The table, what its n/a mean, and what all of it may not be taken for."""
    page.heading("Response Time Statistics")
    rows: list[list[Cell]] = []
    counted, steady, cold = result.latency_ns, result.steady, result.cold
    if counted:
        rows += _part(_counted_name(result), counted, every=True)
        rows += _operations(result.operations)
    if steady is not None and not steady.is_counted_part:
        rows += _part(f"steady, {numbers.seconds(steady.wall_s)}", steady.latency_ns)
        rows += _operations(steady.operations)
    if cold is not None:
        rows += _part("cold phase, one load at a time", cold.latency_ns)
    if not rows:
        page.say("  no request was answered")
        return
    page.table(COLUMNS, rows)
    _explain_missing(page, result)
    _explain_waiting(page, result)


def _counted_name(result: Result) -> str:
    if result.scenario.get("duration_s") is not None:
        return f"measured part, {numbers.seconds(result.throughput.wall_s)}"
    name = f"the {numbers.plural(result.requests.total, 'request')}"
    if result.steady is not None and result.steady.is_counted_part:
        name += f", {numbers.seconds(result.steady.wall_s)}"
    return name


def _part(name: str, latencies: Latencies, *, every: bool = False) -> list[list[Cell]]:
    present = [outcome for outcome in OUTCOMES if outcome in latencies]
    rows: list[list[Cell]] = [[f"  {name}"]]
    rows += [_row(outcome, latencies[outcome].response) for outcome in present]
    if "all" in latencies and (every or len(present) != 1):
        rows.append(_row("all", latencies["all"].response))
    return rows


def _operations(times: Latencies | None) -> list[list[Cell]]:
    """What a request did besides the resolve."""
    return [_row(name, one.response) for name, one in (times or {}).items()]


def _row(outcome: str, summary: Summary) -> list[Cell]:
    role = outcome if outcome in ("hit", "miss", "wait", "error") else ""
    figures = (
        (summary.mean, ""),
        (summary.min, ""),
        (summary.p50, ""),
        (summary.p95, ""),
        (summary.p99, "bold"),
        (summary.p99_9, ""),
        (summary.max, ""),
    )
    return [
        [Span("    "), Span(outcome, role)],
        Span(numbers.count(summary.count), "error" if outcome == "error" else ""),
        *(Span(numbers.duration(ns), "dim" if ns is None else kind) for ns, kind in figures),
    ]


def _explain_missing(page: Page, result: Result) -> None:
    parts = [result.latency_ns]
    parts += [part.latency_ns for part in (result.steady, result.cold) if part is not None]
    summaries = [latency.response for part in parts for latency in part.values()]
    if not any(None in (s.p50, s.p95, s.p99, s.p99_9) for s in summaries):
        return
    text = "n/a: fewer than 10 samples lie beyond it."
    every = result.latency_ns.get("all")
    if every is not None:
        found = every.response
        have = {"p50": found.p50, "p95": found.p95, "p99": found.p99, "p99.9": found.p99_9}
        missing = [name for name, value in have.items() if value is None]
        if missing:
            first, *others = missing
            option = f" (-n {NEEDED[first]})" if len(missing) > 1 else ""
            needs = [f"{first} needs {NEEDED[first]:,} requests{option}"]
            needs += [f"{name} {NEEDED[name]:,}" for name in others]
            text += f" {', '.join(needs)}."
    page.prose(Span("n/a", "dim"), text.removeprefix("n/a"), indent=2)


def _explain_waiting(page: Page, result: Result) -> None:
    """What is true of every closed loop: its waits are its own, and stalls hide requests."""
    scenario, waiting = result.scenario, result.waiting
    if scenario.get("rate") is not None:
        return
    said = ""
    if waiting is not None and waiting.gil_and_cpu_share is not None:
        part = "steady" if result.steady is not None else "measured"
        share = numbers.percent(waiting.gil_and_cpu_share, 0)
        said = f"{share} of the {part} time was waiting for the GIL or a processor"
        if waiting.own_mean_ns is not None:
            said += f"; the cache's own time is {numbers.duration(waiting.own_mean_ns)} on average"
        said += ". "
    threads = scenario["procs"] * scenario["threads"]
    if threads > 1:
        cores = numbers.plural(result.environment.cores, "core")
        said += (
            f"{threads:,} threads asking without a pause on {cores} make such waits themselves, "
        )
        said += "and in a closed loop a stall hides the requests behind it (coordinated omission)."
    else:
        said += "In a closed loop a stall hides the requests behind it (coordinated omission)."
    page.prose(said, indent=2)
