"""What the tests of recorder and drive build on: slabs, lanes in threads, answers, judges."""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from _timing import monotonic_ns
from _timing.drive import MEMO_FIELDS, MEMO_OBJECT, Lane
from _timing.recorder import ERROR, HIT, Layout, Slab

IDS = [f"tenant-{number}" for number in range(10)]
KEYS = np.arange(len(IDS), dtype=np.int32)
NS = 1_000_000_000


def slab_of(procs: int = 1, threads: int = 1, tenants: int = len(IDS), kinds: int = 1) -> Slab:
    """An empty slab in shared memory that nobody has touched."""
    layout = Layout(procs, threads, tenants, kinds)
    return Slab(mmap.mmap(-1, layout.size), layout)


@dataclass(frozen=True)
class Answer:
    """The answer of a target that says everything."""

    tenant_id: str
    url: str
    version: int
    source: str = "hit"


def answers() -> dict[str, Answer]:
    """The right answer for each tenant."""
    return {tenant: Answer(tenant, f"postgresql://{tenant}", 1) for tenant in IDS}


class RecordingJudge:
    """Returns one code for every answer and keeps what it was asked."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.asked: list[tuple[int, Any, BaseException | None, int, int, int]] = []

    def __call__(
        self, index: int, answer: Any, error: BaseException | None, loads: int, t0: int, t1: int
    ) -> int:
        self.asked.append((index, answer, error, loads, t0, t1))
        return ERROR if error is not None else self.code


def trusting(
    index: int, answer: Any, error: BaseException | None, loads: int, t0: int, t1: int
) -> int:
    """A judge to which every answer is a hit worth remembering."""
    return ERROR if error is not None else HIT | MEMO_OBJECT | MEMO_FIELDS


@contextmanager
def in_threads(
    slab: Slab, body: Callable[[Lane], object], process: int = 0
) -> Iterator[list[Lane]]:
    """Run `body` in a thread for each lane of a process; all have ended when the block is left."""
    lanes = [Lane(slab, process, thread) for thread in range(slab.layout.threads)]
    threads = [threading.Thread(target=body, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    try:
        yield lanes
    finally:
        for thread in threads:
            thread.join()


def start_all(slab: Slab, gate: int, length_ns: int = 0) -> int:
    """Open a gate once every lane of the slab is ready; the start instant."""
    while slab.gate_ready(gate) < slab.layout.procs * slab.layout.threads:
        time.sleep(0.001)
    start = monotonic_ns() + 5_000_000
    slab.open_gate(gate, start, start + length_ns if length_ns else 0)
    return start


@contextmanager
def forked(body: Callable[..., object], *args: object) -> Iterator[int]:
    """A child that runs `body(*args)` and ends; killed and waited for when the block is left."""
    pid = os.fork()
    if pid == 0:
        try:
            body(*args)
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def wait_until(condition: Callable[[], object]) -> None:
    """Poll until the condition is true; the test's time-out is the limit."""
    while not condition():
        time.sleep(0.001)
