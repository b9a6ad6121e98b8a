"""Text from elsewhere, made fit for a terminal: nothing in it can move the cursor or hide a letter.

Tenant ids, messages of errors and names of targets come from others. Control characters, escape
sequences, and characters that steer direction or join, are shown as escapes instead of sent.
"""

from __future__ import annotations

import unicodedata
from typing import TextIO

# Other (control, format, surrogate, private, unassigned) and the separators of lines, paragraphs.
_UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

# How the reports' own signs are written where the terminal speaks no UTF-8.
_ASCII = {
    " · ": ", ",
    "·": ",",
    "µ": "u",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "…": "...",
    "═": "=",
    "─": "-",
    "│": "|",
    "┐": "+",
    "┘": "+",
    "◀": "<-",
    "¹": "(1)",
    "²": "(2)",
    "³": "(3)",
}
_PROBE = "µ×≥…·═█語\U0001d11e"  # whoever has all of these has whatever a tenant may be called


def visible(text: str, *, unicode: bool = True) -> str:
    """The text on one line, each character harmless; without `unicode` in ASCII alone."""
    if not text.isprintable():
        text = "".join(_shown(character) for character in text)
    if unicode or text.isascii():
        return text
    for sign, plain in _ASCII.items():
        text = text.replace(sign, plain)
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _shown(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) not in _UNSHOWN:
        return character
    if character.isascii():
        return f"\\x{ord(character):02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")


def speaks_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has the signs that the reports use."""
    try:
        _PROBE.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
