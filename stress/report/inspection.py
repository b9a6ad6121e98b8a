"""The page of `stress inspect`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stress.report.page import Look, Page
from stress.report.spans import Span


def page_of(
    target: str,
    rows: Sequence[tuple[str, str]],
    untested: Mapping[str, tuple[str, str]],
    look: Look,
) -> str:
    """How the target was understood, then each check that will be NOT TESTED, with its cure."""
    page = Page(*look)
    page.heading(f"How {target} is understood")
    for label, text in rows:
        page.labelled(Span(label, "bold"), text, at=16)
    page.heading("What will be NOT TESTED")
    reasons: dict[tuple[str, str], list[str]] = {}
    for check_id, reason in untested.items():
        reasons.setdefault(reason, []).append(check_id)
    for (why, cure), checks in reasons.items():
        told = f"{', '.join(checks)}: {why}"
        page.prose(Span(told, "doubt"), f"; {cure}" if cure else "", indent=2, hang=2)
    if not reasons:
        page.say("  nothing")
    return page.text()
