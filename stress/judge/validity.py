"""The accounting identities of a run. A broken one makes the run INVALID, both sides printed."""

from __future__ import annotations

from stress.report.result import Cache, Check, PhaseResult, Requests


def broken_identities(name: str, requests: Requests, cache: Cache | None) -> list[str]:
    """Every identity of one phase that does not hold."""
    broken = []
    sides = requests.successful + requests.failed + requests.skipped + requests.unfinished
    if requests.scheduled != sides:
        broken.append(
            f"{name}: {requests.scheduled:,} scheduled, but {requests.successful:,} successful"
            f" + {requests.failed:,} failed + {requests.skipped:,} skipped"
            f" + {requests.unfinished:,} unfinished = {sides:,}"
        )
    if requests.total != requests.successful + requests.failed:
        broken.append(
            f"{name}: {requests.total:,} total, but {requests.successful:,} successful"
            f" + {requests.failed:,} failed = {requests.successful + requests.failed:,}"
        )
    outcomes = None
    if cache is not None and cache.hits is not None:
        outcomes = (
            cache.hits
            + (cache.misses or 0)
            + (cache.waits or 0)
            + (cache.negatives or 0)
            + requests.failed
        )
    if outcomes is not None and outcomes != requests.total:
        broken.append(
            f"{name}: hits + misses + waits + negatives + failed = {outcomes:,},"
            f" but {requests.total:,} total"
        )
    return broken


def broken_examination(checks: list[Check], phases: list[PhaseResult]) -> list[str]:
    """isolation examines every successful answer of every phase, reference apart; unless it is
    NOT TESTED: then there is nothing to tell apart."""
    if all(check.status == "not_tested" for check in checks if check.id == "isolation"):
        return []
    answers = sum(
        phase.requests.successful - ((phase.cache.negatives or 0) if phase.cache else 0)
        for phase in phases
        if phase.role != "reference"
    )
    examined = next((check.examined for check in checks if check.id == "isolation"), 0)
    if examined == answers:
        return []
    return [f"isolation examined {examined:,} answers, but {answers:,} were successful"]
