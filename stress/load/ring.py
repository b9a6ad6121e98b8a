"""The events of one lane, in shared memory: what it called, when, and what came back.

Single writer, append only, bounded: what does not fit is counted and dropped, and a check that
needs every event is then NOT TESTED. An event is visible once the count behind it is stored.

    offset 0    count u64      events that were written
    offset 8    dropped u64    events that did not fit
    offset 64   events, EVENT_BYTES each, in the order of their ends
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

HEAD_BYTES = 64
EVENT_DTYPE = np.dtype(
    [
        ("operation", "u1"),
        ("outcome", "u1"),
        ("unused", "u2"),
        ("tenant", "i4"),
        ("version", "i8"),
        ("start_ns", "i8"),
        ("end_ns", "i8"),
    ]
)
EVENT_BYTES = EVENT_DTYPE.itemsize
_EVENT = struct.Struct("<BBHiqqq")
_COUNT = struct.Struct("<Q")

# What an event is. A LOAD is a control-plane statement that was seen inside a call; a BORROW is a
# connection that was asked, its version that of the credentials which the server reported. A LOAD
# keeps in `version` when its call began: a cache counts the TTL from some moment in between. A STOP
# is the time for which a worker was stopped in a load of that tenant; its version is the process.
RESOLVE, LOAD, INVALIDATE, COMMIT, BORROW, STOP = range(1, 7)
EVERY_TENANT = -1
NO_VERSION = -1


def ring_bytes(events: int) -> int:
    """Size of a ring for so many events."""
    return HEAD_BYTES + events * EVENT_BYTES


class Ring:
    """One lane's ring over the memory that it is given."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._capacity = (len(memory) - HEAD_BYTES) // EVENT_BYTES
        (self._count,) = _COUNT.unpack_from(memory, 0)

    def append(
        self,
        operation: int,
        tenant: int,
        start_ns: int,
        end_ns: int,
        *,
        version: int = NO_VERSION,
        outcome: int = 0,
    ) -> None:
        """Write one event, or count it as dropped."""
        if self._count >= self._capacity:
            (dropped,) = _COUNT.unpack_from(self._memory, 8)
            _COUNT.pack_into(self._memory, 8, dropped + 1)
            return
        at = HEAD_BYTES + self._count * EVENT_BYTES
        _EVENT.pack_into(self._memory, at, operation, outcome, 0, tenant, version, start_ns, end_ns)
        self._count += 1
        _COUNT.pack_into(self._memory, 0, self._count)

    @property
    def dropped(self) -> int:
        """Events that did not fit."""
        return int(_COUNT.unpack_from(self._memory, 8)[0])

    def events(self) -> npt.NDArray[np.void]:
        """A copy of the events so far: EVENT_DTYPE[count]."""
        (count,) = _COUNT.unpack_from(self._memory, 0)
        return np.frombuffer(self._memory, EVENT_DTYPE, count, HEAD_BYTES).copy()
