"""The shared memory of one crew: the slab that lanes write, and a mailbox for each worker.

One anonymous mapping made before the fork; the controller only reads it, apart from the gates.
"""

from __future__ import annotations

import mmap
import sys

from _timing.recorder import Layout, Slab
from stress.load.mailbox import MAILBOX_BYTES, Mailbox
from stress.load.operations import BYTES as OPERATIONS_BYTES
from stress.load.operations import Times
from stress.load.ring import Ring, ring_bytes

PAGE = 4096
TIMES_BYTES = -(-OPERATIONS_BYTES // PAGE) * PAGE
# Python names it from 3.13 on; elsewhere than on Linux such a mapping reserves nothing anyway.
MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0

# Gates in the order of a run; the number is the gate's index in the slab's header.
GATE_COLD, GATE_WARMUP, GATE_MEASURE, GATE_STEADY, GATE_PROVE, GATE_DRAIN, GATE_LEAVE = range(7)


class Stage:
    """Slab and mailboxes of `procs` workers with `threads` lanes each."""

    def __init__(self, procs: int, threads: int, tenants: int, events: int = 0) -> None:
        """events: how many each lane's ring holds; 0 where nothing is recorded call by call."""
        self.records = events > 0
        self.procs = procs
        self.threads = threads
        self.tenants = tenants
        layout = Layout(procs, threads, tenants)
        slab_bytes = -(-layout.size // PAGE) * PAGE
        # MAP_NORESERVE: histograms are laid out for every role and outcome, few pages are touched.
        self._mapping = mmap.mmap(
            -1,
            slab_bytes
            + procs * (MAILBOX_BYTES + TIMES_BYTES)
            + procs * threads * ring_bytes(events),
            flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | MAP_NORESERVE,
        )
        whole = memoryview(self._mapping)
        self.slab = Slab(whole[: layout.size], layout)
        self.mailboxes = [
            Mailbox(whole[slab_bytes + i * MAILBOX_BYTES : slab_bytes + (i + 1) * MAILBOX_BYTES])
            for i in range(procs)
        ]
        first = slab_bytes + procs * MAILBOX_BYTES
        self.operations = [
            Times(whole[first + i * TIMES_BYTES : first + i * TIMES_BYTES + OPERATIONS_BYTES])
            for i in range(procs)
        ]
        first_ring, size = first + procs * TIMES_BYTES, ring_bytes(events)
        self.rings = [
            Ring(whole[first_ring + i * size : first_ring + (i + 1) * size])
            for i in range(procs * threads)
        ]

    @property
    def lanes(self) -> int:
        """Threads over all workers."""
        return self.procs * self.threads
