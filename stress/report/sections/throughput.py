"""Throughput: rates over the slowest process's time, per process, and beside one process alone."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import numbers
from stress.report.page import Cell, Column, Page
from stress.report.result import Process, Result
from stress.report.spans import Span

MAX_PROCESSES = 12
SHOWN_EACH_END = 3
VALUE_AT, NOTE_AT = 22, 32
START_SHARE = 0.1
COLUMNS = (
    Column("  process", 18),
    Column("pid", 9, drop=2),
    Column("requests", 10),
    Column("req/s", 10),
    Column("p50", 9, drop=1),
    Column("p99", 9),
    Column("failed", 8),
)


def show(page: Page, result: Result) -> None:
    """Total time and rates, the table of processes, and what they gain over one."""
    page.heading("Throughput")
    rate, successful, per_cpu = _rates(result)
    total = numbers.seconds(result.throughput.wall_s or None)
    _value(page, "Total time", total, _too_short(result))
    _value(page, "Requests/second", numbers.figure(rate))
    _value(page, "Successful req/s", numbers.figure(successful))
    if per_cpu is not None:
        _value(page, "Req/CPU-second", numbers.figure(per_cpu))
    if result.processes:
        page.blank()
        _processes(page, result, rate)
        _scaling(page, result, rate)


def _rates(result: Result) -> tuple[float | None, float | None, float | None]:
    """Requests, and successful ones, per second and per CPU-second; of the steady part if any."""
    steady = result.steady
    if steady is None:
        return result.throughput.requests_per_s, result.throughput.successful_per_s, None
    error = steady.latency_ns.get("error")
    failed = error.response.count if error is not None else 0
    good = (steady.requests - failed) / steady.requests if steady.requests else 0.0
    return steady.requests_per_s, steady.requests_per_s * good, steady.requests_per_cpu_s


def _too_short(result: Result) -> str:
    if result.steady is None or result.steady.is_counted_part:
        return ""
    throughput = result.throughput
    said = "too short to be a rate"
    if throughput.wall_s and throughput.start_s >= START_SHARE * throughput.wall_s:
        lanes = result.scenario["procs"] * result.scenario["threads"]
        start = numbers.seconds(throughput.start_s)
        said += f": {start} of it was starting {numbers.plural(lanes, 'thread')}"
    return f"{said}; the rate is the steady one"


def _value(page: Page, label: str, value: str, note: str = "") -> None:
    role = "dim" if value == numbers.NOT_AVAILABLE else ""
    gap = " " * (VALUE_AT - 2 - len(label))
    page.noted(page.spans([f"  {label}{gap}", Span(value, role)]), note, at=NOTE_AT)


def _processes(page: Page, result: Result, rate: float | None) -> None:
    failed = any(process.failed for process in result.processes)
    columns = COLUMNS if failed else COLUMNS[:-1]
    heads: list[Cell] = [Span(column.head, "dim") for column in columns]
    if result.steady is not None:
        heads.append(Span("    (steady)", "dim"))
        columns = (*columns, Column("", 12, right=False, drop=3))
    rows: list[list[Cell]] = [heads]
    shown, hidden = _chosen(result.processes)
    for process in shown:
        rows.append(_row(process, failed))
    if hidden:
        between = numbers.plural(hidden, "process", "processes")
        rows.append([f"  + {between} with rates between these"])
    if len(result.processes) > 1:
        rows.append(_total(result, rate))
    if result.reference is not None:
        rows.append(_alone(result))
    padded = [row + [""] * (len(columns) - len(row)) if len(row) > 1 else row for row in rows]
    page.table([column._replace(head="") for column in columns], padded)


def _chosen(processes: Sequence[Process]) -> tuple[list[Process], int]:
    """All, or where they are many: those that failed or died, the fastest and the slowest."""
    if len(processes) <= MAX_PROCESSES:
        return list(processes), 0
    ranked = sorted(processes, key=lambda p: -(p.requests_per_s or 0.0))
    odd = [p for p in processes if p.failed or p.ended != "joined"][:SHOWN_EACH_END]
    chosen = {p.index for p in (*ranked[:SHOWN_EACH_END], *ranked[-SHOWN_EACH_END:], *odd)}
    return [p for p in processes if p.index in chosen], len(processes) - len(chosen)


def _row(process: Process, failed: bool) -> list[Cell]:
    cells: list[Cell] = [
        f"  {process.index}",
        Span(f"{process.pid}", "dim"),
        numbers.count(process.requests),
        numbers.figure(process.requests_per_s),
        *_percentiles(process.p50_ns, process.p99_ns),
    ]
    if failed:
        cells.append(Span(numbers.count(process.failed), "error" if process.failed else ""))
    return cells


def _percentiles(p50: int | None, p99: int | None) -> list[Cell]:
    return [
        Span(numbers.duration(p50), "dim" if p50 is None else ""),
        Span(numbers.duration(p99), "dim" if p99 is None else "bold"),
    ]


def _total(result: Result, rate: float | None) -> list[Cell]:
    steady = result.steady
    latencies = result.latency_ns if steady is None else steady.latency_ns
    every = latencies.get("all")
    requests = result.requests.total if steady is None else steady.requests
    p50, p99 = (every.response.p50, every.response.p99) if every is not None else (None, None)
    name = numbers.plural(len(result.processes), "process", "processes")
    return [f"  {name}", "", numbers.count(requests), numbers.figure(rate), *_percentiles(p50, p99)]


def _alone(result: Result) -> list[Cell]:
    assert result.reference is not None
    steady = result.reference.steady
    every = steady.latency_ns.get("all")
    p50, p99 = (every.response.p50, every.response.p99) if every is not None else (None, None)
    return [
        "  1 process alone",
        Span(f"{result.reference.pid}", "dim"),
        numbers.count(steady.requests),
        numbers.figure(steady.requests_per_s),
        *_percentiles(p50, p99),
    ]


def _scaling(page: Page, result: Result, rate: float | None) -> None:
    reference = result.reference
    if reference is None or not reference.steady.requests_per_s or rate is None:
        return
    processes = result.scenario["procs"]
    gain = rate / reference.steady.requests_per_s
    cores = numbers.plural(result.environment.cores, "core")
    gil = "on" if result.environment.gil else "off"
    page.prose(
        f"{processes:,} processes do ",
        Span(numbers.times(gain), "bold"),
        f" the work of one: {numbers.efficiency(gain / processes)} of linear ({cores}, GIL {gil}).",
        indent=2,
    )
