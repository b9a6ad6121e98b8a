"""What a reader of values has against a text."""

from collections.abc import Callable

from stress.scenario.units import Misread


def refusal(read: Callable[[str], object], text: str) -> Misread | None:
    """The Misread that reading the text raises, or None; anything else is raised on."""
    try:
        read(text)
    except Misread as misread:
        return misread
    return None
