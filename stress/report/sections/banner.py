"""The banner: the verdict, why, and what it rests on; and its two lines for --quiet."""

from __future__ import annotations

from stress.report import headline
from stress.report.page import Page
from stress.report.result import Result
from stress.report.spans import Span

TITLE = "Load Test Results - Tenant Cache Performance"
VERIFICATION = "Load Test Results - Tenant Cache Verification"
TEXT_AT = 8  # the word has 7 columns
MAX_REASONS = 4

_ROLES = {"pass": "banner_pass", "fail": "banner_fail"}


def show(page: Page, result: Result) -> None:
    """Title and banner between two rules."""
    page.prose(Span(VERIFICATION if result.checklist else TITLE, "dim"))
    page.rule()
    _first_line(page, result)
    reasons = headline.why(result)
    for reason in reasons[:MAX_REASONS]:
        page.prose(reason, indent=TEXT_AT)
    if len(reasons) > MAX_REASONS:
        page.prose(f"and {len(reasons) - MAX_REASONS:,} more, below", indent=TEXT_AT)
    if not result.checklist:  # there the first line names the tenants, the last ones the backend
        page.listing(*headline.ground(result), indent=TEXT_AT)
    page.listing(*headline.met(result), indent=TEXT_AT)
    page.rule()


def show_two_lines(page: Page, result: Result) -> None:
    """The verdict and why, or what was met: nothing else, on exactly two lines."""
    first = page.part()
    _first_line(first, result)
    reasons = headline.why(result)
    second = page.part()
    if reasons:
        second.say(" " * TEXT_AT, reasons[0])
    else:
        second.listing(*headline.met(result), indent=TEXT_AT)
    for part in (first, second):
        # What is wider than the page is cut there, and shows that it was.
        joined = [span for line in part.lines for span in (*line, Span(" "))]
        page.lines.append(joined[:-1])


def _first_line(page: Page, result: Result) -> None:
    word = headline.word(result)
    role = _ROLES.get(result.verdict.status, "banner_doubt")
    # Seven columns: " PASS  ", "INVALID"; the filled ground has six or seven of them.
    filled = Span(f" {word} " if len(word) <= 4 else word, role)
    page.listing(
        *(Span(part, "bold") for part in headline.size(result)), indent=TEXT_AT, label=filled
    )
