"""Request Statistics and Cache Statistics: exact counts, side by side; and the kinds of failure."""

from __future__ import annotations

from stress.report import numbers
from stress.report.page import Cell, Column, Page
from stress.report.result import Error, Result
from stress.report.spans import Span

COLUMNS = (Column("", 18), Column("", 11), Column("", 8))
SECOND_AT = 42
MAX_KINDS = 5
MAX_TRACEBACK = 6
MAX_TENANTS = 3


def show(page: Page, result: Result) -> None:
    """Both blocks, and the failures where there are any."""
    page.blank()
    left, right = page.part(), page.part()
    _requests(left, result)
    _cache(right, result)
    page.beside(left, right, SECOND_AT)
    show_errors(page, result)


def _requests(page: Page, result: Result) -> None:
    requests = result.requests
    rows: list[list[Cell]] = [["  Total requests", numbers.count(requests.total), ""]]
    lines = [
        ("Successful", requests.successful, ""),
        ("Failed", requests.failed, "error" if requests.failed else ""),
        ("Skipped", requests.skipped, "" if requests.skipped else "dim"),
    ]
    if requests.unfinished:
        lines.append(("Unfinished", requests.unfinished, "doubt"))
    if requests.late:
        lines.append(("Late", requests.late, ""))
    for label, number, role in lines:
        share = numbers.share(number, requests.scheduled)
        rows.append([f"  {label}", Span(numbers.count(number), role), Span(share, role)])
    page.heading("Request Statistics")
    page.table(COLUMNS, rows)


def _cache(page: Page, result: Result) -> None:
    cache = result.cache
    rows: list[list[Cell]] = []
    lines = [("Cache hits", cache.hits), ("Cache misses", cache.misses), ("Waits", cache.waits)]
    if cache.negatives:
        lines.append(("Negatives", cache.negatives))
    for label, number in lines:
        if number is None:
            figure = Span(numbers.NOT_AVAILABLE, "dim")
        else:
            figure = Span(numbers.count(number), "" if number else "dim")
        rows.append([f"  {label}", figure])
    rate = Span(numbers.percent(cache.hit_rate, 2), "" if cache.hit_rate is not None else "dim")
    rows.append(["  Cache hit rate", rate])
    page.heading("Cache Statistics")
    page.table(COLUMNS[:2], rows)
    if cache.source == "unknown" and result.requests.total:
        page.prose("the target does not show which call was a hit", indent=2)


def show_errors(page: Page, result: Result, *, times: bool = True) -> None:
    """Each kind of failure once, with its count, its tenants, when, and a short traceback."""
    if not result.errors:
        return
    page.heading("Errors")
    for error in result.errors[:MAX_KINDS]:
        told = [Span(f"{error.count:,} times" if error.count != 1 else "once", "error")]
        told.append(Span(f", {_tenants(error)}" + (f", {_when(error)}" if times else "")))
        told.append(Span(f": {error.message}" if error.message else ""))
        page.labelled(Span(error.type, "error"), *told, at=4 + len(error.type))
        for line in (error.traceback or "").splitlines()[-MAX_TRACEBACK:]:
            page.say("      ", line.rstrip())
    more = len(result.errors) - MAX_KINDS
    if more > 0:
        page.say(f"  + {numbers.plural(more, 'kind')} more")


def _tenants(error: Error) -> str:
    named = ", ".join(error.tenants[:MAX_TENANTS])
    more = len(error.tenants) - MAX_TENANTS
    return (f"{named} + {more} more" if more > 0 else named) or "no tenant named"


def _when(error: Error) -> str:
    first, last = f"{error.first_s:.1f}", f"{error.last_s:.1f}"
    return f"at {first} s" if first == last else f"{first} to {last} s"
