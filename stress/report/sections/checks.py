"""Checks: each with what was examined; violations first, those that were not tested by reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stress.report import headline, numbers
from stress.report.page import Page
from stress.report.result import Check, Result
from stress.report.sections import witness
from stress.report.spans import Span, cells

EVIDENCE_AT, UNTESTED_AT, STACK_AT = 28, 14, 6
NAMED = 4  # not tested for one reason: named up to this many, counted beyond


def show(page: Page, result: Result) -> None:
    """All checks that failed or passed, the others by their reason, then the witnesses."""
    if not result.checks:
        return
    page.heading("Checks", ", made on every answer while it was timed")
    for check in headline.failed_checks(result):
        _one(page, check)
    for check in result.checks:
        if check.status == "pass":
            _one(page, check)
    _untested(page, [check for check in result.checks if check.status == "not_tested"])
    witness.show_all(page, result)


def show_failed(page: Page, result: Result) -> None:
    """Only those that failed, with their witnesses."""
    failed = headline.failed_checks(result)
    if failed:
        page.heading("Checks")
        for check in failed:
            _one(page, check)
        witness.show_all(page, result)


def bound(check: Check) -> str:
    """`95%: under 1 in 947,187`, or nothing where the check bounds no rate."""
    if check.upper_bound is None or not 0 < check.upper_bound < 1:
        return ""
    return f"95%: under {numbers.one_in(check.upper_bound)}"


def _one(page: Page, check: Check) -> None:
    status, role = ("FAIL", "fail") if check.status == "fail" else ("PASS", "pass")
    label = page.spans(["  ", Span(status, role), f"  {check.id}"])
    evidence = check.evidence
    if not evidence:
        evidence = f"{check.examined:,} examined, {numbers.plural(check.violations, 'violation')}"
    limit = f"({bound(check)})" if bound(check) else ""
    fits = EVIDENCE_AT + cells(page.spans(f"{evidence} {limit}")) <= page.width
    first = [f"{evidence} {limit}".rstrip()] if fits else [evidence, limit]
    lines = [first[0], *filter(None, first[1:]), *check.notes]
    page.noted(label, lines[0], at=EVIDENCE_AT, role=role if role == "fail" else "")
    for note in lines[1:]:
        if "\n" in note:  # the stacks of a hung process
            for line in note.splitlines():
                page.prose(line, indent=STACK_AT)
        else:
            page.noted([], note, at=EVIDENCE_AT)


def _untested(page: Page, checks: Sequence[Check]) -> None:
    by_reason: dict[str, list[Check]] = {}
    for check in checks:
        by_reason.setdefault(check.reason or "no reason given", []).append(check)
    for reason, same in sorted(by_reason.items(), key=lambda item: len(item[1])):
        if len(same) <= NAMED:
            text = f"{_names(same)}: {reason}"
            label = page.spans(["  ", Span("NOT TESTED", "doubt")])
            page.noted(label, text, at=UNTESTED_AT)
            continue
        # A reason speaks of one check; "it" is all of them here.
        reason = f"{reason.removesuffix(' it')} them" if reason.endswith(" it") else reason
        page.prose(Span(f"{len(same):,} checks NOT TESTED", "doubt"), f": {reason}.", indent=2)


def _names(checks: Iterable[Check]) -> str:
    return ", ".join(check.id for check in checks)
