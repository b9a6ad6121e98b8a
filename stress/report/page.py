"""A page of lines: everything is measured, so that no line is ever wider than the page.

All text enters through `span`, which makes it fit for the terminal; no section sees escape codes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TextIO

from stress.report.spans import Line, Span, cells, cut, printed, wrapped
from stress.report.visible import speaks_unicode, visible

WIDTH = 80
NARROWEST = 20
LEAST_TEXT = 24  # columns, below which text moves under its label
# A word of a command, or an option and its value; quoted text stays in one piece.
_OPTION = re.compile(r"-[^\s='\"]*\s+(?!-)(?:[^\s']|'[^']*')+|(?:[^\s']|'[^']*')+")
_EIGHTHS = " ▏▎▍▌▋▊▉█"

Part = str | Span
Cell = Part | Sequence[Part]


class Look(NamedTuple):
    """How a stream shows a page."""

    width: int
    color: bool
    unicode: bool


def look_of(stream: TextIO, color: str) -> Look:
    """As wide as the terminal, else WIDTH. color `auto`: where the stream is a terminal."""
    terminal = stream.isatty()
    width = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
    return Look(width, color == "auto" and terminal, speaks_unicode(stream))


class Column(NamedTuple):
    """One column of a table. `width`: what it takes where there is room, its gap included.

    `drop` 0: always there; others are left out where the page is narrow, the highest first.
    """

    head: str
    width: int
    right: bool = True
    drop: int = 0


@dataclass
class Page:
    """Lines in the order in which they were said; `suffix` is added to every heading."""

    width: int = WIDTH
    color: bool = False
    unicode: bool = True
    suffix: str = ""
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.width = max(NARROWEST, min(WIDTH, self.width))

    def text(self) -> str:
        """Everything, each line ended."""
        return "".join(printed(self._fit(line), color=self.color) + "\n" for line in self.lines)

    def span(self, part: Part, role: str = "") -> Span:
        """A piece of text, made fit for the terminal."""
        text, role = (part.text, part.role) if isinstance(part, Span) else (part, role)
        return Span(visible(text, unicode=self.unicode), role)

    def spans(self, cell: Cell) -> Line:
        """The spans of a cell, of one part or of several."""
        parts = [cell] if isinstance(cell, str | Span) else cell
        return [self.span(part) for part in parts]

    def blank(self) -> None:
        """One empty line, never two."""
        if self.lines and self.lines[-1]:
            self.lines.append([])

    def say(self, *parts: Part) -> None:
        """One line."""
        self.lines.append(self.spans(parts))

    def heading(self, text: str, more: str = "") -> None:
        """A section's heading after an empty line; `more` is not bold."""
        self.blank()
        self.prose(self.span(text + self.suffix, "bold"), more, hang=0)

    def rule(self, sign: str = "═") -> None:
        """A line across the page."""
        self.lines.append([self.span(sign * self.width, "dim")])

    def prose(self, *parts: Part, indent: int = 0, hang: int | None = None) -> None:
        """Text broken at spaces; the lines after the first begin at `hang`."""
        self._hung([], self.spans(parts), indent, indent if hang is None else hang)

    def labelled(self, label: Part, *parts: Part, at: int, indent: int = 2) -> None:
        """A label, and text that begins in column `at`; under the label where the room is short."""
        head = [Span(" " * indent), self.span(label)]
        if self.width - max(at, cells(head) + 2) < LEAST_TEXT:
            self.lines.append(head)
            self._hung([], self.spans(parts), indent + 2, indent + 2)
            return
        self._hung(head, self.spans(parts), max(at, cells(head) + 2), at)

    def noted(self, line: Line, note: str, at: int, role: str = "") -> None:
        """A line that is fit for the page already, and a note behind it, wrapped in its column."""
        if not note:
            self.lines.append(line)
        elif self.width - max(at, cells(line) + 2) < LEAST_TEXT:
            self.lines += [line] if line else []
            self._hung([], [self.span(note, role)], 4, 4)
        else:
            self._hung(line, [self.span(note, role)], max(at, cells(line) + 2), at)

    def listing(self, *items: Cell, indent: int = 0, label: Cell = ()) -> None:
        """Items with dots between them, broken only there where that is possible."""
        room = self.width - indent
        dot = self.span(" · ")
        lines: list[Line] = [[]]
        for item in map(self.spans, items):
            if lines[-1] and cells([*lines[-1], dot, *item]) <= room:
                lines[-1] += [dot, *item]
            elif cells(item) <= room:
                lines.append(item)
            else:
                lines += wrapped(item, room)
        head = self.spans(label)
        for line in lines[1:]:
            self.lines.append([*head, Span(" " * (indent - cells(head))), *line])
            head = []

    def command(self, lead: str, command: str, indent: int) -> None:
        """A command to copy; where it needs more lines, each but the last ends in a backslash."""
        head = self.spans([" " * indent, f"{lead} " if lead else ""])
        if cells(head) + cells(self.spans(command)) <= self.width:
            self.lines.append([*head, self.span(command)])
            return
        deeper = min(indent + 2, self.width // 4)
        lines: list[Line] = [head]
        empty = True
        for word in map(self.span, _OPTION.findall(command)):
            if not empty and cells([*lines[-1], word]) + 3 > self.width:
                lines[-1].append(Span(" \\"))
                lines.append([Span(" " * deeper)])
                empty = True
            lines[-1] += [word] if empty else [Span(" "), word]
            empty = False
        for line in lines:
            self.lines += wrapped(line, self.width) if cells(line) > self.width else [line]

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Rows under their heads (none if all are empty); a row of one cell is a line of text.

        The first column takes what the others leave. A first cell wider than that stands on a line
        of its own, above its row.
        """
        heads: list[Cell] = [Span(column.head, "dim") for column in columns]
        body = [[self.spans(cell) for cell in row] for row in rows]
        if any(column.head for column in columns):
            body.insert(0, [self.spans(cell) for cell in heads])
        keep, widths = self._fitted(columns, [row for row in body if len(row) > 1])
        for row in body:
            if len(row) == 1:
                self.lines.append(row[0])
                continue
            line = list(row[0])
            if cells(line) > widths[0]:
                self._hung([], line, 0, 4)
                line = []
            line.append(Span(" " * (widths[0] - cells(line))))
            for index, width in zip(keep[1:], widths[1:], strict=True):
                space = Span(" " * max(0, width - cells(row[index])))
                line += [space, *row[index]] if columns[index].right else [*row[index], space]
            self.lines.append(line)

    def _fitted(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Line]]
    ) -> tuple[list[int], list[int]]:
        """Which columns are kept, and how wide each is."""
        keep = list(range(len(columns)))
        while True:
            least = [
                max((cells(row[index]) for row in rows), default=0)
                + (1 if index and columns[index].right else 0)
                for index in keep
            ]
            widths = [max(columns[i].width, n) for i, n in zip(keep, least, strict=True)]
            excess = sum(widths) - self.width
            for place in range(len(widths)):
                given = max(0, min(excess, widths[place] - least[place]))
                widths[place] -= given
                excess -= given
            worst = max(keep, key=lambda i: columns[i].drop)
            if excess > 0 and columns[worst].drop:
                keep.remove(worst)
                continue
            if excess > 0:
                widths[0] = max(0, widths[0] - excess)
            return keep, widths

    def beside(self, left: Page, right: Page, at: int) -> None:
        """Two pages side by side, or one below the other where both do not fit."""
        at = max(at, 2 + max(cells(line) for line in left.lines))
        if at + max(cells(line) for line in right.lines) > self.width:
            self.lines += [*left.lines, [], *right.lines]
            return
        for index in range(max(len(left.lines), len(right.lines))):
            line = list(left.lines[index]) if index < len(left.lines) else []
            if index < len(right.lines):
                line += [Span(" " * (at - cells(line))), *right.lines[index]]
            self.lines.append(line)

    def part(self) -> Page:
        """An empty page of the same kind."""
        return Page(self.width, self.color, self.unicode, self.suffix)

    def bar(self, fraction: float, full: int) -> str:
        """A bar of `full` cells for 1, in eighths of a cell; visible wherever it is above 0."""
        eighths = round(fraction * full * 8)
        if not self.unicode:
            return "#" * round(fraction * full)
        return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()

    def _hung(self, head: Line, spans: Line, first: int, hang: int) -> None:
        """Wrapped text: the first line begins at `first`, behind the head, the others at `hang`."""
        if cells(spans) <= self.width - first:
            lines = [spans]
        else:
            lines = wrapped(spans, self.width - hang, self.width - first)
        for index, line in enumerate(lines):
            lead = head if index == 0 else []
            start = first if index == 0 else hang
            self.lines.append([*lead, Span(" " * (start - cells(lead))), *line])

    def _fit(self, line: Line) -> Line:
        return cut(line, self.width, "…" if self.unicode else "...")
