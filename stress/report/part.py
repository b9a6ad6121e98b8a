"""The base of every part of a result: frozen, given by name, and strict about what it holds."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a result."""
