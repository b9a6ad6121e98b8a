"""Runs against a PostgreSQL that somebody else runs: nothing is changed there, nothing is left."""

from __future__ import annotations

import os
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import URL

from resolver.keyring import Keyring
from stress.backend import binaries, folder, synthetic
from stress.backend.server import SUPERUSER, Server
from stress.backend.tenants import connect
from stress.judge.checklist import DEGRADATION, TARGETS
from tests.end_to_end.conftest import Command, check_of

PASSWORD = "the-superusers-password"
# Lines that a busy machine may turn red.
TIMES = {line for line, _ in TARGETS} | {DEGRADATION}
QUICK = ("-n", "60", "--threads", "3", "--steady", "0.2s")


@dataclass
class Given:
    """A server with three tenants that `stress provision` made."""

    server: Server
    programs: str
    key: str = field(default_factory=Keyring.generate)

    def url(self, database: str = "postgres") -> URL:
        server = self.server
        return URL.create(
            "postgresql", SUPERUSER, PASSWORD, server.host, server.port, database=database
        )

    def text(self, database: str = "postgres") -> str:
        return self.url(database).render_as_string(hide_password=False)

    def ask(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with closing(connect(self.url(database))) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def dump(self) -> bytes:
        """Everything on the server as its own tool writes it, but for the dump's random token."""
        done = subprocess.run(
            [Path(self.programs) / "pg_dumpall", "--no-sync", "-d", self.text()],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            check=True,
        )
        lines = done.stdout.splitlines()
        return b"\n".join(one for one in lines if not one.startswith((b"\\restrict", b"\\unrestr")))

    def sessions(self) -> int:
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        )
        return int(self.ask(question)[0][0])


@pytest.fixture(scope="module")
def given() -> Iterator[Given]:
    account = binaries.server_account()
    found = binaries.find(None, account)
    place = folder.find(account, 12, copy=bool(found.copy))
    server = Server(found, account, place, PASSWORD)
    made = Given(server, str(found.folder))
    synthetic.provision(made.text(), made.key, 3, lambda _line: None)
    yield made
    server.close()


@pytest.fixture
def against(command: Command, given: Given) -> Command:
    """The command with DATABASE_URL and ENCRYPTION_KEY of that server."""
    command.variables = {"DATABASE_URL": given.text(), "ENCRYPTION_KEY": given.key}
    return command


@dataclass
class Watch:
    """Counts the sessions on the server until it is left."""

    given: Given
    most: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._count)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _count(self) -> None:
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        )
        with closing(connect(self.given.url())) as connection, connection.cursor() as cursor:
            while not self._stop.wait(0.002):
                cursor.execute(question)
                self.most = max(self.most, int(cursor.fetchone()[0]))


def test_a_verification_that_reads_only(against: Command, given: Given) -> None:
    before = given.dump()
    with Watch(given) as watch:
        code, result = against.json("verify", "--max-loads", "200/s", "--max-connections", "9")
    assert code in (0, 99), result["verdict"]  # 99: another one's load made it slow
    lines = {line["line"]: line for line in result["checklist"]}
    judged = {name: line["status"] for name, line in lines.items() if name not in TIMES}
    assert [name for name, status in judged.items() if status != "pass"] == ["No stale connections"]
    assert all(line["status"] != "not_tested" for name, line in lines.items() if name in TIMES)
    assert "did not write" in lines["No stale connections"]["evidence"]
    assert result["environment"]["backend"] == f"{given.server.host}:{given.server.port}/postgres"
    assert result["scenario"]["tenants"] == 3
    assert 3 <= watch.most <= 9
    assert given.sessions() == 0
    assert given.dump() == before


def test_with_leave_the_tenants_of_provision_are_changed(against: Command, given: Given) -> None:
    roles = given.ask("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'stress%'")
    code, result = against.json("expiry", "--allow-writes", "--cache-ttl", "0.5s", "--procs", "2")
    assert code == 0, result["verdict"]
    assert check_of(result, "stale_connection")["status"] == "pass"
    made = given.ask("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'stress%'")
    noted = given.ask("SELECT count(*) FROM stress_provisioned WHERE kind = 'role'")
    assert made[0][0] == noted[0][0] == roles[0][0] + 1


@dataclass
class Foreign:
    """A control plane that stress did not make: a uuid key, a sealed URL, no version, no marker."""

    given: Given
    key: str
    database: str
    ids: list[str]

    def seal(self, index: int, url: str, key: str | None = None) -> None:
        sealed = Fernet(key or self.key).encrypt(url.encode()).decode()
        self.given.ask(
            f"UPDATE app.customers SET sealed = '{sealed}' WHERE customer = '{self.ids[index]}'",
            database=self.database,
        )

    def url(self, index: int) -> str:
        name = f"{self.database}_{index}"
        server = self.given.server
        return f"postgres://{name}:secret-of-{index}@{server.host}:{server.port}/{name}"


MAPPING = """
table = "app.customers"
id = "customer"
active = "state = 'live'"
url = "sealed"
version = false
cipher = "fernet"
"""


@pytest.fixture
def foreign(given: Given, command: Command) -> Iterator[Foreign]:
    name = f"foreign_{os.urandom(3).hex()}"
    ids = [str(uuid.uuid4()) for _ in range(3)]
    made = Foreign(given, Fernet.generate_key().decode(), name, sorted(ids))
    given.ask(f"CREATE DATABASE {name}")
    given.ask(
        "CREATE SCHEMA app",
        "CREATE TABLE app.customers (customer uuid PRIMARY KEY, state text, sealed text)",
        database=name,
    )
    for index, tenant_id in enumerate(made.ids):
        tenant = f"{name}_{index}"
        given.ask(f"CREATE ROLE {tenant} LOGIN PASSWORD 'secret-of-{index}'")
        given.ask(f"CREATE DATABASE {tenant} OWNER {tenant}")
        given.ask(f"INSERT INTO app.customers VALUES ('{tenant_id}', 'live')", database=name)
        made.seal(index, made.url(index))
    (command.folder / "customers.toml").write_text(MAPPING)
    command.variables = {"DATABASE_URL": given.text(name), "ENCRYPTION_KEY": made.key}
    yield made
    given.ask(f"DROP DATABASE {name}")
    for index in range(len(ids)):
        given.ask(f"DROP DATABASE {name}_{index}")
        given.ask(f"DROP ROLE {name}_{index}")


MAPPED = ("--tenants-table", "customers.toml")


def test_a_table_of_another_shape(foreign: Foreign, command: Command) -> None:
    code, result = command.json("concurrent", *MAPPED, "--max-loads", "500/s", "--threads", "5")
    assert code == 0, result["verdict"]
    for check in ("isolation", "read_after_invalidate", "clean_session", "counter_identity"):
        assert check_of(result, check)["status"] == "pass"
    assert check_of(result, "isolation")["examined"] > 100
    told = result["checks"], result["scenario"]
    assert "secret-of" not in str(told)
    assert str(command.folder) not in str(told)


def test_tenants_of_one_database_cannot_be_told_apart(foreign: Foreign, command: Command) -> None:
    foreign.seal(1, foreign.url(0))
    code, result = command.json("light", *MAPPED, *QUICK)
    assert code == 0, result["verdict"]
    isolation = check_of(result, "isolation")
    assert isolation["status"] == "pass"
    assert any(foreign.ids[0] in note and foreign.ids[1] in note for note in isolation["notes"])
    assert "shared_database" in [caveat["id"] for caveat in result["caveats"]]
    foreign.seal(2, foreign.url(0))
    code, result = command.json("light", *MAPPED, *QUICK)
    assert code == 0, result["verdict"]
    isolation = check_of(result, "isolation")
    assert (isolation["status"], isolation["reason"]) == (
        "not_tested",
        "all tenants have one database and one user",
    )


def test_credentials_that_do_not_decrypt_fail_one_tenant_alone(
    foreign: Foreign, command: Command
) -> None:
    other_key = Fernet.generate_key().decode()
    foreign.seal(1, foreign.url(1), other_key)
    done = command.run("light", *MAPPED, *QUICK, "--json", "out.json")
    assert done.returncode == 99
    told = f"stress: {foreign.ids[1]}: its credentials do not decrypt; 2 other tenants go on"
    assert told in done.stderr.splitlines()
    assert "secret-of" not in done.stdout + done.stderr + (command.folder / "out.json").read_text()
    assert PASSWORD not in done.stdout + done.stderr


def test_a_key_that_decrypts_nothing_is_told_in_one_line(
    foreign: Foreign, command: Command
) -> None:
    command.variables["ENCRYPTION_KEY"] = Fernet.generate_key().decode()
    done = command.run("light", *MAPPED)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "stress: ENCRYPTION_KEY: decrypts none of 3 active tenants; use this control plane's key\n"
    )


def test_without_the_mapping_the_line_says_how_to_map(foreign: Foreign, command: Command) -> None:
    done = command.run("light")
    assert done.returncode == 2
    assert done.stderr == (
        "stress: DATABASE_URL: there is no table tenants; map it: --tenants-table FILE\n"
    )
    (command.folder / "customers.toml").write_text(MAPPING.replace("sealed", "sealed_url"))
    done = command.run("light", *MAPPED)
    assert done.returncode == 2
    assert done.stderr == (
        "stress: --tenants-table customers.toml: table app.customers has no column sealed_url; "
        'add url = "…"\n'
    )


def test_what_the_servers_bear_is_not_exceeded(against: Command) -> None:
    code, result = against.json(
        "light", "--cache-ttl", "0s", "--max-loads", "20/s", *QUICK, "--no-thresholds",
        "--threshold", "throughput:rate>1/s",
    )  # fmt: skip
    assert code == 99
    # 3 at once, then one in 50 ms; each of the 3 threads is one load ahead of its token.
    assert result["throughput"]["wall_s"] >= (60 - 3 - 3) / 20 - 0.1
    assert "loads_capped" in [caveat["id"] for caveat in result["caveats"]]
    assert result["thresholds"][-1]["note"] == "not judged: --max-loads held calls back"


def test_too_few_connections_are_told_before_any_is_made(against: Command, given: Given) -> None:
    with Watch(given) as watch:
        done = against.run("light", "--procs", "4", "--max-connections", "8")
    assert done.returncode == 2
    assert done.stderr == (
        "stress: --max-connections 8: 4 processes need 9; write --max-connections 9, "
        "or fewer --procs\n"
    )
    assert watch.most == 0
    done = against.run("light", "--operation", "query", "--max-connections", "4")
    assert done.returncode == 2
    assert "--operation query to 3 tenants needs 5" in done.stderr


def test_ctrl_c_leaves_no_session(against: Command, given: Given) -> None:
    process = against.start("heavy", "--duration", "20s", "--progress", "0.2s")
    assert process.stderr is not None
    for line in process.stderr:
        if "violations" in line:
            break
    process.send_signal(2)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert given.sessions() == 0
