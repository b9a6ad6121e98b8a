"""`did you mean`: the known word that a mistyped one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

MAX_DISTANCE = 2


def distance(one: str, other: str) -> int:
    """Edit distance: insertions, deletions, substitutions, and swaps of neighbours, 1 each.

    Optimal string alignment (Damerau 1964, Wagner and Fischer 1974).
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, candidate in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != candidate))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == candidate
            row.append(min(cost, before[j - 2] + 1) if swapped else cost)
        before, above = above, row
    return above[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The nearest known word within MAX_DISTANCE and nearer than a word with nothing in common."""
    best = None
    least = MAX_DISTANCE + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) > MAX_DISTANCE:
            continue
        far = distance(word, candidate)
        if far < least and far < max(len(word), len(candidate)):
            best, least = candidate, far
    return best
