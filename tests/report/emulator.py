"""A terminal as far as the live display uses one: what stands on it after some output."""

from __future__ import annotations

import re

from rich.cells import cell_len

_TOKEN = re.compile(r"\x1b\[(\??)(\d*(?:;\d+)*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Emulator:
    """Lines of unlimited number; a control sequence that it does not know fails the test.

    drawn: every line that stood there at any time, also while it was being written.
    """

    def __init__(self) -> None:
        self.rows: list[str] = [""]
        self.row = 0
        self.column = 0
        self.drawn: set[str] = set()
        self.cursor = True
        self.colours = False

    def feed(self, text: str) -> Emulator:
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token, f"not understood: {text[at : at + 20]!r}"
            at = token.end()
            private, number, letter, home, line, plain = token.groups()
            if letter:
                self._control(private, number, letter)
            elif home:
                self.column = 0
            elif line:
                self.row += 1
                self.column = 0
                self.rows += [""] * (self.row + 1 - len(self.rows))
            else:
                self._write(plain)
        return self

    def shown(self) -> list[str]:
        """What can be seen, without the empty lines at the end."""
        rows = [row.rstrip() for row in self.rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def _write(self, text: str) -> None:
        row = self.rows[self.row]
        assert len(row) == cell_len(row), "wide characters are not emulated"
        row = row.ljust(self.column)
        self.rows[self.row] = row[: self.column] + text + row[self.column + len(text) :]
        self.drawn.add(self.rows[self.row])
        self.column += len(text)

    def _control(self, private: str, number: str, letter: str) -> None:
        if letter == "m":
            self.colours = self.colours or number not in ("", "0")
        elif private:
            assert number == "25"
            self.cursor = letter == "h"
        elif letter == "A":
            self.row -= int(number or 1)
            assert self.row >= 0, "drawn over what stood there before"
        else:
            assert letter + number == "K2"
            self.rows[self.row] = ""
