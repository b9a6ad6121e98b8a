"""Thread-safety problems: shared state, leaked and exhausted connections; shared databases."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.judge.made_run import failing, found, raising, run


@pytest.mark.parametrize(
    ("check_id", "told"),
    [("isolation", "3 of 1,000 answers were another tenant's"), ("untorn", "mixed from two rows")],
)
def test_wrong_answers_of_several_threads_may_be_shared_state(check_id: str, told: str) -> None:
    caveat = found(failing(run(procs=2), check_id))["shared_state"]
    assert told in caveat.message
    assert "with 20 threads calling at once" in caveat.message
    assert caveat.cure == (
        "if this finds no wrong answer, they do: "
        "stress heavy --target mine.py:Mine --procs 2 --threads 1"
    )


def test_both_kinds_of_wrong_answers_are_told() -> None:
    both = failing(run(), "isolation", 1)
    torn = failing(run(), "untorn").checks[-1]
    kept = [check for check in both.checks if check.id != "untorn"]
    caveat = found(replace(both, checks=[*kept, torn]))["shared_state"]
    assert caveat.message.startswith(
        "1 of 1,000 answers was another tenant's and 3 of 1,000 answers were mixed from two rows"
    )


def test_one_thread_shares_nothing_and_other_checks_say_nothing_of_it() -> None:
    assert "shared_state" not in found(failing(run(threads=1), "isolation"))
    assert "shared_state" not in found(failing(run(), "load_economy"))
    assert "shared_state" not in found(run())


def test_a_phase_that_provokes_them_tells_causes_too() -> None:
    concurrent = run(name="concurrent", requests=None, procs=2, steady_s=0.0)
    phase = failing(replace(concurrent, headline="check"), "untorn")
    assert found(phase)["shared_state"].cure.endswith(
        "stress concurrent --target mine.py:Mine --threads 1"
    )


def test_sessions_that_stayed_open_are_a_leak() -> None:
    caveat = found(failing(run(), "connection_leak", 2, 40))["connection_leak"]
    assert caveat.message == (
        "2 of 40 sessions in the tenants' databases stayed open after the target was closed."
    )
    assert caveat.cure.endswith("in close(), then: stress heavy --target mine.py:Mine")
    assert "connection_leak" not in found(failing(run(), "isolation"))
    assert "connection_leak" not in found(run())


QUEUE_POOL = (
    "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00 "
    "(Background on this error at: https://sqlalche.me/e/20/3o7r)"
)


def test_a_pool_that_is_smaller_than_its_users_is_named_with_its_size() -> None:
    caveat = found(raising(run(), "TimeoutError", QUEUE_POOL))["pool_exhausted"]
    assert caveat.message == ("7 calls got no connection: a pool of 5 + 10 served 20 threads.")
    assert caveat.cure == (
        "pool_size + max_overflow of 20 or more, or: "
        "stress heavy --target mine.py:Mine --threads 15"
    )


@pytest.mark.parametrize(
    "message",
    [
        'connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already',
        'FATAL:  too many connections for role "tenant_0001"',
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    ],
)
def test_a_server_that_takes_no_more_is_named(message: str) -> None:
    caveat = found(raising(run(procs=2), "OperationalError", message, 1))["pool_exhausted"]
    assert caveat.message == (
        "1 call got no connection: the server had none left for 2 processes × 20 threads."
    )
    assert caveat.cure == (
        "a larger max_connections of the server, a smaller pool_size + max_overflow, or: "
        "stress heavy --target mine.py:Mine --procs 2 --threads 10"
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [("ConnectionLimitExceeded", "tenant-1: 10"), ("PoolError", "connection pool exhausted")],
)
def test_a_limit_without_a_size_is_named(kind: str, message: str) -> None:
    caveat = found(raising(run(), kind, message))["pool_exhausted"]
    assert "the limit of connections was reached by 1 process × 20 threads" in caveat.message
    assert caveat.cure.endswith("--threads 10")


def test_a_pool_that_was_large_enough_was_not_given_back_to() -> None:
    caveat = found(raising(run(threads=8), "TimeoutError", QUEUE_POOL))["pool_exhausted"]
    assert caveat.cure == (
        "give each connection back before the next is taken, then: "
        "stress heavy --target mine.py:Mine --threads 8"
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("TimeoutError", "timed out"),
        ("OperationalError", "could not connect: Connection refused"),
        ("ValueError", "too many values to unpack"),
    ],
)
def test_other_errors_are_no_pools(kind: str, message: str) -> None:
    assert "pool_exhausted" not in found(raising(run(), kind, message))
    assert "pool_exhausted" not in found(run())


def test_tenants_with_one_database_are_not_told_apart() -> None:
    base = run()
    shared = [["tenant-1", "tenant-2"], ["tenant-3", "tenant-4", "tenant-5", "tenant-6"]]
    for classes, message in (
        (shared[:1], "2 tenants have one database in common (tenant-1, tenant-2)"),
        (shared[1:], "4 tenants have one database in common (tenant-3, tenant-4, tenant-5, …)"),
        (shared, "6 tenants share 2 databases in common (tenant-1, tenant-2)"),
    ):
        place = replace(base.environment, shared_databases=classes)
        caveat = found(replace(base, environment=place))["shared_database"]
        assert caveat.message == f"{message}: isolation between them is NOT TESTED."
        assert caveat.cure.endswith("ENCRYPTION_KEY: stress heavy --target mine.py:Mine")


@pytest.mark.parametrize("classes", [None, [], [["tenant-1"]]])
def test_tenants_with_databases_of_their_own_are(classes: list[list[str]] | None) -> None:
    base = run()
    place = replace(base.environment, shared_databases=classes)
    assert "shared_database" not in found(replace(base, environment=place))
