"""Every check by its id, in the order of reports."""

from __future__ import annotations

from collections.abc import Callable, Collection

from stress.report.result import Check
from stress.scenario.metrics import CHECK_IDS
from stress.verify.checks import (
    bounded_staleness,
    clean_session,
    connection_leak,
    counter_identity,
    expiry,
    fork_safety,
    isolation,
    liveness,
    load_economy,
    monotonic_reads,
    no_early_expiry,
    no_invention,
    read_after_invalidate,
    single_flight,
    stale_connection,
    untorn,
)
from stress.verify.checks.untested import NOT_ASKED, NOT_PROVOKED, not_tested
from stress.verify.evidence import Evidence

CHECKS: dict[str, Callable[[Evidence], Check]] = {
    module.ID: module.check
    for module in (
        isolation,
        no_invention,
        untorn,
        load_economy,
        counter_identity,
        fork_safety,
        connection_leak,
        bounded_staleness,
        read_after_invalidate,
        monotonic_reads,
        single_flight,
        expiry,
        no_early_expiry,
        stale_connection,
        clean_session,
        liveness,
    )
}


ALWAYS = "isolation"
NEED_TTL = frozenset(
    {"bounded_staleness", "expiry", "no_early_expiry", "load_economy", "stale_connection"}
)


def run_checks(evidence: Evidence, asked: Collection[str] = ()) -> list[Check]:
    """One Check for every id; those without a function here have no phase yet.

    asked: the only ones to judge, beside isolation; empty: all.
    """
    return [_run(check_id, evidence, asked) for check_id in CHECK_IDS]


def _run(check_id: str, evidence: Evidence, asked: Collection[str]) -> Check:
    if asked and check_id not in asked and check_id != ALWAYS:
        return not_tested(check_id, NOT_ASKED)
    if check_id not in CHECKS:
        return not_tested(check_id, NOT_PROVOKED)
    if check_id in NEED_TTL and not evidence.ttl_known:
        return not_tested(check_id, "its TTL is not known; say it: --target-ttl 300s")
    return CHECKS[check_id](evidence)
