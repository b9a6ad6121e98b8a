"""Checks: each with what was examined; violations first, those that were not tested by reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stress.report import headline, numbers
from stress.report.page import Page
from stress.report.result import Check, Result
from stress.report.sections import witness
from stress.report.spans import Span, cells

EVIDENCE_AT, UNTESTED_AT, STACK_AT = 28, 14, 6
FAILED_AT = 37
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


def show_all(page: Page, result: Result, written: Sequence[str] = ()) -> None:
    """Behind a checklist: how many there are, what failed, what was not tested and why.

    written: the result files of this run, which say what each passing check examined.
    """
    if not result.checks:
        return
    page.blank()
    page.prose(
        Span(f"All {numbers.plural(len(result.checks), 'check')}: ", "bold"),
        *headline.tallied([check.status for check in result.checks]),
    )
    for check in headline.failed_checks(result):
        label = page.spans(["  ", headline.STATUS["fail"], f"        {check.id}"])
        evidence = [check.evidence, numbers.plural(check.violations, "violation"), *check.notes]
        page.noted(label, "; ".join(filter(None, evidence[:2])), at=FAILED_AT, role="fail")
        _notes(page, evidence[2:], at=FAILED_AT)
    untested = [check for check in result.checks if check.status == "not_tested"]
    for reason, same in _by_reason(untested):
        label = page.spans(["  ", headline.STATUS["not_tested"]])
        page.noted(label, f"{_names(same)}: {reason}", at=UNTESTED_AT)
    passed = [check for check in result.checks if check.status == "pass"]
    if passed:
        where = ", ".join(written) or "--json run.json"
        others = "" if len(passed) == len(result.checks) else " others"
        told = f"{len(passed):,}{others}; each with what was examined: {where}"
        page.noted(page.spans(["  ", headline.STATUS["pass"]]), told, at=UNTESTED_AT)
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
    _notes(page, lines[1:], at=EVIDENCE_AT)


def _notes(page: Page, notes: Iterable[str], at: int) -> None:
    for note in notes:
        if "\n" in note:  # the stacks of a hung process
            for line in note.splitlines():
                page.prose(line, indent=STACK_AT)
        else:
            page.noted([], note, at=at)


def _by_reason(checks: Iterable[Check]) -> list[tuple[str, list[Check]]]:
    """Untested checks by why: the reason that the fewest share first."""
    by_reason: dict[str, list[Check]] = {}
    for check in checks:
        by_reason.setdefault(check.reason or "no reason given", []).append(check)
    return sorted(by_reason.items(), key=lambda item: len(item[1]))


def _untested(page: Page, checks: Sequence[Check]) -> None:
    for reason, same in _by_reason(checks):
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
