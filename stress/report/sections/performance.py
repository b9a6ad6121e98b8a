"""Cache Performance: hit and miss averages, the speed-up, and the parts of a first load."""

from __future__ import annotations

from stress.report import numbers
from stress.report.page import Cell, Column, Page
from stress.report.result import Cold, Result, Summary
from stress.report.spans import Span

MIN_MISSES = 10
FULL_BAR = 14
CALL_AT = 32
LEAST_FOR_CALLS = 60
VALUE_COLUMNS = (Column("", 18), Column("", 11))
NOTE_AT = 32
PART_COLUMNS = (
    Column("", 42),
    Column("avg", 10),
    Column("share", 8),
    Column("", 16, right=False, drop=1),
)


def show(page: Page, result: Result) -> None:
    """The averages that the speed-up is made of; service times, as the speed-up."""
    page.heading("Cache Performance")
    hit = result.latency_ns.get("hit")
    miss, where = _miss(result)
    if hit is not None:
        _value(page, "Cache hit avg", numbers.duration(hit.service.mean), _of(hit.service, "hit"))
    else:
        _value(page, "Cache hit avg", None, _unseen(result, "hit"))
    if miss is not None:
        _value(page, "Cache miss avg", numbers.duration(miss.mean), where)
    else:
        _value(page, "Cache miss avg", None, _unseen(result, "miss"))
    cache = result.cache
    if cache.speedup is not None:
        note = "faster"
        if cache.speedup_median is not None:
            note += f" (median against median: {numbers.times(cache.speedup_median)})"
        _value(page, "Cache speedup", numbers.times(cache.speedup), note, "bold")
    else:
        _value(page, "Cache speedup", None, "needs a hit and a miss")
    if result.cold is not None and result.cold.loads:
        _parts(page, result.cold)


def _unseen(result: Result, outcome: str) -> str:
    if result.cache.source == "unknown" and result.requests.total:
        return f"the target does not show which call was a {outcome}"
    return f"no {outcome} was seen"


def _miss(result: Result) -> tuple[Summary | None, str]:
    measured = result.latency_ns.get("miss")
    cold = result.cold.latency_ns.get("miss") if result.cold is not None else None
    if measured is not None and (cold is None or measured.service.count >= MIN_MISSES):
        return measured.service, _of(measured.service, "miss", "misses")
    if cold is None:
        return None, ""
    return cold.service, f"cold phase, {numbers.plural(cold.service.count, 'load')}"


def _of(summary: Summary, one: str, many: str | None = None) -> str:
    return numbers.plural(summary.count, one, many)


def _value(page: Page, label: str, value: str | None, note: str, role: str = "") -> None:
    part = page.part()
    figure = Span(numbers.NOT_AVAILABLE, "dim") if value is None else Span(value, role)
    part.table(VALUE_COLUMNS, [[f"  {label}", figure]])
    page.noted(part.lines[-1], note, at=NOTE_AT)


def _parts(page: Page, cold: Cold) -> None:
    """Average parts of a first load; query + decryption + cache = the miss average."""
    parts, miss = cold.parts_ns, cold.latency_ns.get("miss")
    if miss is None or miss.service.mean is None:
        return
    rows: list[tuple[str, str, float | None]]
    if parts.control_plane_query is None:
        rows = [("load (parts not visible)", "miss", miss.service.mean)]
    else:
        rows = [
            ("control-plane query", "miss", parts.control_plane_query),
            ("cache (lease, publish)", "miss", parts.cache),
            ("decryption", "miss", parts.decryption),
        ]
    title = "Until a new tenant is resolved"
    if parts.connection is not None:
        title = "Until the first SQL of a new tenant runs"
        rows.append(("connection", "connect", parts.connection))
    known = [(label, call, ns) for label, call, ns in rows if ns is not None]
    together = sum(ns for _, _, ns in known)
    if not together:
        return
    heads = [Span(column.head, "dim") for column in PART_COLUMNS]
    lines: list[list[Cell]] = [[f"  {title}", *heads[1:]]]
    for label, call, ns in known:
        share = ns / together
        bar = f"  {page.bar(share, FULL_BAR)}" if share >= 0.001 else ""
        role = "miss" if call == "miss" else ""
        figures = [numbers.duration(float(ns)), numbers.percent(share)]
        wide = page.width >= LEAST_FOR_CALLS
        named = f"    {label:<{CALL_AT - 4}}{call}" if wide else f"    {label}"
        lines.append([named, *figures, Span(bar, role)])
    lines.append(["    together", numbers.duration(float(together)), numbers.percent(1.0), ""])
    page.blank()
    page.table([column._replace(head="") for column in PART_COLUMNS], lines)
    if parts.connection is None:
        page.prose("connection: n/a, no connection of an answer could be timed", indent=4)
    elif cold.connections < cold.loads:
        told = f"connection: the average of {numbers.plural(cold.connections, 'tenant')}"
        page.prose(told, indent=4)
