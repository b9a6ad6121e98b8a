"""Append-only messages from one worker to the controller, in shared memory.

Single writer. A message is visible once the used length behind it is stored, so whatever a killed
worker had finished writing stays readable: no pipe to drain, no lock to release.

    offset 0   used length u64 (bytes behind this field)
    offset 8   messages: length u32, then JSON
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

MAILBOX_BYTES = 1 << 20
_USED = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")


class Mailbox:
    """One worker's messages: dicts with a `kind`."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory

    def post(self, kind: str, **content: Any) -> bool:
        """Append one message; False (and nothing written) where it does not fit any more."""
        data = msgspec.json.encode({"kind": kind, **content})
        (used,) = _USED.unpack_from(self._memory, 0)
        start = _USED.size + used
        end = start + _LENGTH.size + len(data)
        if end > len(self._memory):
            return False
        self._memory[start + _LENGTH.size : end] = data
        _LENGTH.pack_into(self._memory, start, len(data))
        _USED.pack_into(self._memory, 0, end - _USED.size)
        return True

    @property
    def used(self) -> int:
        """How many bytes of messages there are."""
        return int(_USED.unpack_from(self._memory, 0)[0])

    def messages(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Every message so far, oldest first; only those of one kind where it is named."""
        (used,) = _USED.unpack_from(self._memory, 0)
        position, end = _USED.size, _USED.size + used
        while position < end:
            (length,) = _LENGTH.unpack_from(self._memory, position)
            position += _LENGTH.size
            message = msgspec.json.decode(bytes(self._memory[position : position + length]))
            position += length
            if kind is None or message["kind"] == kind:
                yield message
