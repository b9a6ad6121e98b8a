"""`stress provision` as a shell runs it, on a PostgreSQL of its own that holds nothing yet."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy.engine import URL, make_url

from resolver.keyring import Keyring
from stress.backend import binaries, folder
from stress.backend.server import SUPERUSER, Server
from stress.backend.tenants import connect
from tests.end_to_end.conftest import wait_for

ROOT = Path(__file__).resolve().parents[2]
KEY = Keyring.generate()
PASSWORD = "the-superusers-password"

MAPPING = """
table = "App.customers %"
id = "customer"
active = "state = 'live'"
url = "sealed"
version = "revision"
cipher = "fernet"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = binaries.server_account()
    found = binaries.find(None, account)
    started = Server(found, account, folder.find(account, 30, copy=bool(found.copy)), PASSWORD)
    yield started
    started.close()


def ask(url: URL, *statements: str) -> list[Any]:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def contents(url: URL) -> list[Any]:
    """Every database, role, schema, and relation of the control plane's database, with its OID."""
    return ask(
        url,
        "SELECT 'database', datname, oid FROM pg_database UNION ALL "
        "SELECT 'role', rolname, oid FROM pg_roles UNION ALL "
        "SELECT 'schema', nspname, oid FROM pg_namespace UNION ALL "
        "SELECT 'relation', relname, oid FROM pg_class ORDER BY 1, 2",
    )


@dataclass
class Shell:
    """Runs the command; the environment holds what was given and nothing of ours."""

    folder: Path
    url: URL
    secrets: list[str] = field(default_factory=lambda: [PASSWORD, KEY])
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str, key: str | None = KEY, url: URL | None = None) -> Any:
        text = (url or self.url).render_as_string(hide_password=False)
        variables = {"DATABASE_URL": text} | ({} if key is None else {"ENCRYPTION_KEY": key})
        process = subprocess.Popen(
            [sys.executable, "-m", "stress", "provision", *arguments],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
            | variables,
        )  # fmt: skip
        self.started.append(process)
        return process

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
        """Exit code, standard output, and lines of standard error, which hold no secret."""
        out, err = process.communicate(timeout=60)
        for secret in self.secrets:
            assert secret not in err
        assert "export ENCRYPTION_KEY" not in err
        lines = err.splitlines()
        assert all(line.startswith("stress: ") and len(line) <= 100 for line in lines), err
        return process.returncode, out, [line.removeprefix("stress: ") for line in lines]

    def run(self, *arguments: str, **options: Any) -> tuple[int, str, list[str]]:
        return self.ended(self.start(*arguments, **options))

    def refused(self, *arguments: str, **options: Any) -> str:
        """The one line of a command that exits with 2 and changes nothing."""
        before = contents(self.url)
        code, out, lines = self.run(*arguments, **options)
        assert (code, out, len(lines)) == (2, "", 1), lines
        assert contents(self.url) == before
        return lines[0]


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    url = URL.create(
        "postgresql+psycopg2", SUPERUSER, PASSWORD, server.host, server.port, "postgres"
    )
    before = contents(url)
    made = Shell(tmp_path, url)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
    left = contents(url)
    if left != before:
        made.run("--drop")  # so that the next test is not blamed
    assert left == before


def test_tenants_are_made_and_removed_to_the_last_trace(shell: Shell) -> None:
    before = contents(shell.url)
    place = f"127.0.0.1:{shell.url.port}"
    code, out, (made, advice) = shell.run("--tenants", "3")
    assert (code, out) == (0, "")
    assert re.fullmatch(
        rf"{place}: 3 tenants created in [0-9.]+ s; to remove: stress provision --drop", made
    )
    assert advice == "now: DATABASE_URL=… ENCRYPTION_KEY=… stress verify --allow-writes"
    assert len(contents(shell.url)) > len(before) + 6
    assert shell.run("--drop", key=None) == (0, "", [f"{place}: 3 tenants removed"])
    assert contents(shell.url) == before


def test_each_tenant_of_a_mapped_table_decrypts_and_connects_as_itself(shell: Shell) -> None:
    (shell.folder / "t.toml").write_text(MAPPING)
    code, out, lines = shell.run("--tenants", "3", "--tenants-table", "t.toml")
    assert (code, out) == (0, "")
    assert lines[-1].endswith("stress verify --allow-writes --tenants-table t.toml")
    rows = ask(shell.url, 'SELECT customer, sealed FROM "App"."customers %" WHERE state = \'live\'')
    assert sorted(name for name, _ in rows) == ["tenant-0001", "tenant-0002", "tenant-0003"]
    keyring = Keyring(KEY)
    for name, sealed in rows:
        url = make_url(keyring.decrypt(name, sealed, "fernet"))
        assert url.password is not None
        database = f"stress_{name.replace('-', '_')}"
        assert ask(url, "SELECT current_database(), current_user") == [(database, database)]
        assert ask(url, "SELECT tenant_id FROM stress_marker") == [(name,)]
        with pytest.raises(psycopg2.OperationalError):
            connect(url.set(password="another"))
        others = [other.replace("-", "_") for other, _ in rows if other != name]
        for other in others:
            with pytest.raises(psycopg2.OperationalError, match="permission denied"):
                connect(url.set(database=f"stress_{other}"))
    assert shell.run("--drop")[0] == 0


@pytest.mark.parametrize("mapped", [False, True])
def test_tenants_of_a_server_that_is_reached_by_its_socket_are_too(
    shell: Shell, mapped: bool
) -> None:
    ((place,),) = ask(shell.url, "SHOW unix_socket_directories")
    socket = URL.create(
        "postgresql", SUPERUSER, PASSWORD, database="postgres",
        query={"host": place, "port": str(shell.url.port)},
    )  # fmt: skip
    (shell.folder / "t.toml").write_text(MAPPING)
    arguments = ["--tenants-table", "t.toml"] if mapped else []
    code, _, lines = shell.run("--tenants", "1", *arguments, url=socket)
    assert code == 0, lines
    if mapped:
        ((name, sealed),) = ask(shell.url, 'SELECT customer, sealed FROM "App"."customers %"')
        url = make_url(Keyring(KEY).decrypt(name, sealed))
    else:
        columns = 'id, host, port, "database", username, encrypted_password'
        ((name, host, port, database, user, sealed),) = ask(
            shell.url, f"SELECT {columns} FROM tenants"
        )
        password = Keyring(KEY).decrypt(name, sealed)
        url = URL.create("postgresql", user, password, host, port, database)
    # The server's address is null where it is reached by its socket.
    assert ask(url, "SELECT current_user, inet_server_addr()") == [("stress_tenant_0001", None)]
    assert shell.run("--drop", url=socket)[0] == 0


def test_a_new_key_is_the_one_line_of_standard_output_and_opens_the_rows(shell: Shell) -> None:
    code, out, lines = shell.run("--tenants", "1", "--new-key", key=None)
    assert code == 0
    found = re.fullmatch(r"export ENCRYPTION_KEY=(\S+)\n", out)
    assert found is not None
    assert found[1] not in "".join(lines)
    ((name, sealed),) = ask(shell.url, "SELECT id, encrypted_password FROM tenants")
    password = Keyring(found[1]).decrypt(name, sealed)
    own = shell.url.set(username="stress_tenant_0001", password=password)
    assert ask(own.set(database="stress_tenant_0001"), "SELECT 1") == [(1,)]
    assert shell.run("--drop", key=None)[0] == 0


def test_a_shell_evaluates_the_new_key(shell: Shell) -> None:
    script = (
        f'eval "$({sys.executable} -m stress provision --tenants 1 --new-key --quiet)"\n'
        'printf %s "$ENCRYPTION_KEY"'
    )
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=shell.folder, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
             "DATABASE_URL": shell.url.render_as_string(hide_password=False)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    ((name, sealed),) = ask(shell.url, "SELECT id, encrypted_password FROM tenants")
    assert Keyring(done.stdout).decrypt(name, sealed)
    assert shell.run("--drop", "--quiet", key=None) == (0, "", [])


def test_a_key_that_cannot_be_written_is_not_lost_silently(shell: Shell) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stress", "provision", "--tenants", "1", "--new-key", "--quiet"],
            cwd=shell.folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
                 "DATABASE_URL": shell.url.render_as_string(hide_password=False)},
        )  # fmt: skip
    assert done.returncode == 2
    told = "no key was written (no space left on device); stress provision --drop, then again"
    assert done.stderr == f"stress: --new-key: {told}\n"
    assert shell.run("--drop", key=None)[0] == 0


def test_a_server_that_is_not_empty_is_left_alone(shell: Shell) -> None:
    ask(shell.url, "CREATE TABLE tenants (id text)")
    line = "DATABASE_URL: database postgres has a table tenants; provision wants an empty server"
    assert shell.refused() == line
    assert shell.refused("--new-key", key=None) == line
    assert "nothing was provisioned" in shell.refused("--drop")
    ask(shell.url, "DROP TABLE tenants", "CREATE ROLE stress_mine")
    assert "has a role stress_mine; provision wants an empty server" in shell.refused()
    ask(shell.url, "DROP ROLE stress_mine")


def test_a_second_provision_is_refused(shell: Shell) -> None:
    assert shell.run("--tenants", "1")[0] == 0
    told = "DATABASE_URL: tenants were provisioned here already; first: stress provision --drop"
    assert shell.refused("--tenants", "1") == told
    assert shell.run("--drop")[0] == 0


def test_dropping_where_nothing_was_provisioned_is_one_line(shell: Shell) -> None:
    told = "nothing was provisioned in database postgres; name provision's database"
    assert shell.refused("--drop", key=None) == f"DATABASE_URL: {told}"


@pytest.mark.parametrize("arguments", [[], ["--drop"]])
def test_who_may_not_come_in_or_make_databases_is_told(shell: Shell, arguments: list[str]) -> None:
    ask(shell.url, "CREATE ROLE bob LOGIN PASSWORD 'the-passw0rd-of-bob' CREATEDB CREATEROLE")
    shell.secrets += ["the-passw0rd-of-bob", "an0ther-passw0rd"]
    bob = shell.url.set(username="bob", password="the-passw0rd-of-bob")
    place = f"127.0.0.1:{shell.url.port}"
    assert shell.refused(*arguments, url=bob) == (
        "DATABASE_URL: user bob is no superuser; give one: it creates databases and roles"
    )
    assert shell.refused(*arguments, url=shell.url.set(password="an0ther-passw0rd")) == (
        f"DATABASE_URL: {place} rejects postgres's password; mend user or password"
    )
    assert shell.refused(*arguments, url=shell.url.set(database="nowhere")) == (
        f"DATABASE_URL: {place} has no database nowhere; mend the name"
    )
    ask(shell.url, "DROP ROLE bob")


def test_a_server_that_takes_no_writes_is_one_line(shell: Shell) -> None:
    (shell.folder / "t.toml").write_text(MAPPING)
    url = shell.url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    for arguments in ([], ["--tenants-table", "t.toml"]):
        line = shell.refused(*arguments, url=url)
        assert line.startswith(f"DATABASE_URL: 127.0.0.1:{shell.url.port}: cannot execute CREATE ")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ('table = "pg_app.tenants"', 'unacceptable schema name "pg_app"'),
        ("active = \"State = 'live'\"", 'column "state" does not exist'),
        ("active = \"user = 'x'\"", "user = 'x' finds no row made for it"),
        ('active = "n = 99999999999"', "integer out of range"),
    ],
)
def test_a_shape_that_makes_no_table_is_told_before_anything_is_written(
    shell: Shell, mapping: str, told: str
) -> None:
    (shell.folder / "t.toml").write_text(mapping)
    line = shell.refused("--tenants-table", "t.toml")
    assert line == f"--tenants-table t.toml: {told}; mend the file"


def test_a_database_in_use_is_named_and_the_drop_goes_on_when_repeated(shell: Shell) -> None:
    assert shell.run("--tenants", "3")[0] == 0
    with closing(connect(shell.url.set(database="stress_tenant_0002"))):
        told = "database stress_tenant_0002 is in use; end what uses it, then again"
        assert shell.run("--drop") == (2, "", [f"DATABASE_URL: {told}"])
    assert shell.run("--drop")[0] == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_what_an_interrupted_provision_made_is_removed(
    shell: Shell, number: signal.Signals, code: int
) -> None:
    before = contents(shell.url)
    process = shell.start("--tenants", "40")
    there = "SELECT to_regclass('public.stress_provisioned') IS NOT NULL"
    with closing(connect(shell.url)) as connection, connection.cursor() as cursor:

        def locked() -> bool:
            """Hold the notes, so that it stands in the middle of its work, until this ends."""
            cursor.execute(there)
            if cursor.fetchone()[0]:
                cursor.execute("BEGIN; LOCK TABLE stress_provisioned IN EXCLUSIVE MODE")
                return True
            return False

        wait_for(locked, 30, "nothing was provisioned")
        waiting = (
            "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND application_name = 'stress' AND pid <> pg_backend_pid()"
        )
        wait_for(lambda: ask(shell.url, waiting) != [], 30, "it does not wait")
        assert contents(shell.url) != before
        process.send_signal(number)
        ended, out, lines = shell.ended(process)
        assert (ended, out) == (code, "")
        told = "interrupted: some tenants may be there; remove them: stress provision --drop"
        assert [line for line in lines if " of 40 " not in line] == ([told] if code > 0 else [])
    code, _, lines = shell.run("--drop")
    assert code == 0, lines
    assert contents(shell.url) == before


def test_an_interrupted_drop_goes_on_when_repeated(shell: Shell) -> None:
    assert shell.run("--tenants", "3")[0] == 0
    with closing(connect(shell.url)) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN; SELECT FROM tenants")  # the table cannot go before this ends
        process = shell.start("--drop")
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        wait_for(lambda: ask(shell.url, waiting) != [], 30, "it does not wait")
        process.send_signal(signal.SIGINT)
        told = "interrupted: what is left can be removed; again: stress provision --drop"
        assert shell.ended(process) == (130, "", [told])
    code, _, lines = shell.run("--drop")
    assert code == 0, lines


def test_no_secret_stands_in_the_process_list(shell: Shell) -> None:
    with closing(connect(shell.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (0x737472657373,))  # as another provision
        process = shell.start("--tenants", "1")
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        wait_for(lambda: ask(shell.url, waiting) != [], 30, "it does not wait")
        line = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
        assert "provision" in line
        assert all(secret not in line for secret in shell.secrets)
    assert shell.ended(process)[0] == 0
    assert shell.run("--drop")[0] == 0
