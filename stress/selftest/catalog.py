"""Every planted defect: which part of a verification reveals it, and which check must find it.

And the targets without a bug, which none may complain about.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

PartName = Literal["heavy", "expiry", "concurrent", "takeover"]
PACKAGE = "stress.selftest.defects"
REFERENCE = "stress.selftest.reference"

SHORT, LASTING, SECOND_TURN = 15, 20, 30
"""Rounds of the concurrent phase, which come in groups of five, a tenant a group: where every group
shows the defect, for clean targets, and where it takes a tenant's second turn."""


@dataclass(frozen=True)
class Case:
    """One target. check: the one that must fail; None: the target is clean. target None: our own
    resolver. rounds: of the concurrent phase."""

    name: str
    target: str | None
    part: PartName
    check: str | None
    rounds: int = SHORT


def _planted(
    family: str, check: str, part: PartName, *names: str, rounds: int = SHORT
) -> list[Case]:
    return [Case(_words(name), f"{PACKAGE}.{family}:{name}", part, check, rounds) for name in names]


def _words(name: str) -> str:
    """OneProcessOnly: one process only."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.strip()


def _clean(part: PartName) -> list[Case]:
    return [
        Case("our resolver", None, part, None, LASTING),
        Case("reference, one for the host", f"{REFERENCE}:host_cache", part, None, LASTING),
        Case("reference, one for each process", f"{REFERENCE}:process_cache", part, None, LASTING),
    ]


CASES: Sequence[Case] = (
    *_clean("heavy"),
    *_clean("expiry"),
    *_clean("concurrent"),
    Case("reference, with a lease", f"{REFERENCE}:leased_cache", "takeover", None),
    *_planted(
        "isolation",
        "isolation",
        "heavy",
        "HashOnly",
        "TruncatedKey",
        "SharedAnswer",
        "PoolByServer",
    ),
    *_planted("answers", "no_invention", "heavy", "OwnNumbers"),
    *_planted("answers", "untorn", "expiry", "FieldByField"),
    *_planted("accounting", "load_economy", "heavy", "LoadsTwice"),
    *_planted("accounting", "counter_identity", "heavy", "LosesCounts"),
    *_planted(
        "invalidation",
        "read_after_invalidate",
        "concurrent",
        "StoresOverInvalidation",
        "GenerationReset",
        rounds=SECOND_TURN,
    ),
    *_planted(
        "invalidation", "read_after_invalidate", "concurrent", "OneProcessOnly", "IgnoresAll"
    ),
    *_planted(
        "order",
        "monotonic_reads",
        "concurrent",
        "CopiesByThread",
        "CopiesByProcess",
        "LaggingReplica",
        rounds=SECOND_TURN,
    ),
    *_planted(
        "lifetime", "bounded_staleness", "expiry", "WrongUnit", "SlidingTtl", "KeepsTheFirstRow"
    ),
    *_planted(
        "flight",
        "single_flight",
        "concurrent",
        "NoSingleFlight",
        "FlightByProcess",
        "Impatient",
    ),
    *_planted(
        "lifetime",
        "expiry",
        "expiry",
        "DoubledByCopy",
        "LastMomentForEver",
        "WallClock",
        "ServedWhileReloading",
    ),
    *_planted("lifetime", "no_early_expiry", "expiry", "TooShort"),
    *_planted(
        "connections",
        "connection_leak",
        "concurrent",
        "LostOnError",
        "EvictedNotDisposed",
        rounds=SECOND_TURN,
    ),
    *_planted("connections", "connection_leak", "heavy", "ClosesInTheParentOnly"),
    *_planted("connections", "fork_safety", "heavy", "SharedAcrossFork"),
    *_planted("connections", "stale_connection", "expiry", "EngineByTenant"),
    *_planted("connections", "clean_session", "concurrent", "NotCleaned"),
    *_planted("invalidation", "read_after_invalidate", "takeover", "LateLeaderPublishes"),
    *_planted("flight", "liveness", "takeover", "WaitsWithoutLimit"),
    *_planted("flight", "liveness", "concurrent", "LockKeptOnError"),
)


def wanted(checks: Collection[str]) -> list[Case]:
    """The defects of these checks, and every clean target; all where none is named."""
    return [case for case in CASES if not checks or case.check is None or case.check in checks]
