"""`--operation query`: a request is a resolve, a connection, a statement, and giving it back."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.conftest import Command, check_of

ROOT = Path(__file__).parents[2]

# By hand, with a bug below the answers: one connection in 50 is the one of another tenant.
CROSSES_CONNECTIONS = f"""
import runpy
by_hand = runpy.run_path({str(ROOT / "examples/targets/by_hand.py")!r})

class Crossing:
    calls = 0
    def __init__(self, answer, target):
        self.__dict__.update(answer.__dict__)
        self._answer, self._target = answer, target
    def connect(self):
        Crossing.calls += 1
        if Crossing.calls % 50 == 49:
            other = "tenant-0001" if self.tenant_id != "tenant-0001" else "tenant-0002"
            return self._target.inner.resolve(other).connect()
        return self._answer.connect()

class Target:
    def __init__(self, context):
        self.inner = by_hand["factory"](context)
        self.invalidate_cache = self.inner.invalidate_cache
    def resolve(self, tenant_id):
        return Crossing(self.inner.resolve(tenant_id), self)

def factory(context):
    return Target(context)
"""
SMALL = ("-n", "200", "--threads", "4", "--tenants", "3", "--steady", "0.2s")


def test_its_times_are_told_apart_from_the_resolve(command: Command) -> None:
    code, result = command.json(
        "light", "--procs", "2", "--operation", "query", "--threshold", "query:avg<60s", *SMALL
    )
    assert code == 0, result["verdict"]
    assert result["requests"]["successful"] == 200
    for operations in (result["operations"], result["steady"]["operations"]):
        assert list(operations) == ["connect", "query", "release"]
        assert len({one["response"]["count"] for one in operations.values()}) == 1
    assert result["operations"]["query"]["response"]["count"] == 200
    asked = next(one for one in result["thresholds"] if one["expression"] == "query:avg<60s")
    assert asked["ok"] is True
    assert check_of(result, "counter_identity")["status"] == "pass"


def test_a_connection_to_another_tenants_database_is_an_isolation_violation(
    command: Command,
) -> None:
    (command.folder / "crossing.py").write_text(CROSSES_CONNECTIONS)
    code, result = command.json(
        "light", "--operation", "query", "--target", "crossing.py:factory", *SMALL
    )
    assert code == 90
    isolation = check_of(result, "isolation")
    assert isolation["status"] == "fail"
    assert isolation["violations"] >= 4


def test_a_target_without_connections_is_told_so(command: Command) -> None:
    (command.folder / "plain.py").write_text(
        "class Plain:\n"
        "    def __init__(self, context):\n"
        "        self.resolve = context.control_plane.load\n"
    )
    done = command.run("light", "--operation", "query", "--target", "plain.py:Plain", *SMALL)
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert line.startswith("stress: --operation query: the target's answers offer no connect()")


def test_without_it_nothing_is_told_of_operations(command: Command) -> None:
    _, result = command.json("light", *SMALL)
    assert result["operations"] is None
