"""Every check by its id, in the order of reports."""

from __future__ import annotations

from collections.abc import Callable

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
    load_economy,
    monotonic_reads,
    no_early_expiry,
    no_invention,
    read_after_invalidate,
    single_flight,
    stale_connection,
    untorn,
)
from stress.verify.checks.untested import NOT_PROVOKED, not_tested
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
    )
}


def run_checks(evidence: Evidence) -> list[Check]:
    """One Check for every id; those without a function here have no phase yet."""
    return [
        CHECKS[check_id](evidence) if check_id in CHECKS else not_tested(check_id, NOT_PROVOKED)
        for check_id in CHECK_IDS
    ]
