"""Exit codes; the first of the list that applies wins."""

from __future__ import annotations

PASS = 0
INTERNAL_ERROR = 1
USAGE = 2
ISOLATION = 90
CORRECTNESS = 91
REGRESSION = 92
INVALID = 93
THRESHOLD = 99
INTERRUPTED = 130

PRECEDENCE = (ISOLATION, CORRECTNESS, INTERRUPTED, INVALID, THRESHOLD, REGRESSION)


def first(codes: set[int]) -> int:
    """The code that wins; PASS where none applies."""
    return next((code for code in PRECEDENCE if code in codes), PASS)
