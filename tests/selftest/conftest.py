"""The real command in a folder of its own, as in the end-to-end tests."""

from tests.end_to_end.conftest import command

__all__ = ["command"]
