from typing import final

import numpy as np
import numpy.typing as npt

from _timing.plan import Plan
from _timing.slab import Slab

@final
class Lane:
    def __init__(self, slab: Slab, process: int, thread: int) -> None: ...
    @property
    def slab(self) -> Slab: ...
    @property
    def process(self) -> int: ...
    @property
    def thread(self) -> int: ...
    @property
    def in_flight_tenant(self) -> int: ...
    def arrive(self, gate: int) -> None: ...
    def wait(self, gate: int) -> int: ...
    def wait_lanes(self, gate: int, lanes: int) -> None: ...
    def run(
        self,
        plan: Plan,
        role: int,
        keys: npt.NDArray[np.int32],
        *,
        count: int = -1,
        start_ns: int,
        end_ns: int = 0,
    ) -> int: ...
