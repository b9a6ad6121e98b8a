"""Somebody else's resolvers, without a line written for the tester."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Command, check_of

TARGETS = Path(__file__).parents[2] / "examples" / "targets"
SMALL = ("-n", "200", "--threads", "4", "--tenants", "3", "--steady", "0.1s", "--no-reference")
EXAMPLES = (
    ("seed_shape.py:TenantResolver", "URL", "statements"),
    ("plain_psycopg2.py:TenantResolver", "mapping", "statements"),
    ("engines.py:EngineRegistry", "engine", "statements"),
    ("connections.py:get_connection", "context manager of DBAPI connection", "statements"),
    ("dogpile_cache.py:Resolver", "resolution", "loader"),
    ("cachetools_lock.py:Resolver", "resolution", "loader"),
    ("lru_time_bucket.py:Resolver", "resolution", "loader"),
    ("dict_ttl.py:Resolver", "resolution", "loader"),
    ("by_hand.py:factory", "resolution", "loader"),
)


@pytest.mark.parametrize(("name", "form", "source"), EXAMPLES, ids=lambda value: value)
def test_an_example_is_understood_and_measured(
    command: Command, name: str, form: str, source: str
) -> None:
    target = str(TARGETS / name)
    done = command.run("inspect", "--target", target, "--json", "inspect.json", "--quiet")
    assert done.returncode == 0, done.stderr
    facts = json.loads((command.folder / "inspect.json").read_text())["facts"]
    assert facts["answer_form"] == form
    assert str(TARGETS) not in done.stdout
    code, result = command.json("light", "--procs", "2", "--target", target, *SMALL)
    assert code == 0, result["verdict"]
    assert result["cache"]["source"] == source
    assert result["cold"]["loads"] == 3
    assert check_of(result, "isolation")["status"] == "pass"
    # A cache that is not locked may load a tenant once in each thread at the start.
    assert 3 <= result["cache"]["loads"] <= 2 * 3 * 4


QUIET_LOADS = """
import queue, threading
import psycopg2

class Quiet:
    def __init__(self, database_url):
        self.url, self.rows, self.asked = database_url, {}, queue.Queue()
        self.hits = self.misses = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        cursor = connection.cursor()
        while True:
            tenant_id, answer = self.asked.get()
            cursor.execute("SELECT host, port, database, username FROM tenants WHERE id = %s",
                           (tenant_id,))
            row = cursor.fetchone()
            answer.put(row and dict(zip(("host", "port", "database", "user"), row)))

    def get_tenant(self, tenant_id):
        if tenant_id in self.rows:
            self.hits += 1
            return self.rows[tenant_id]
        self.misses += 1
        answer = queue.Queue()
        self.asked.put((tenant_id, answer))
        row = answer.get()
        if row is None:
            raise LookupError(tenant_id)
        return self.rows.setdefault(tenant_id, row)

class Counting(Quiet):
    def get_cache_stats(self):
        return {"cache_hits": self.hits, "cache_misses": self.misses, "scope": "process"}
"""


def test_loads_that_are_not_seen_are_never_hits(command: Command) -> None:
    (command.folder / "mine.py").write_text(QUIET_LOADS)
    code, result = command.json("light", "--target", "mine.py:Quiet", *SMALL)
    assert code == 0, result["verdict"]
    cache = result["cache"]
    assert cache["source"] == "unknown"
    assert (cache["hits"], cache["misses"], cache["waits"], cache["hit_rate"]) == (None,) * 4
    assert set(result["latency_ns"]) == {"all"}
    assert check_of(result, "load_economy")["status"] == "not_tested"
    assert "outcomes_unknown" in [caveat["id"] for caveat in result["caveats"]]
    code, result = command.json(
        "light", "--target", "mine.py:Quiet", "--threshold", "hit_rate:value>1%", *SMALL
    )
    assert code == 99


def test_a_targets_own_counters_tell_the_hit_rate(command: Command) -> None:
    (command.folder / "mine.py").write_text(QUIET_LOADS)
    code, result = command.json("light", "--procs", "2", "--target", "mine.py:Counting", *SMALL)
    assert code == 0, result["verdict"]
    cache = result["cache"]
    assert (cache["source"], cache["hits"], cache["misses"]) == ("counters", 200, 0)
    assert cache["hit_rate"] == 1.0


PSYCOPG_3 = """
import threading
import psycopg

class Three:
    def __init__(self, dsn):
        self.connection = psycopg.connect(dsn.replace("+psycopg2", ""), autocommit=True)
        self.lock, self.rows = threading.Lock(), {}

    def __call__(self, tenant):
        with self.lock:
            if tenant not in self.rows:
                row = self.connection.execute(
                    "SELECT host, port, database, username FROM tenants WHERE id = %s", (tenant,)
                ).fetchone()
                self.rows[tenant] = "postgresql://{3}@{0}:{1}/{2}".format(*row)
            return self.rows[tenant]
"""


def test_statements_of_psycopg_are_seen_too(command: Command) -> None:
    (command.folder / "mine.py").write_text(PSYCOPG_3)
    code, result = command.json("light", "--target", "mine.py:Three", *SMALL)
    assert code == 0, result["verdict"]
    assert result["cache"]["source"] == "statements"
    assert result["cold"]["loads"] == 3


WRONG = """
class Swapped:
    def __init__(self, load, ttl_seconds=60, region=None):
        self.load, self.calls = load, 0
        if region == "none":
            raise RuntimeError("no such region")

    def resolve(self, tenant_id):
        self.calls += 1
        return self.load("tenant-0001" if self.calls > 50 else tenant_id)

class Nothing(Swapped):
    def resolve(self, tenant_id):
        return None

class Needs(Swapped):
    def __init__(self, region):
        super().__init__(None)

def module_function(tenant_id):
    raise LookupError(tenant_id)

thing = 3
"""


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("mine.py:Needs",), "nothing is known for its parameter region; write --target-arg"),
        (("mine.py:Swapped", "--target-arg", "region=none"), "RuntimeError: no such region"),
        (("mine.py:Swapped", "--target-arg", "colour=1"), "it has no such parameter; mend the"),
        (("mine.py:Swapped", "--target-method", "find"), "Swapped has none"),
        (("mine.py:thing",), "int cannot resolve; name a class or function"),
        (("mine.py:absent",), "mine has no absent"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_target_that_cannot_be_taken_is_one_line(
    command: Command, options: tuple[str, ...], line: str
) -> None:
    (command.folder / "mine.py").write_text(WRONG)
    done = command.run("light", "--target", *options, *SMALL, "--quiet")
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    (told,) = done.stderr.splitlines()
    assert line in told
    assert len(told) <= 100


def test_answers_of_another_tenant_and_none_end_as_they_must(command: Command) -> None:
    (command.folder / "mine.py").write_text(WRONG)
    code, result = command.json("light", "--target", "mine.py:Swapped", *SMALL)
    assert code == 90
    assert check_of(result, "isolation")["witness"]["events"]
    code, result = command.json("light", "--target", "mine.py:Nothing", *SMALL)
    assert code == 99
    assert result["requests"]["failed"] == 200
    code, result = command.json("light", "--target", "mine.py:module_function", *SMALL)
    assert code == 99
