"""Every check by its id, in the order of reports."""

from __future__ import annotations

from collections.abc import Callable

from stress.report.result import Check
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
from stress.verify.evidence import Evidence

# The ids of the contract. Those without a function here have no phase yet that provokes them.
IDS = (
    "isolation",
    "bounded_staleness",
    "read_after_invalidate",
    "monotonic_reads",
    "no_invention",
    "untorn",
    "single_flight",
    "load_economy",
    "expiry",
    "no_early_expiry",
    "counter_identity",
    "counter_sanity",
    "negative_lookup",
    "error_isolation",
    "liveness",
    "crash_containment",
    "head_of_line",
    "connection_leak",
    "stale_connection",
    "fork_safety",
    "connection_budget",
    "clean_session",
    "secrecy",
    "ciphertext_binding",
    "key_rotation",
    "tenant_id_exact",
    "eviction",
)

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

NOT_PROVOKED = "this profile does not provoke it"


def run_checks(evidence: Evidence) -> list[Check]:
    """One Check for every id."""
    return [
        CHECKS[check_id](evidence)
        if check_id in CHECKS
        else Check(
            id=check_id,
            status="not_tested",
            examined=0,
            violations=0,
            evidence="",
            reason=NOT_PROVOKED,
        )
        for check_id in IDS
    ]
