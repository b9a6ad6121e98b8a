"""The verification checklist: the seed's headings and lines, each with its status and evidence."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import headline
from stress.report.page import Page
from stress.report.result import ChecklistLine
from stress.report.spans import Span, cells

SECTIONS = (
    ("Cache Performance", 4),
    ("Response Times", 3),
    ("Throughput", 2),
    ("Cache Expiration", 3),
    ("Thread Safety", 3),
    ("Isolation", 3),
)
"""The headings in the order of the checklist, and how many of its lines stand under each."""

INDENT, LINE_AT, EVIDENCE_AT = 4, 16, 50


def show(page: Page, checklist: Sequence[ChecklistLine]) -> None:
    """All lines under their headings; lines beyond those of the seed stand under the last."""
    page.heading("Verification Checklist")
    start = 0
    for index, (title, length) in enumerate(SECTIONS):
        end = start + length if index < len(SECTIONS) - 1 else len(checklist)
        lines = checklist[start:end]
        start = end
        if lines:
            page.blank()
            page.say(f"  {title}")
        for line in lines:
            _line(page, line)


def _line(page: Page, line: ChecklistLine) -> None:
    status = headline.STATUS[line.status]
    head = page.spans([" " * INDENT, status])
    head.append(Span(" " * (LINE_AT - cells(head))))
    head.append(page.span(line.line))
    role = "fail" if line.status == "fail" else ""
    page.noted(head, line.evidence or "no evidence was given", at=EVIDENCE_AT, role=role)
