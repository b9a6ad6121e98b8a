"""What lanes record and how it is read: roles and outcomes, the slab's layout, the slab.

    layout = Layout(procs, threads, tenants)
    slab = Slab(mmap.mmap(-1, layout.size, flags=…), layout)      # before the fork
    …the lanes of `_timing.drive` write in every process…
    slab.histogram_sum(COUNTED, [HIT]).value_at_percentile(99)    # at any time, in any process

One writer for each lane's counters; a process's histograms are written under its GIL; the
controller writes gates and the stop flag. Whatever a process recorded outlives its SIGKILL.
"""

from _timing.layout import (
    CHECK,
    COLD,
    COUNTED,
    ERROR,
    HIT,
    IDLE,
    LEAD_IN,
    MISS,
    NEGATIVE,
    OUTCOMES,
    ROLES,
    RUNNING,
    STEADY,
    WAIT,
    WAITING,
    WARMUP,
    Layout,
)
from _timing.recording import record
from _timing.slab import Slab

__all__ = [
    "CHECK",
    "COLD",
    "COUNTED",
    "ERROR",
    "HIT",
    "IDLE",
    "LEAD_IN",
    "MISS",
    "NEGATIVE",
    "OUTCOMES",
    "ROLES",
    "RUNNING",
    "STEADY",
    "WAIT",
    "WAITING",
    "WARMUP",
    "Layout",
    "Slab",
    "record",
]
