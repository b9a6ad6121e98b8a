"""What is left of an INVALID run: why, and what still holds. No time, no rate, no margin."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import numbers
from stress.report.json_file import HOLDS, TOLD
from stress.report.page import Page
from stress.report.result import Result
from stress.report.sections import checks, counts
from stress.report.sections.ending import File
from stress.report.spans import Span

# How a process ended that nobody asked to; the others are stopped by the run itself.
DIED = ("killed", "exited")
SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def show(page: Page, result: Result, files: Sequence[File]) -> None:
    """Both sides of a broken identity, the counts, and every violation."""
    _why(page, result)
    page.heading("What still holds")
    if result.identities:
        _seen(page, result)
    else:
        _kept(page, result)
        _answers(page, result)
    page.blank()
    page.labelled("Thresholds and checks that need time", "not judged", at=41, indent=0)
    page.prose(_where(files))
    checks.show_failed(page, result)
    counts.show_errors(page, result, times=False)


def _why(page: Page, result: Result) -> None:
    if not result.identities:
        return
    page.heading("Why")
    for identity in result.identities:
        page.labelled(Span("broken_identity", "doubt"), identity, at=20)


def _kept(page: Page, result: Result) -> None:
    """Every worker writes its own counts: those of the others are whole, the dead one's stay."""
    requests = result.requests
    told = f"{requests.successful:,} successful, {requests.failed:,} failed"
    killed = [process for process in result.processes if process.ended.startswith(DIED)]
    others = len(result.processes) - len(killed)
    whose = ""
    if len(killed) == 1 and others:
        whose = f" of worker {killed[0].index}"
        kept = (
            f"Requests of the other {SMALL[others] if others < len(SMALL) else others} are kept, "
        )
        page.prose(f"{kept}and worker {killed[0].index}'s until then: {told}.", indent=2)
    else:
        sides = f"{requests.successful:,} successful + {requests.failed:,} failed"
        sides += f" + {requests.skipped:,} skipped"
        sides += f" + {requests.unfinished:,} unfinished" if requests.unfinished else ""
        page.prose(f"{requests.scheduled:,} scheduled = {sides}", indent=2)
    if requests.unfinished:
        were = "was" if requests.unfinished == 1 else "were"
        flying = numbers.plural(requests.unfinished, "request")
        page.prose(f"{flying}{whose} {were} in flight: unfinished.", indent=2)


def _answers(page: Page, result: Result) -> None:
    isolation = next((check for check in result.checks if check.id == "isolation"), None)
    if isolation is None or isolation.status == "not_tested":
        page.say("  No answer was checked.")
        return
    limit = checks.bound(isolation)
    page.prose(
        f"{isolation.examined:,} answers checked, "
        f"{numbers.plural(isolation.violations, 'isolation violation')}"
        + (f" ({limit})" if limit else ""),
        indent=2,
    )


def _seen(page: Page, result: Result) -> None:
    """Where the accounting is broken no count is complete: only what was seen can be said."""
    violations = sum(check.violations for check in result.checks)
    if violations:
        page.prose(
            f"{numbers.plural(violations, 'violation')} seen: each is proven by itself.", indent=2
        )
    else:
        page.prose("No violation was seen, but counts that disagree bound nothing.", indent=2)


def _where(files: Sequence[File]) -> str:
    for name, _, what in files:
        if what == HOLDS:
            where = f"on {name}" if name == TOLD else f"in {name}"
            return f"Everything measured is {where}, marked invalid."
    return "Nothing measured was kept. To keep it, marked invalid: --json run.json"
