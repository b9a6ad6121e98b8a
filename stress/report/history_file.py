"""The history file: one JSON object a line for every call that a checking phase recorded.

Lines stand in the order of their starts, part by part. Times are nanoseconds: `start_ns` and
`end_ns` since the part's start (what was done before it is negative), `monotonic_ns` the start on
CLOCK_MONOTONIC, as other programs of this host read it.

    {"part":"concurrent","operation":"resolve","tenant":"tenant-0001","process":0,"pid":4711,
     "thread":3,"start_ns":1021033,"end_ns":1021250,"monotonic_ns":92…,"version":7,"outcome":"hit"}

`tenant` null is all of them. ASCII throughout: control characters of a tenant id are escaped.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stress.report.files import hand_over

HOLDS = "every recorded call, one a line"


@dataclass(frozen=True)
class Recorded:
    """The calls of one part. events: with fields operation, outcome, tenant, version, start_ns,
    end_ns, process, thread. operations, outcomes: their names by number. versioned: the operations
    whose version is one; answered: the one that has an outcome."""

    part: str
    start_ns: int
    events: npt.NDArray[np.void]
    tenant_ids: Sequence[str]
    pids: Sequence[int]
    operations: Mapping[int, str]
    outcomes: Mapping[int, str]
    versioned: Collection[int]
    answered: int


def lines(recorded: Recorded) -> Iterator[str]:
    """Each event as one line of JSON, without its end of line."""
    names = recorded.events.dtype.names or ()
    for values in recorded.events.tolist():
        event = dict(zip(names, values, strict=True))
        yield json.dumps(_told(event, recorded), separators=(",", ":"))


def write(parts: Sequence[Recorded], path: str) -> int:
    """Write the parts' calls; the file's size in bytes. UsageError where it cannot be written."""
    data = "".join(f"{line}\n" for recorded in parts for line in lines(recorded)).encode("ascii")
    return hand_over("--history", path, data)


def _told(event: Mapping[str, Any], recorded: Recorded) -> dict[str, Any]:
    operation, tenant = event["operation"], event["tenant"]
    pids, process = recorded.pids, event["process"]
    told = {
        "part": recorded.part,
        "operation": recorded.operations[operation],
        "tenant": recorded.tenant_ids[tenant] if tenant >= 0 else None,
        "process": process,
        "pid": pids[process] if process < len(pids) else None,
        "thread": event["thread"],
        "start_ns": event["start_ns"] - recorded.start_ns,
        "end_ns": event["end_ns"] - recorded.start_ns,
        "monotonic_ns": event["start_ns"],
    }
    if operation in recorded.versioned:
        told["version"] = event["version"] if event["version"] >= 0 else None
    if operation == recorded.answered:
        told["outcome"] = recorded.outcomes.get(event["outcome"])
    return told
