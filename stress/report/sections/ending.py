"""The end of the report: caveats with their cures, environment, files, and the verdict again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stress.report import headline, numbers
from stress.report.page import LEAST_TEXT, Page
from stress.report.result import Caveat, Result
from stress.report.spans import Span, cells

LABEL_AT = 14
MAX_CAVEATS = 5
NOT_WRITTEN = "none written. To keep this run: --json run.json"

File = tuple[str, int, str]
"""Name, bytes, and what it holds, of a file that was written."""

_LAST = {"pass": "last_pass", "fail": "fail"}


def show_caveats(page: Page, caveats: Sequence[Caveat]) -> None:
    """At most five, the worst first; each ends in what removes it."""
    if not caveats:
        return
    page.heading("Caveats")
    shown = caveats[:MAX_CAVEATS]
    at = max(cells(page.spans(caveat.id)) for caveat in shown) + 5
    if page.width - at < LEAST_TEXT:
        at = 4
    for caveat in shown:
        page.labelled(Span(caveat.id, "doubt"), caveat.message, at=at)
        _cure(page, caveat.cure, at)


def _cure(page: Page, cure: str, at: int) -> None:
    """A cure that ends in a command keeps it whole, on lines that can be copied."""
    text, command = "", cure
    found = re.fullmatch(r"(.*?[:,] )?(stress .*)", cure, re.DOTALL)
    if found is None:
        page.prose(f"Cure: {cure}", indent=at)
        return
    text, command = found[1] or "", found[2]
    lead = f"Cure: {text}".rstrip()
    if text and at + cells(page.spans(f"{lead} {command}")) > page.width:
        page.prose(lead, indent=at)
        lead = ""
    page.command(lead, command, indent=at)


def show_ending(page: Page, result: Result, files: Sequence[File]) -> None:
    """Environment, files, last line."""
    page.blank()
    environment, scenario = result.environment, result.scenario
    kernel = ".".join(environment.kernel.split("-")[0].split(".")[:2])
    implementation, _, version = environment.python.partition(" ")
    python = f"{implementation} {'.'.join(version.split('.')[:2])}".strip()
    first = [
        f"{environment.os} {kernel}",
        numbers.plural(environment.cores, "core"),
        f"{python} ({'GIL' if environment.gil else 'no GIL'})",
        _place(environment.backend),
    ]
    second = [
        f"clock {numbers.duration(round(environment.clock_overhead_ns))}",
        f"cache TTL {numbers.planned(scenario['cache_ttl_s'])}",
        f"operation {scenario['operation']}",
        f"seed {scenario['seed']}",
    ]
    at = LABEL_AT if page.width >= LABEL_AT + LEAST_TEXT else 2
    if at != LABEL_AT:
        page.say(Span("Environment", "dim"))
    label = Span("Environment", "dim") if at == LABEL_AT else ""
    page.listing(*_dim(first), indent=at, label=label)
    page.listing(*_dim(second), indent=at)
    _files(page, files, at)
    page.blank()
    role = _LAST.get(result.verdict.status, "last_doubt")
    page.prose(Span(headline.last_line(result), role), hang=2)


def _place(backend: str) -> str:
    """`PostgreSQL 16 embedded`: the product first, as everything else in its line."""
    name = backend.removeprefix("embedded ")
    return backend if name == backend else f"{name} embedded"


def _files(page: Page, files: Sequence[File], at: int) -> None:
    label = page.spans(Span("Files", "dim"))
    if not files:
        page.noted(label, NOT_WRITTEN, at=at, role="dim")
        return
    names = max(cells(page.spans(name)) for name, _, _ in files)
    for index, (name, size, what) in enumerate(files):
        lead = label if index == 0 else []
        bytes_ = numbers.size(size)
        told = f"{name}{' ' * (names - cells(page.spans(name)))}  {bytes_.rjust(6)}   {what}"
        line = [*lead, Span(" " * (at - cells(lead)))]
        if at + cells(page.spans(told)) <= page.width:
            page.lines.append([*line, page.span(told, "dim")])
        else:
            page.noted(lead, f"{name}, {bytes_}: {what}", at=at, role="dim")


def _dim(items: Sequence[str]) -> list[Span]:
    return [Span(item, "dim") for item in items]
