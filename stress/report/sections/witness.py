"""Witness: the calls that prove a violation, on a time axis, one column for each thread."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from stress.report import headline
from stress.report.page import Page
from stress.report.result import Check, Result, Witness, WitnessEvent
from stress.report.spans import Line, Span, cells

MAX_EVENTS = 10
MAX_COLUMNS = 2
TIME_WIDTH = 8
TEXT_AT = 11
LEAST_COLUMN = 28
CALLER, CALLED = "caller", ("target", "server")
ROLES = ("hit", "miss")  # the first and the second thread: blue and orange


def show_all(page: Page, result: Result) -> None:
    """One witness for each failed check that has one."""
    proven = [check for check in headline.failed_checks(result) if check.witness is not None]
    for number, check in enumerate(proven, 1):
        if check.witness is not None:
            _show(page, result, check, check.witness, f"{number} of {len(proven)}")
    if proven:
        page.rule("─")


def _show(page: Page, result: Result, check: Check, witness: Witness, number: str) -> None:
    page.blank()
    page.rule("─")
    page.prose(
        Span(f"Witness {number}", "bold"),
        f"   {check.id}   {witness.tenant}   times in ms",
        hang=4,
    )
    page.blank()
    _events(page, witness.events)
    page.blank()
    processes = {event.process for event in witness.events if event.process is not None}
    pids = [
        f"process {process.index} is {process.pid}"
        for process in result.processes
        if process.index in processes
    ]
    if pids:
        _labelled(page, "Pids", ", ".join(pids))
    _labelled(page, "Rule", witness.rule)
    _labelled(page, "Effect", witness.effect)
    _labelled(page, "Likely", witness.likely)
    if witness.reproduce:
        before = len(page.lines)
        page.command("", witness.reproduce, indent=TEXT_AT)
        first = page.lines[before]
        page.lines[before] = [*page.spans(["  ", Span("Again", "dim"), "    "]), *first[1:]]


def _labelled(page: Page, label: str, text: str) -> None:
    if text:
        page.noted(page.spans(["  ", Span(label, "dim")]), text, at=TEXT_AT)


def _events(page: Page, events: Sequence[WitnessEvent]) -> None:
    shown = events[:MAX_EVENTS]
    lanes = list(dict.fromkeys((event.process, event.thread) for event in shown))
    width = (page.width - TIME_WIDTH - 3) // max(1, len(lanes))
    if len(lanes) <= MAX_COLUMNS and width >= LEAST_COLUMN:
        _columns(page, shown, lanes, width)
    else:
        for index, event in enumerate(shown):
            who = _lane(event.process, event.thread) or event.actor
            last = "fail" if index == len(shown) - 1 else ""
            said = _said(event) + ("  ◀" if last else "")
            head = page.spans([_time(event), f"   {who}: "])
            page.noted(head, said, at=cells(head), role=last)
    if len(events) > len(shown):
        page.say(f"  + {len(events) - len(shown):,} events more")


def _columns(
    page: Page,
    events: Sequence[WitnessEvent],
    lanes: Sequence[tuple[int | None, int | None]],
    width: int,
) -> None:
    head = page.spans(["time".rjust(TIME_WIDTH), "   "])
    for index, lane in enumerate(lanes):
        title = page.span(_lane(*lane) or "elsewhere", ROLES[index])
        head += [title, Span(" " * (width - cells([title])))]
    page.lines.append(head)
    bracket: dict[tuple[int | None, int | None], int] = {}  # of each open call, where it stands
    for number, event in enumerate(events):
        lane = (event.process, event.thread)
        at = TIME_WIDTH + 3 + width * lanes.index(lane)
        said = _said(event)
        if event.actor == CALLER:
            bracket[lane] = len(said) + 1
            said += " ┐"
        elif event.actor in CALLED and bracket.pop(lane, None) is not None:
            said += " ┘"
        elif lane in bracket:
            at += bracket[lane]
            said = f"│ {said}"
        offending = number == len(events) - 1
        text: Line = page.spans([_time(event)])
        if offending:
            said += "  ◀"
        page.noted(text, said, at=at, role="fail" if offending else "")


def _said(event: WitnessEvent) -> str:
    version = f" (v{event.version})" if event.version is not None else ""
    return f"{event.what}{version}"


def _lane(process: int | None, thread: int | None) -> str:
    if process is None:
        return ""
    return f"process {process}" + ("" if thread is None else f", thread {thread}")


def _time(event: WitnessEvent) -> str:
    return f"{Decimal(event.t_ns) / 1_000_000:{TIME_WIDTH}.3f}"
