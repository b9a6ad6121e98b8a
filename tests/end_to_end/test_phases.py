"""expiry, concurrent and verify: clean on our resolver, red on one mistake in it at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.conftest import Command, check_of

OURS = """
from resolver import TenantResolver
from stress.target.ours import OurTarget

def made(context, **changed):
    arguments = dict(database_url=context.control_plane_url, encryption_key=context.encryption_key,
                     cache_ttl=context.cache_ttl, lease=context.lease)
    return TenantResolver(**{**arguments, **changed})
"""

TTL_TWICE_TOO_LONG = (
    OURS
    + """
def Mine(context):
    return OurTarget(made(context, cache_ttl=2 * context.cache_ttl))
"""
)

INVALIDATION_STAYS_IN_ITS_PROCESS = (
    OURS
    + """
class Mine:
    def __init__(self, context):
        self.context = context
        self.after_fork()
    def after_fork(self):
        # One for each process, though it says nothing of that.
        resolver = made(self.context)
        self.resolve, self.invalidate_cache = resolver.resolve, resolver.invalidate_cache
"""
)

CONNECTION_NOT_RETURNED_AFTER_AN_EXCEPTION = (
    OURS
    + """
import contextlib

class Mine(OurTarget):
    def __init__(self, context):
        super().__init__(made(context))
        self.kept = []
    @contextlib.contextmanager
    def connect(self, tenant_id):
        connection = super().connect(tenant_id)
        opened = connection.__enter__()
        try:
            yield opened
        except BaseException:
            self.kept.append(connection)
            raise
        connection.__exit__(None, None, None)
"""
)

SWAPS_TWO_TENANTS = (
    OURS
    + """
class Mine(OurTarget):
    def __init__(self, context):
        super().__init__(made(context))
        right, self.calls = self.resolve, 0
        def resolve(tenant_id):
            self.calls += 1
            if self.calls % 5000 == 0:
                tenant_id = "tenant-0001" if tenant_id != "tenant-0001" else "tenant-0002"
            return right(tenant_id)
        self.resolve = resolve
    def get_cache_stats(self):
        return {}
"""
)

UNCLEAN = (
    OURS
    + """
import contextlib, psycopg2

class Mine(OurTarget):
    def __init__(self, context):
        super().__init__(made(context))
        self.load, self.idle = context.control_plane.load, {}
    @contextlib.contextmanager
    def connect(self, tenant_id):
        pool = self.idle.setdefault(tenant_id, [])
        if pool:
            connection = pool.pop()
        else:
            url = self.load(tenant_id).url
            connection = psycopg2.connect(host=url.host, port=url.port, dbname=url.database,
                                          user=url.username, password=url.password)
        try:
            yield connection
        finally:
            pool.append(connection)
"""
)


def run(command: Command, source: str, name: str, *more: str) -> tuple[int, dict[str, Any]]:
    (command.folder / "mine.py").write_text(source)
    return command.json(name, "--target", "mine.py:Mine", *more)


def test_verify_judges_every_line_of_the_checklist(command: Command) -> None:
    code, result = command.json("verify")
    lines = result["checklist"]
    assert len(lines) == 18
    assert all(line["evidence"] for line in lines)
    # The first nine are times and rates; what the machine does to them is no matter for a test.
    assert {line["status"] for line in lines[:9]} <= {"pass", "fail"}
    assert {line["status"] for line in lines[9:]} == {"pass"}
    assert code == (99 if "fail" in {line["status"] for line in lines} else 0)
    assert result["headline"] == "heavy"
    assert command.leftovers(2.0) == []


def test_expiry_sees_one_load_for_each_tenant_and_cycle(command: Command) -> None:
    code, result = command.json("expiry", "--cache-ttl", "500ms", "--procs", "3")
    assert code == 0, result["verdict"]["reasons"]
    for check_id in ("expiry", "no_early_expiry", "single_flight", "stale_connection"):
        assert check_of(result, check_id)["status"] == "pass", check_id
    assert check_of(result, "expiry")["examined"] == 30
    assert result["cache"]["loads"] == 40


def test_concurrent_makes_its_overlaps(command: Command) -> None:
    code, result = command.json("concurrent", "--procs", "3")
    assert code == 0, result["verdict"]["reasons"]
    for check_id in ("single_flight", "read_after_invalidate", "clean_session", "monotonic_reads"):
        assert check_of(result, check_id)["status"] == "pass", check_id
        assert check_of(result, check_id)["examined"] > 0
    assert result["cache"]["waits"] > 0


@pytest.mark.parametrize(
    ("source", "arguments", "check_id", "expected"),
    [
        (TTL_TWICE_TOO_LONG, ("expiry", "--cache-ttl", "500ms"), "expiry", 91),
        (INVALIDATION_STAYS_IN_ITS_PROCESS, ("concurrent",), "read_after_invalidate", 91),
        (CONNECTION_NOT_RETURNED_AFTER_AN_EXCEPTION, ("concurrent",), "connection_leak", 91),
        (SWAPS_TWO_TENANTS, ("heavy", "--steady", "200ms"), "isolation", 90),
        (UNCLEAN, ("concurrent",), "clean_session", 91),
    ],
    ids=["ttl", "invalidation", "leak", "swap", "unclean"],
)
def test_one_mistake_turns_its_check_red(
    command: Command, source: str, arguments: tuple[str, ...], check_id: str, expected: int
) -> None:
    code, result = run(command, source, *arguments)
    assert code == expected, result["verdict"]["reasons"]
    assert check_of(result, check_id)["status"] == "fail"
