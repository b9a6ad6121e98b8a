"""Targets with one planted cause each, on a real server: the caveat names it and its cure."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from stress.backend import embedded
from tests.end_to_end.conftest import Command, check_of

# Clean: the caveats that a quick run of it has anyway are of its figures.
CLEAN = """
import contextlib, hashlib, threading, time
import psycopg2, sqlalchemy

class Answer:
    def __init__(self, record, cache_hit, connect=None):
        self.tenant_id, self.version, self.url = record.tenant_id, record.version, record.url
        self.cache_hit = cache_hit

class Target:
    capacity, factor, sleep_s, rounds = 1000, 1.0, 0.0, 0

    def __init__(self, context):
        self.context, self.entries, self.lock = context, {}, threading.Lock()
        self.ttl = context.cache_ttl * self.factor
        self.query_ns = self.decryption_ns = self.loads = 0
        self.slow = None

    def load(self, tenant_id):
        record = self.context.control_plane.load(tenant_id)
        began = time.monotonic_ns()
        if self.sleep_s:
            self.slow = self.slow or psycopg2.connect(
                self.context.control_plane_url.replace("+psycopg2", ""))
            self.slow.cursor().execute("SELECT pg_sleep(%s)", [self.sleep_s])
        queried = time.monotonic_ns()
        if self.rounds:
            hashlib.pbkdf2_hmac("sha256", b"key", b"salt", self.rounds)
        self.query_ns += queried - began
        self.decryption_ns += time.monotonic_ns() - queried
        self.loads += 1
        return record

    def resolve(self, tenant_id):
        now = time.monotonic()
        with self.lock:
            record, deadline = self.entries.get(tenant_id, (None, 0.0))
            if record is not None and now < deadline:
                return Answer(record, True)
            record = self.load(tenant_id)
            while len(self.entries) >= self.capacity:
                self.entries.pop(next(iter(self.entries)))
            self.entries[tenant_id] = record, time.monotonic() + self.ttl
            return Answer(record, False)

    def get_cache_stats(self):
        return {"scope": "process", "capacity": self.capacity, "query_ns": self.query_ns,
                "decryption_ns": self.decryption_ns, "loads": self.loads}

class Mine(Target):
"""
QUICK = ("--threads", "4", "--target", "mine.py:Mine")

CAUSES = {
    "too_many_tenants", "ttl_too_short", "not_warmed", "control_plane_slow", "network_latency",
    "decryption_cost", "pool_exhausted", "shared_state", "connection_leak", "ttl_miscalculated",
    "wall_clock_ttl",
}  # fmt: skip


def run(
    command: Command, body: str, name: str, *more: str, tenants: int = 3
) -> tuple[int, dict[str, Any]]:
    source = CLEAN + textwrap.indent(textwrap.dedent(body), "    ")
    (command.folder / "mine.py").write_text(source)
    return command.json(name, *QUICK, "--tenants", f"{tenants}", *more)


def causes(result: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The caveats that explain a failure, by id."""
    return {one["id"]: one for one in result["caveats"] if one["id"] in CAUSES}


def cured(command: Command, cure: str, *more: str) -> tuple[int, dict[str, Any]]:
    """What comes of typing the cure."""
    words = shlex.split(cure[cure.rindex("stress ") :])
    (command.folder / "out.json").unlink()
    return command.json(*words[1:], *more)


PROFILE = ("--steady", "0s")


def test_a_clean_target_has_no_cause_to_name(command: Command) -> None:
    code, result = run(command, "pass", "heavy", *PROFILE)
    assert (code, causes(result)) == (0, {})
    assert result["cold"]["round_trip_ns"] > 0
    assert (result["cache"]["caches"], result["cache"]["capacity"]) == (1, 1000)
    assert result["cache"]["oldest_entry_s"] > 0
    assert result["lifetimes"] is None


def test_a_cache_that_is_too_small_is_named_and_fewer_tenants_cure_it(command: Command) -> None:
    _, result = run(command, "capacity = 1", "heavy", *PROFILE)
    (caveat,) = causes(result).values()
    assert caveat["id"] == "too_many_tenants"
    assert caveat["message"].startswith("The cache has room for 1 of 3 tenants: ")
    code, result = cured(command, caveat["cure"])
    assert (code, causes(result)) == (0, {})


def test_without_caching_the_ttl_is_named(command: Command) -> None:
    code, result = run(command, "pass", "heavy", *PROFILE, "--cache-ttl", "0s")
    assert code == 99
    assert list(causes(result)) == ["ttl_too_short"]
    assert "--cache-ttl" in causes(result)["ttl_too_short"]["cure"]


def test_first_loads_in_the_measured_part_are_named_and_a_warm_up_cures_it(
    command: Command,
) -> None:
    code, result = run(command, "pass", "light", *PROFILE, "--warmup", "0", tenants=20)
    assert code == 99
    assert list(causes(result)) == ["too_many_tenants", "not_warmed"]
    code, result = cured(command, causes(result)["not_warmed"]["cure"])
    assert (code, causes(result)) == (0, {})


def test_a_query_that_the_database_takes_long_for_is_named(command: Command) -> None:
    _, result = run(command, "sleep_s = 0.03", "heavy", *PROFILE)
    assert list(causes(result)) == ["control_plane_slow"]
    assert (
        "it is the database, not the way to it" in causes(result)["control_plane_slow"]["message"]
    )


def test_a_key_that_is_derived_for_every_load_is_named(command: Command) -> None:
    _, result = run(command, "rounds = 20_000", "heavy", *PROFILE)
    assert list(causes(result)) == ["decryption_cost"]


SHARES_ITS_ANSWER = """
def resolve(self, tenant_id):
    answer = super().resolve(tenant_id)
    self.last = answer
    time.sleep(0.001)
    return self.last
"""


def test_answers_that_mix_between_threads_do_not_in_the_command_of_the_cure(
    command: Command,
) -> None:
    code, result = run(command, SHARES_ITS_ANSWER, "heavy", *PROFILE)
    assert code == 90
    assert list(causes(result)) == ["shared_state"]
    code, result = cured(command, causes(result)["shared_state"]["cure"], "--no-thresholds")
    assert check_of(result, "isolation")["status"] == "pass"
    assert "shared_state" not in causes(result)


HOLDS_A_POOLED_CONNECTION = """
def resolve(self, tenant_id):
    with self.lock:
        if not hasattr(self, "engine"):
            self.engine = sqlalchemy.create_engine(
                self.context.control_plane_url, pool_size=1, max_overflow=1, pool_timeout=0.001)
    with self.engine.connect():
        time.sleep(0.01)
        return super().resolve(tenant_id)
"""


def test_a_pool_smaller_than_its_threads_is_named_and_fewer_threads_cure_it(
    command: Command,
) -> None:
    code, result = run(command, HOLDS_A_POOLED_CONNECTION, "light", *PROFILE)
    assert code == 99
    caveat = causes(result)["pool_exhausted"]
    assert caveat["message"].endswith("got no connection: a pool of 1 + 1 served 4 threads.")
    assert " --threads 2" in caveat["cure"]
    _, result = cured(command, caveat["cure"], "--no-thresholds")
    assert "pool_exhausted" not in causes(result)


LEAKS = """
kept = []

def connect(self, tenant_id):
    url = self.context.control_plane.load(tenant_id).url
    self.kept.append(psycopg2.connect(host=url.host, port=url.port, dbname=url.database,
                                      user=url.username, password=url.password))
    return contextlib.nullcontext(self.kept[-1])

def close(self):
    for connection in self.kept[1:]:
        connection.close()

def get_cache_stats(self):
    return {"scope": "process"}
"""


def test_a_session_that_stays_open_is_named(command: Command) -> None:
    code, result = run(command, LEAKS, "heavy", *PROFILE)
    assert code == 91
    caveat = causes(result)["connection_leak"]
    assert caveat["message"].startswith("1 of ")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("factor = 2.0", "twice the TTL"),
        ("factor = 0.001", "milliseconds for seconds"),
        ("factor = 1000.0", "No entry ended"),
    ],
)
def test_a_ttl_in_the_wrong_unit_is_named(command: Command, body: str, told: str) -> None:
    code, result = run(command, body, "expiry", "--cache-ttl", "1s")
    assert code == 91
    assert list(causes(result)) == ["ttl_miscalculated"]
    assert told in causes(result)["ttl_miscalculated"]["message"]


def test_a_ttl_that_is_kept_is_not_blamed(command: Command) -> None:
    code, result = run(command, "pass", "expiry", "--cache-ttl", "500ms")
    assert (code, causes(result)) == (0, {})
    assert result["lifetimes"]["reloads"] >= 3
    # From before the load to the next load: longer than the TTL, which counts from after the load.
    assert result["lifetimes"]["shortest_s"] >= 0.5


class FarAway:
    """A TCP proxy before a server: every answer of the server arrives `delay_s` later."""

    def __init__(self, host: str, port: int, delay_s: float) -> None:
        self._place, self._delay_s = (host, port), delay_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._place)
                for source, sink, delay_s in ((near, far, 0.0), (far, near, self._delay_s)):
                    arguments = (source, sink, delay_s)
                    threading.Thread(target=self._carry, args=arguments, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, delay_s: float) -> None:
        with contextlib.suppress(OSError), sink:
            while data := source.recv(65536):
                time.sleep(delay_s)
                sink.sendall(data)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def far_away() -> Iterator[dict[str, str]]:
    """What names a control plane that is 60 ms away, in the environment of a run."""
    with ExitStack() as closing:
        backend = embedded.start(3, progress=lambda _line: None)
        closing.callback(backend.close)
        url = make_url(backend.control_plane_url)
        proxy = FarAway(url.host or "127.0.0.1", url.port or 5432, 0.06)
        closing.callback(proxy.close)
        near = url.set(host="127.0.0.1", port=proxy.port)
        yield {
            "DATABASE_URL": near.render_as_string(hide_password=False),
            "ENCRYPTION_KEY": backend.encryption_key,
        }


def test_a_control_plane_that_is_far_away_is_named(
    command: Command, far_away: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stress", "light", *PROFILE, "--json", "out.json"],
        cwd=command.folder,
        env={**os.environ, "TMPDIR": str(command.temporary), **far_away},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 99, done.stderr
    result = json.loads((command.folder / "out.json").read_text())
    assert list(causes(result)) == ["network_latency"]
    assert result["cold"]["round_trip_ns"] >= 60_000_000
