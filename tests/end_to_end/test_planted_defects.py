"""Targets with one bug each: found by the right check, and by the exit code."""

from __future__ import annotations

import textwrap

import pytest

from tests.end_to_end.conftest import Command, check_of

CLEAN = """
import threading, time

class Answer:
    def __init__(self, record, cache_hit):
        self.tenant_id, self.version, self.cache_hit = record.tenant_id, record.version, cache_hit
        self.url = record.url

class Target:
    scope = "process"
    def __init__(self, context):
        self.control_plane = context.control_plane
        self.records, self.lock = {}, threading.Lock()
        self.hits = self.misses = self.calls = 0

    def load(self, tenant_id):
        return self.control_plane.load(tenant_id)

    def resolve(self, tenant_id):
        with self.lock:
            self.calls += 1
            record = self.records.get(tenant_id)
            if record is None:
                self.misses += 1
                record = self.records[tenant_id] = self.load(tenant_id)
                return Answer(record, False)
            self.hits += 1
            return Answer(record, True)

    def get_cache_stats(self):
        return {"scope": self.scope, "hits": self.hits, "misses": self.misses,
                "requests": self.calls}
"""

SWAPS_ONE_IN_500 = """
    def resolve(self, tenant_id):
        if self.calls % 500 == 499:
            other = "tenant-0001" if tenant_id != "tenant-0001" else "tenant-0002"
            with self.lock:
                self.calls += 1
                self.hits += 1
            return Answer(self.records[other], True)
        return super().resolve(tenant_id)
"""

SWAPS_THE_DATABASE_ONLY = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        if self.calls % 500 == 499:
            other = "tenant-0001" if tenant_id != "tenant-0001" else "tenant-0002"
            answer.url = self.records[other].url
        return answer
"""

MIXES_TWO_ROWS = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        if self.calls % 500 == 499:
            answer.url = answer.url.set(username="tenant_of_nobody")
        return answer
"""

INVENTS_A_VERSION = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        if self.calls % 500 == 499:
            answer.version += 1
        return answer
"""

LOADS_TWICE = """
    def load(self, tenant_id):
        self.control_plane.load(tenant_id)
        return self.control_plane.load(tenant_id)
"""

LOSES_A_COUNT = """
    def get_cache_stats(self):
        return {**super().get_cache_stats(), "requests": self.calls - 1}
"""

CHANGES_AN_ANSWER_LATER = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        self.last = getattr(self, "last", None) or answer
        if self.calls == 700:
            self.last.url = self.records["tenant-0002"].url
        return self.last if self.calls > 700 and tenant_id == self.last.tenant_id else answer
"""

RAISES_ONCE = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        if self.calls == 600:
            raise ValueError("password=hunter22 is wrong")
        return answer
"""

ANSWERS_NONE = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        return None if self.calls == 600 else answer
"""

QUICK = (
    "heavy",
    "--threads",
    "4",
    "--tenants",
    "3",
    "--steady",
    "200ms",
    "--target",
    "mine.py:Mine",
)


def run(command: Command, body: str, *more: str) -> tuple[int, dict]:
    source = (
        CLEAN + "\nclass Mine(Target):\n    pass\n" + textwrap.indent(textwrap.dedent(body), "    ")
    )
    (command.folder / "mine.py").write_text(source)
    return command.json(*QUICK, *more)


def test_the_clean_target_raises_no_alarm(command: Command) -> None:
    code, result = run(command, "", "--procs", "2")
    assert (code, result["verdict"]["reasons"]) == (0, [])
    assert check_of(result, "counter_identity")["status"] == "pass"
    assert check_of(result, "load_economy")["status"] == "pass"


@pytest.mark.parametrize(
    ("body", "check_id", "expected"),
    [
        (SWAPS_ONE_IN_500, "isolation", 90),
        (SWAPS_THE_DATABASE_ONLY, "isolation", 90),
        (CHANGES_AN_ANSWER_LATER, "isolation", 90),
        (MIXES_TWO_ROWS, "untorn", 90),
        (INVENTS_A_VERSION, "no_invention", 91),
        (LOADS_TWICE, "load_economy", 91),
        (LOSES_A_COUNT, "counter_identity", 91),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_planted_defect_is_found_by_its_check(
    command: Command, body: str, check_id: str, expected: int
) -> None:
    code, result = run(command, body)
    assert code == expected
    check = check_of(result, check_id)
    assert check["status"] == "fail"
    assert check["violations"] >= 1
    if check_id in ("isolation", "no_invention"):
        assert check["witness"]["events"]
        assert "--target mine.py:Mine" in check["witness"]["reproduce"]


@pytest.mark.parametrize(
    ("body", "kind"), [(RAISES_ONCE, "ValueError"), (ANSWERS_NONE, "NotAnAnswer")]
)
def test_a_failing_call_fails_the_run_by_the_built_in_threshold(
    command: Command, body: str, kind: str
) -> None:
    code, result = run(command, body)
    assert code == 99
    failed = next(t for t in result["thresholds"] if t["expression"] == "failed:count==0")
    assert (failed["ok"], failed["actual"]) == (False, 1.0)
    assert [(e["type"], e["count"]) for e in result["errors"]] == [(kind, 1)]
    assert "hunter22" not in str(result)


LEAKS_A_CONNECTION = """
    def connect(self, tenant_id):
        import contextlib, psycopg2
        url = self.load(tenant_id).url
        connection = psycopg2.connect(host=url.host, port=url.port, dbname=url.database,
                                      user=url.username, password=url.password)
        kept = self.__dict__.setdefault("kept", [])
        kept.append(connection)
        return contextlib.nullcontext(connection)

    def close(self):
        for connection in self.kept[1:]:
            connection.close()

    def get_cache_stats(self):
        return {"scope": "process"}
"""

GIVES_THE_WRONG_CONNECTION = """
    def connect(self, tenant_id):
        import contextlib, psycopg2
        url = self.load("tenant-0002").url
        return contextlib.closing(psycopg2.connect(host=url.host, port=url.port,
            dbname=url.database, user=url.username, password=url.password))

    def get_cache_stats(self):
        return {"scope": "process"}
"""


def test_a_connection_that_is_not_given_back_is_a_leak(command: Command) -> None:
    _, result = run(command, LEAKS_A_CONNECTION, "--procs", "2", "--no-reference")
    check = check_of(result, "connection_leak")
    assert (check["status"], check["violations"]) == ("fail", 2)


def test_a_wrong_connection_behind_a_right_answer_is_an_isolation_violation(
    command: Command,
) -> None:
    code, result = run(command, GIVES_THE_WRONG_CONNECTION)
    assert code == 90
    witness = check_of(result, "isolation")["witness"]
    assert "the server says" in witness["events"][1]["what"]


SHARES_A_SOCKET = """
    def __init__(self, context):
        super().__init__(context)
        import psycopg2
        url = self.load("tenant-0001").url
        self.shared = psycopg2.connect(host=url.host, port=url.port, dbname=url.database,
                                       user=url.username, password=url.password)

    def connect(self, tenant_id):
        import contextlib, fcntl

        @contextlib.contextmanager
        def one_at_a_time():
            with open("lock", "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield self.shared

        return one_at_a_time()

    def get_cache_stats(self):
        return {"scope": "process"}
"""


def test_a_session_that_crossed_the_fork_is_found(command: Command) -> None:
    _, result = run(command, SHARES_A_SOCKET, "--procs", "2", "--no-reference")
    check = check_of(result, "fork_safety")
    assert (check["status"], check["violations"]) == ("fail", 1)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def Mine(context): raise OSError('no route')", "building it raised OSError: no route"),
        ("class Mine:\n    def __init__(self, context): pass", "has no resolve"),
        ("import os\ndef Mine(context): os._exit(4)", "the process that built it ended"),
        ("raise ValueError('at import')", "importing it raised ValueError"),
        ("Mine = 3", "int cannot resolve"),
    ],
)
def test_a_target_that_cannot_be_used_is_one_line_and_exit_code_two(
    command: Command, source: str, what: str
) -> None:
    (command.folder / "mine.py").write_text(source)
    done = command.run(*QUICK)
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("stress: --target mine.py:Mine: ")
    assert what in last
    assert len(last) <= 100
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert command.leftovers(2.0) == []


AS_TEXT = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        answer.url, answer.version = str(answer.url), str(answer.version)
        answer.cache_hit = None
        return answer

    def get_cache_stats(self):
        return {}
"""

LEAVES_THE_THREAD = """
    def resolve(self, tenant_id):
        answer = super().resolve(tenant_id)
        if self.calls == 600:
            raise KeyboardInterrupt
        return answer
"""

STATISTICS_RAISE = """
    def get_cache_stats(self):
        raise OSError("gone")
"""


def test_text_and_silence_about_hits_and_scope_raise_no_alarm(command: Command) -> None:
    code, result = run(command, AS_TEXT, "--procs", "2", "--no-thresholds")
    assert (code, result["verdict"]["reasons"]) == (0, [])
    assert result["cache"]["source"] == "loader"
    assert result["cache"]["hit_rate"] == 1.0


def test_a_target_that_raises_keyboard_interrupt_fails_that_call(command: Command) -> None:
    code, result = run(command, LEAVES_THE_THREAD)
    assert code == 99
    assert [error["type"] for error in result["errors"]] == ["KeyboardInterrupt"]


def test_statistics_that_raise_are_not_tested(command: Command) -> None:
    code, result = run(command, STATISTICS_RAISE, "--procs", "2")
    assert code == 0
    check = check_of(result, "counter_identity")
    assert check["status"] == "not_tested"
    assert "OSError" in check["reason"]
