"""Pieces of text with a role, and lines of them: measured in terminal cells, cut, wrapped.

A role says what a piece is, never how it looks. On a terminal it becomes one of the 16 ANSI
colours, which the user's theme decides; it only repeats what a word says already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

_SGR = {
    "bold": "1",
    "dim": "2",
    "pass": "32",
    "fail": "1;31",
    "doubt": "33",  # NOT TESTED, NOT JUDGED, caveats, a thin margin
    "thin": "31",  # a margin below 1
    "hit": "34",
    "miss": "33",
    "wait": "35",
    "error": "1;31",
    "banner_pass": "7;32",
    "banner_fail": "7;31",
    "banner_doubt": "7;33",
    "last_pass": "1;32",
    "last_doubt": "1;33",
}


class Span(NamedTuple):
    """A piece of one line. Its text is fit for the terminal already."""

    text: str
    role: str = ""


Line = list[Span]


def cells(spans: Iterable[Span]) -> int:
    """How many columns the spans take."""
    return sum(cell_len(span.text) for span in spans)


def merged(spans: Iterable[Span]) -> Line:
    """The same line in as few spans as possible."""
    line: Line = []
    for span in spans:
        if line and line[-1].role == span.role:
            line[-1] = Span(line[-1].text + span.text, span.role)
        elif span.text:
            line.append(span)
    return line


def cut(spans: Sequence[Span], width: int, mark: str) -> Line:
    """The line, its end replaced by the mark where it is wider than `width`."""
    if cells(spans) <= width:
        return list(spans)
    room = width - cell_len(mark)
    line: Line = []
    for span in spans:
        text = span.text if cell_len(span.text) <= room else set_cell_size(span.text, max(0, room))
        line.append(Span(text, span.role))
        room -= cell_len(text)
        if room <= 0:
            break
    return [*line, Span(mark, line[-1].role)] if room >= 0 else [Span(mark[:width])]


def words(spans: Iterable[Span]) -> list[Line]:
    """The spans cut at their spaces; spans without a space between them stay one word."""
    found: list[Line] = []
    word: Line = []
    for span in spans:
        pieces = span.text.split(" ")
        for index, piece in enumerate(pieces):
            if index and word:
                found.append(word)
                word = []
            if piece:
                word.append(Span(piece, span.role))
    return [*found, word] if word else found


def wrapped(spans: Iterable[Span], room: int, first: int | None = None) -> list[Line]:
    """Lines of at most `room` columns, the first of `first`; a word is broken only if need be."""
    room = max(1, room)
    lines: list[Line] = []
    line: Line = []
    left = room if first is None else max(0, first)
    for word in words(spans):
        wide = cells(word)
        if wide > left - (1 if line else 0) and (line or left < room):
            lines.append(line)
            line = []
            left = room
        if wide > room:
            *full, word = _broken(word, room)
            lines += full
        if line:
            same = line[-1].role == word[0].role
            line.append(Span(" ", word[0].role if same else ""))
        line += word
        left = left - cells(word) - (1 if len(line) > len(word) else 0)
    return [*lines, line] if line else lines


def _broken(word: Line, room: int) -> list[Line]:
    return [[Span(piece, span.role)] for span in word for piece in chop_cells(span.text, room)]


def printed(line: Iterable[Span], *, color: bool) -> str:
    """The line as it is written."""
    spans = merged(line)
    if spans and spans[-1].role == "":
        spans[-1] = Span(spans[-1].text.rstrip(" "))
    if not color:
        return "".join(span.text for span in spans).rstrip(" ")
    return "".join(_coloured(span) for span in spans)


def _coloured(span: Span) -> str:
    code = _SGR[span.role] if span.role and span.text.strip() else None
    return span.text if code is None else f"\x1b[{code}m{span.text}\x1b[0m"
