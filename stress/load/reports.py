"""What the workers posted, read back by the controller into values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stress.load.mailbox import Mailbox
from stress.load.stage import Stage
from stress.report.result import Error
from stress.verify.evidence import Borrowed, Proof, Violation

NS = 1_000_000_000
MAX_TENANTS = 10
BORROWED_FIELDS = (
    "tenant",
    "database",
    "user",
    "session",
    "left",
    "soiled",
    "started_ns",
    "ended_ns",
)


@dataclass(frozen=True)
class ColdReport:
    """Sums over the cold block; None where the target shows no parts."""

    unknown_calls: int
    query_ns: int | None
    decryption_ns: int | None
    loads: int | None
    connects_ns: list[int]
    failed_connects: int = 0


def cold_report(stage: Stage) -> ColdReport | None:
    """Worker 0's report of the cold block, where it got that far."""
    message = next(stage.mailboxes[0].messages("cold"), None)
    if message is None:
        return None
    return ColdReport(**{key: value for key, value in message.items() if key != "kind"})


def counters(mailbox: Mailbox) -> tuple[dict[str, int], dict[str, int]] | None:
    """One worker's own counters before and after the measured part."""
    marks = {message["at"]: message["values"] for message in mailbox.messages("counters")}
    return (marks["begin"], marks["end"]) if {"begin", "end"} <= marks.keys() else None


def violations(stage: Stage) -> tuple[Violation, ...]:
    """The first wrong answers of every worker."""
    return tuple(
        Violation(
            process=process, **{key: value for key, value in message.items() if key != "kind"}
        )
        for process, mailbox in enumerate(stage.mailboxes)
        for message in mailbox.messages("violation")
    )


def proofs(stage: Stage) -> tuple[Proof, ...]:
    """What the server said on every handed-out connection."""
    return tuple(
        Proof(process=process, **{key: value for key, value in message.items() if key != "kind"})
        for process, mailbox in enumerate(stage.mailboxes)
        for message in mailbox.messages("proof")
    )


def borrowed(stage: Stage) -> tuple[Borrowed, ...]:
    """What the server said on every connection that a phase borrowed."""
    found = []
    for process, mailbox in enumerate(stage.mailboxes):
        for message in mailbox.messages("borrowed"):
            told = {key: message[key] for key in BORROWED_FIELDS if key in message}
            told["left"] = tuple(told.get("left", ()))
            right = message.get("right") if message["asked"] else None
            found.append(Borrowed(process=process, right=right, **told))
    return tuple(found)


def summed_stats(stage: Stage) -> dict[str, Any] | None:
    """The counters of a target that keeps one cache for each process, added up."""
    total: dict[str, Any] = {}
    for mailbox in stage.mailboxes:
        message = next(mailbox.messages("stats"), None)
        if message is None:
            return None
        for key, value in message["values"].items():
            if isinstance(value, int) and not isinstance(value, bool):
                total[key] = total.get(key, 0) + value
            else:
                total[key] = value
    return total


def first_stats(stage: Stage) -> Mapping[str, Any] | None:
    """One worker's statistics, to learn what the target says of itself."""
    for mailbox in stage.mailboxes:
        message = next(mailbox.messages("stats"), None)
        if message is not None:
            return message["values"]  # type: ignore[no-any-return]
    return None


def errors(stage: Stage, start_ns: int) -> list[Error]:
    """Each kind of failure once, over all workers, the most frequent first."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for mailbox in stage.mailboxes:
        finals = list(mailbox.messages("failures"))
        kinds = finals[-1]["kinds"] if finals else list(mailbox.messages("failure"))
        for kind in kinds:
            _merge(merged, kind)
    found = [
        Error(
            type=kind["type"],
            count=kind["count"],
            tenants=sorted(kind["tenants"])[:MAX_TENANTS],
            first_s=max(0, kind["first_ns"] - start_ns) / NS if start_ns else 0.0,
            last_s=max(0, kind["last_ns"] - start_ns) / NS if start_ns else 0.0,
            message=kind["message"],
            traceback=kind["traceback"],
        )
        for kind in merged.values()
    ]
    return sorted(found, key=lambda error: -error.count)


def _merge(merged: dict[tuple[str, str], dict[str, Any]], kind: dict[str, Any]) -> None:
    key = (kind["type"], kind["message"])
    if key not in merged:
        merged[key] = {**kind, "tenants": set(kind["tenants"])}
        return
    known = merged[key]
    known["count"] += kind["count"]
    known["tenants"] |= set(kind["tenants"])
    known["first_ns"] = min(known["first_ns"], kind["first_ns"])
    known["last_ns"] = max(known["last_ns"], kind["last_ns"])
