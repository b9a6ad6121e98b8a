"""Performance Targets: each threshold with what was measured, what was asked, and the margin."""

from __future__ import annotations

from decimal import Decimal

from stress.report import headline, numbers
from stress.report.page import Cell, Column, Page
from stress.report.result import Result, ThresholdResult
from stress.report.spans import Span

THIN = 2.0
COLUMNS = (
    Column("Performance Targets", 36),
    Column("actual", 13),
    Column("", 2, right=False),
    Column("target", 11),
    Column("margin", 12, drop=1),
)


def show(page: Page, result: Result) -> None:
    """The table and its footnotes; nothing where no threshold was judged and none was stopped."""
    targets = headline.shown_targets(result)
    if result.verdict.partial:
        page.heading("Performance Targets")
        page.prose(f"not judged: {headline.stopped(result)}", indent=2)
        return
    if not targets:
        return
    page.blank()
    notes = _footnotes(targets)
    rows: list[list[Cell]] = [[Span(COLUMNS[0].head + page.suffix, "bold"), *_heads()]]
    rows += [_row(found, notes) for found in targets]
    page.table([column._replace(head="") for column in COLUMNS], rows)
    for number, note in enumerate(notes, 1):
        page.prose(f"{_mark(number)} {note}", indent=2, hang=4)
    if any(found.ok is None and found.actual is not None for found in targets):
        cure = next((c.cure for c in result.caveats if c.id == "few_samples"), None)
        if cure is not None:
            page.command("Cure:", cure, indent=4)
    missed_in_cold = _cold_note(result, targets)
    if missed_in_cold:
        page.prose(f"* {missed_in_cold}", indent=2, hang=4)


def _heads() -> list[Cell]:
    return [Span(column.head, "dim") for column in COLUMNS[1:]]


def _row(found: ThresholdResult, notes: list[str]) -> list[Cell]:
    status, role = {
        True: ("PASS", "pass"),
        False: ("FAIL", "fail"),
        None: ("NOT JUDGED", "doubt"),
    }[found.ok]
    label = found.label
    if found.phase == "steady" and "steady" not in label:
        label += ", steady"
    if found.phase == "cold":
        label += " *"
    actual = numbers.actual(found.actual, found.unit)
    mark = ""
    note = _note(found)
    if note is not None:
        if found.actual is not None:
            actual = f"≤ {actual}"
        mark = f" {_mark(notes.index(note) + 1)}"
    return [
        [Span("  "), Span(status, role), Span(f"  {label}")],
        Span(actual, "bold" if found.ok is False else ""),
        mark,
        headline.asked(found),
        _margin(found),
    ]


def _note(found: ThresholdResult) -> str | None:
    if found.by_max:
        return "too few samples for the percentile; even the slowest request is below"
    if found.ok is None:
        return found.note or "not judged"
    return None


def _footnotes(targets: list[ThresholdResult]) -> list[str]:
    return list(dict.fromkeys(note for found in targets if (note := _note(found)) is not None))


def _mark(number: int) -> str:
    return "¹²³"[number - 1] if number <= 3 else f"({number})"


def _cold_note(result: Result, targets: list[ThresholdResult]) -> str | None:
    if not any(found.phase == "cold" for found in targets):
        return None
    misses = result.cache.misses
    if misses is None:
        return "from the cold phase: the measured part did not show its misses"
    if misses == 0:
        return "from the cold phase: after the warm-up the measured part had no miss"
    few = numbers.plural(misses, "miss", "misses")
    return f"from the cold phase: the measured part had only {few}"


def _margin(found: ThresholdResult) -> Span:
    """How far on the right side: a ratio, or points between two shares; nothing for counts."""
    actual, target = found.actual, found.target
    if found.ok is None or actual is None or found.unit == "count":
        return Span("")
    sign = headline.operator(found.expression)
    if found.unit == "fraction":
        difference = Decimal(repr(actual)) - Decimal(repr(target))
        difference = difference if sign in (">", "≥") else -difference
        return Span(numbers.points(float(difference)), "" if found.ok else "thin")
    if sign in ("<", "≤"):
        value = target / actual if actual else None
    elif sign in (">", "≥"):
        value = actual / target if target else None
    else:
        value = None
    if value is None:
        return Span("")
    role = "thin" if value < 1 else "doubt" if value < THIN else ""
    return Span(numbers.margin(value), role)
