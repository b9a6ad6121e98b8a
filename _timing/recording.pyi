from _timing.slab import Slab

def record(
    slab: Slab,
    process: int,
    thread: int,
    role: int,
    outcome: int,
    tenant: int,
    *,
    intended_ns: int,
    started_ns: int,
    ended_ns: int,
) -> None: ...
