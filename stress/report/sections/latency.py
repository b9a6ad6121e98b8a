"""Response Time Statistics: one row for each outcome, in each part of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from stress.report import numbers, percentiles
from stress.report.page import Cell, Column, Page
from stress.report.result import Latencies, Result, Summary
from stress.report.spans import Span

OUTCOMES = ("hit", "miss", "wait", "negative", "error")
NAME = Column("  outcome", 10)
REQUESTS = Column("requests", 12)
LEAST_WIDTH = 8


class Figure(NamedTuple):
    """One column: its head, its figure of each row, and how that looks."""

    column: Column
    of: Callable[[Summary], float | None]
    role: str = ""


AVERAGE = Figure(Column("avg", 9, drop=3), lambda summary: summary.mean)
LEAST = Figure(Column("min", 8, drop=5), lambda summary: summary.min)
GREATEST = Figure(Column("max", 8), lambda summary: summary.max)
USUAL = {
    "50": Figure(Column("p50", 8, drop=1), lambda summary: summary.p50),
    "95": Figure(Column("p95", 8, drop=2), lambda summary: summary.p95),
    "99": Figure(Column("p99", 8), lambda summary: summary.p99, "bold"),
    "99.9": Figure(Column("p99.9", 8, drop=4), lambda summary: summary.p99_9),
}


def show(page: Page, result: Result) -> None:
    """The table, what its n/a mean, and what all of it may not be taken for."""
    page.heading("Response Time Statistics")
    if not (result.latency_ns or result.steady is not None or result.cold is not None):
        page.say("  no request was answered")
        return
    asked = percentiles.asked(result.scenario)
    shown = USUAL if asked is None else {key: _asked(key) for key in asked}
    first, *further = _tables(page, list(shown.values()))
    page.table([NAME, REQUESTS, *(one.column for one in first)], _rows(result, first, counts=True))
    for figures in further:
        page.blank()
        page.table([NAME, *(one.column for one in figures)], _rows(result, figures))
    _explain_missing(page, result, shown)
    _explain_waiting(page, result)


def _asked(key: str) -> Figure:
    """A percentile of the user's choice: it is never left out for want of room."""
    column = Column(f"p{key}", max(LEAST_WIDTH, len(key) + 2))
    return Figure(
        column, lambda summary: (summary.percentiles or {}).get(key), "bold" if key == "99" else ""
    )


def _tables(page: Page, shown: Sequence[Figure]) -> list[list[Figure]]:
    """The columns of one table, or of several where not all have room side by side."""
    beside = [AVERAGE, LEAST, *shown, GREATEST]
    width = NAME.width + REQUESTS.width + sum(one.column.width for one in beside)
    if width <= page.width or any(one.column.drop for one in shown):
        return [beside]
    tables: list[list[Figure]] = [[AVERAGE, LEAST, GREATEST]]
    room = 0
    for one in shown:
        if room < one.column.width:
            tables.append([])
            room = page.width - NAME.width
        tables[-1].append(one)
        room -= one.column.width
    return tables


def _rows(result: Result, figures: Sequence[Figure], *, counts: bool = False) -> list[list[Cell]]:
    """One for each outcome, in each part of the run."""

    def row(outcome: str, summary: Summary) -> list[Cell]:
        role = outcome if outcome in ("hit", "miss", "wait", "error") else ""
        failed = "error" if outcome == "error" else ""
        cells: list[Cell] = [[Span("    "), Span(outcome, role)]]
        cells += [Span(numbers.count(summary.count), failed)] if counts else []
        for one in figures:
            ns = one.of(summary)
            cells.append(Span(numbers.duration(ns), "dim" if ns is None else one.role))
        return cells

    def part(name: str, latencies: Latencies, *, every: bool = False) -> list[list[Cell]]:
        present = [outcome for outcome in OUTCOMES if outcome in latencies]
        rows: list[list[Cell]] = [[f"  {name}"]]
        rows += [row(outcome, latencies[outcome].response) for outcome in present]
        if "all" in latencies and (every or len(present) != 1):
            rows.append(row("all", latencies["all"].response))
        return rows

    def operations(times: Latencies | None) -> list[list[Cell]]:
        """What a request did besides the resolve."""
        return [row(name, one.response) for name, one in (times or {}).items()]

    found: list[list[Cell]] = []
    counted, steady, cold = result.latency_ns, result.steady, result.cold
    if counted:
        found += part(_counted_name(result), counted, every=True)
        found += operations(result.operations)
    if steady is not None and not steady.is_counted_part:
        found += part(f"steady, {numbers.seconds(steady.wall_s)}", steady.latency_ns)
        found += operations(steady.operations)
    if cold is not None:
        found += part("cold phase, one load at a time", cold.latency_ns)
    return found


def _counted_name(result: Result) -> str:
    if result.scenario.get("duration_s") is not None:
        return f"measured part, {numbers.seconds(result.throughput.wall_s)}"
    name = f"the {numbers.plural(result.requests.total, 'request')}"
    if result.steady is not None and result.steady.is_counted_part:
        name += f", {numbers.seconds(result.steady.wall_s)}"
    return name


def _explain_missing(page: Page, result: Result, shown: Mapping[str, Figure]) -> None:
    parts = [result.latency_ns]
    parts += [part.latency_ns for part in (result.steady, result.cold) if part is not None]
    summaries = [latency.response for part in parts for latency in part.values()]
    if all(one.of(summary) is not None for summary in summaries for one in shown.values()):
        return
    text = "n/a: fewer than 10 samples lie beyond it."
    every = result.latency_ns.get("all")
    if every is not None:
        needs = {
            key: percentiles.needed(key)
            for key, one in shown.items()
            if one.of(every.response) is None
        }
        told = [f"p{key} {needs:,}" for key, needs in needs.items() if needs is not None]
        if told:
            first = next(needs for needs in needs.values() if needs is not None)
            option = f" (-n {first})" if len(told) > 1 else ""
            name, count = told[0].split(" ")
            told[0] = f"{name} needs {count} requests{option}"
            text += f" {', '.join(told)}."
        if None in needs.values():
            text += " p100 is the maximum."
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
