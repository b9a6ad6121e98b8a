"""The table of a self-test: a line for each case, which ends in what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import numbers
from stress.report.spans import Span, printed
from stress.report.visible import visible
from stress.selftest.outcome import Outcome

ROLES = {"found": "pass", "no alarm": "pass", "missed": "fail", "false alarm": "fail"}
NAME, CHECK, PART, RUNS = 34, 22, 11, 12
AGAIN = "stress selftest --check"


def render(
    outcomes: Sequence[Outcome],
    *,
    planned: int,
    seconds: float,
    code: int,
    color: bool,
    unicode: bool,
    quiet: bool,
) -> str:
    """The table with its sums, or those alone. planned: cases that were to be run."""
    lines: list[list[Span]] = []
    if not quiet:
        title = f"{'target':{NAME}}{'check':{CHECK}}{'in':{PART}}"
        lines += [[Span("stress selftest", "bold")], [], [Span(title, "dim")]]
        for one in outcomes:
            lines += _entry(one)
        lines.append([])
    lines += _sums(outcomes, planned, seconds, code)
    shown = [
        [Span(visible(span.text, unicode=unicode), span.role) for span in one] for one in lines
    ]
    return "".join(f"{printed(line, color=color)}\n" for line in shown)


def _entry(one: Outcome) -> list[list[Span]]:
    runs = "" if one.runs == 1 else f"{one.as_wanted:,} of {one.runs:,} "
    what = f"{one.name:{NAME}}{one.check or 'clean':{CHECK}}{one.part:{PART}}"
    lines = [[Span(f"{what}{runs}"), Span(one.status, ROLES[one.status])]]
    if one.why is not None:
        lines.append([Span(f"  {one.why}", "dim")])
    return lines


def _sums(outcomes: Sequence[Outcome], planned: int, seconds: float, code: int) -> list[list[Span]]:
    planted = [one for one in outcomes if one.check is not None]
    clean = [one for one in outcomes if one.check is None]
    missed = sum(one.status == "missed" for one in planted)
    alarms = sum(one.runs - one.as_wanted for one in clean)
    runs = sum(one.runs for one in clean)
    found = f"{_many(len(planted), 'planted defect')}: {len(planted) - missed:,} found"
    targets = "run of a clean target" if runs == 1 else "runs of clean targets"
    told = f"{runs:,} {targets}: {_many(alarms, 'false alarm')}"
    took = numbers.duration(round(seconds * 1e9))
    lines = [[Span(f"{found}, {missed:,} missed")], [Span(f"{told}, {took} in all")]]
    if len(outcomes) < planned:
        lines.append([Span(f"interrupted: {planned - len(outcomes):,} of {planned:,} not run")])
    word, role = ("PASS", "last_pass") if code == 0 else ("FAIL", "fail")
    if code not in (0, 91):
        word, role = "INTERRUPTED", "last_doubt"
    return [*lines, [Span(f"{word} (exit {code})", role)]]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
