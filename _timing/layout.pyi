from typing import final

import numpy as np

ROLES: tuple[str, ...]
COLD: int
WARMUP: int
COUNTED: int
LEAD_IN: int
STEADY: int
CHECK: int

OUTCOMES: tuple[str, ...]
HIT: int
MISS: int
WAIT: int
NEGATIVE: int
ERROR: int

IDLE: int
WAITING: int
RUNNING: int

MAX_PROCS: int
MAX_THREADS: int
MAX_TENANTS: int

GATE_DTYPE: np.dtype[np.void]
HEADER_DTYPE: np.dtype[np.void]
ROLE_DTYPE: np.dtype[np.void]
LANE_DTYPE: np.dtype[np.void]
LOAD_CELL_DTYPE: np.dtype[np.void]
TENANT_CELL_DTYPE: np.dtype[np.void]
META_DTYPE: np.dtype[np.void]

def struct_sizes() -> dict[str, int]: ...
def struct_offsets() -> dict[str, dict[str, int]]: ...

@final
class Layout:
    def __init__(self, procs: int, threads: int, tenants: int, kinds: int = 1) -> None: ...
    @property
    def procs(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def tenants(self) -> int: ...
    @property
    def kinds(self) -> int: ...
    @property
    def tenant_histograms(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def lanes_at(self) -> int: ...
    @property
    def load_cells_at(self) -> int: ...
    @property
    def processes_at(self) -> int: ...
    @property
    def process_bytes(self) -> int: ...
    @property
    def tenant_cells_at(self) -> int: ...
    @property
    def tenant_histograms_at(self) -> int: ...
    @property
    def histograms_at(self) -> int: ...
    @property
    def shifts_at(self) -> int: ...
