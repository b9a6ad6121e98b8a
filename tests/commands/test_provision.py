"""`stress provision` before it reaches a server: its options, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resolver.keyring import Keyring
from stress.backend import tenants_table
from stress.cli import main
from stress.commands.command import _KEYS
from tests.commands.shell import ROOT, stress

KEY = Keyring.generate()
# Nothing listens on port 1; what is refused before is refused without a connection.
URL = "postgresql://u:hunter2@127.0.0.1:1/d"


def refused(folder: Path, *arguments: str, **variables: str) -> list[str]:
    """The error lines of a wrong command line: exit 2, nothing else said, no secret in them."""
    before = sorted(folder.iterdir())
    done = stress("provision", *arguments, folder=folder, **variables)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    for line in lines:
        assert line.startswith("stress: ")
        assert len(line) <= 100
        assert "..." not in line, "it is cut"
        assert "hunter2" not in line
        assert KEY not in line
    assert sorted(folder.iterdir()) == before
    return [line.removeprefix("stress: ") for line in lines]


URL_CURE = "export DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/NAME"


@pytest.mark.parametrize(
    ("arguments", "variables", "lines"),
    [
        ([], {"ENCRYPTION_KEY": KEY}, [f"DATABASE_URL: not set; {URL_CURE}"]),
        ([], {"DATABASE_URL": " ", "ENCRYPTION_KEY": KEY},
         [f"DATABASE_URL: set but empty; {URL_CURE}"]),
        (["--drop"], {}, [f"DATABASE_URL: not set; {URL_CURE}"]),
        (["--drop"], {"DATABASE_URL": ""}, [f"DATABASE_URL: set but empty; {URL_CURE}"]),
        ([], {"DATABASE_URL": URL},
         ["ENCRYPTION_KEY: not set; add --new-key, or: export ENCRYPTION_KEY=…"]),
        ([], {"DATABASE_URL": URL, "ENCRYPTION_KEY": " "},
         ["ENCRYPTION_KEY: set but empty; give it a value, "
          "or add --new-key and: unset ENCRYPTION_KEY"]),
        ([], {"DATABASE_URL": URL, "ENCRYPTION_KEY": "hunter2"},
         ["ENCRYPTION_KEY: it is not the URL-safe base64 of 32 bytes; "
          "unset it, and add --new-key"]),
        (["--new-key"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--new-key: ENCRYPTION_KEY is set already; drop --new-key, or: unset ENCRYPTION_KEY"]),
        ([], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY, "STRESS_NEW_KEY": "1"},
         ["STRESS_NEW_KEY: ENCRYPTION_KEY is set already; "
          "drop STRESS_NEW_KEY, or: unset ENCRYPTION_KEY"]),
        (["--new-key"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": ""},
         ["--new-key: ENCRYPTION_KEY is set, but empty; unset ENCRYPTION_KEY"]),
        (["--drop", "--new-key"], {"DATABASE_URL": URL},
         ["--drop and --new-key: one removes what the other makes; keep one"]),
        (["--tenants", "3", "--drop", "--tenants-table", "t.toml"], {"DATABASE_URL": URL},
         ["--drop and --tenants 3: one removes what the other makes; keep one"]),
        (["--drop", "--tenants-table", "t.toml"], {"DATABASE_URL": URL},
         ["--drop and --tenants-table t.toml: one removes what the other makes; keep one"]),
        (["--tenants", "3"], {"DATABASE_URL": URL, "STRESS_DROP": "1"},
         ["STRESS_DROP and --tenants 3: one removes what the other makes; keep one"]),
        (["--tenants", "0"], {},
         ["--tenants 0: at least one tenant is needed; write 1 to 10,000",
          f"DATABASE_URL: not set; {URL_CURE}",
          "ENCRYPTION_KEY: not set; add --new-key, or: export ENCRYPTION_KEY=…"]),
        (["--tenants-table", "none.toml"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--tenants-table none.toml: no such file; mend the path"]),
        (["--tenants-table", "wrong.toml"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--tenants-table wrong.toml: unknown key tabel; did you mean table?"]),
        (["--tenants-table", "odd.toml"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--tenants-table odd.toml: cannot make a row with n > 3; "
          "write active = \"column = 'value'\""]),
        (["--tenants-table", "own.toml"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--tenants-table own.toml: stress_provisioned is provision's own; name another table"]),
        (["--tenants-table", "twice.toml"], {"DATABASE_URL": URL, "ENCRYPTION_KEY": KEY},
         ["--tenants-table twice.toml: column x is named twice; name another one"]),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_told_before_anything_is_opened(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], lines: list[str]
) -> None:
    (tmp_path / "t.toml").touch()
    (tmp_path / "wrong.toml").write_text('tabel = "x"')
    (tmp_path / "odd.toml").write_text('active = "n > 3"')
    (tmp_path / "own.toml").write_text('table = "stress_provisioned"')
    (tmp_path / "twice.toml").write_text('host = "x"\nport = "x"')
    assert refused(tmp_path, *arguments, **variables) == lines


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("hunter2", "it is no PostgreSQL URL; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("sqlite:///hunter2",
         "it is no PostgreSQL URL; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://u:hunter2@h:port/d",
         "it is no PostgreSQL URL; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://u:x@hunter2@h/d",
         "it holds two @; write %40 for the one in the password"),
        ("postgresql://u:hunter2%00@h/d",
         "it holds what is no text; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://u:hunter2@/d?port=x",
         "it names not one server; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://u:hunter2@/d?host=a:1&host=b:2",
         "it names not one server; write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://u:hunter2@/d?host=/nowhere&port=5433",
         "no server has its socket in /nowhere; start it or mend the folder"),
        (URL, "127.0.0.1:1 refuses connections; start it or mend the port"),
        (URL.replace("postgresql", "postgresql+asyncpg"),
         "127.0.0.1:1 refuses connections; start it or mend the port"),
    ],
)  # fmt: skip
def test_a_url_that_leads_nowhere_is_one_line_without_it(
    tmp_path: Path, url: str, told: str, drop: bool
) -> None:
    variables = {"DATABASE_URL": url, "ENCRYPTION_KEY": KEY}
    assert refused(tmp_path, *(["--drop"] if drop else []), **variables) == [
        f"DATABASE_URL: {told}"
    ]


def test_bytes_in_the_url_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    url = os.fsdecode(b"postgresql://u:\xff@127.0.0.1:1/d")
    (line,) = refused(tmp_path, "--drop", DATABASE_URL=url)
    assert line.startswith("DATABASE_URL: it holds what is no text; ")


def test_what_stands_in_variables_for_other_commands_does_not_forbid_to_drop(
    tmp_path: Path,
) -> None:
    (line,) = refused(
        tmp_path, "--drop", DATABASE_URL=URL, ENCRYPTION_KEY="", STRESS_TENANTS="3",
        STRESS_NEW_KEY="1",
    )  # fmt: skip
    assert line.startswith("DATABASE_URL: 127.0.0.1:1 refuses connections")


def closed(folder: Path, how: str) -> tuple[int, list[str]]:
    """--new-key where nobody can read standard output: closed, or a pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    shell = f"exec {sys.executable} -m stress provision --new-key" + (" >&-" * (how == "closed"))
    done = subprocess.run(
        ["/bin/sh", "-c", shell], cwd=folder, stdout=writer, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "DATABASE_URL": URL},
        timeout=60,
    )  # fmt: skip
    os.close(writer)
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("how", ["closed", "broken"])
def test_a_new_key_is_not_made_where_nobody_can_read_it(tmp_path: Path, how: str) -> None:
    told = "stress: --new-key: standard output is closed; leave it open: it takes the key"
    assert closed(tmp_path, how) == (2, [told])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["provision", "--new-kye"], "--new-kye: no such option; did you mean --new-key?"),
        (["provision", "--dorp"], "--dorp: no such option; did you mean --drop?"),
        (["provision", "--tenant", "3"], "--tenant: no such option; did you mean --tenants?"),
        (["provision", "--json", "x"],
         "--json: no such option; stress provision --help lists them"),
        (["provision", "--drop=1"], "--drop: takes no value; write --drop alone"),
        (["provision", "drop"],
         "provision drop: belongs to no option; stress provision --help lists the options"),
        (["heavy", "--drop"], "--drop: no such option; stress heavy --help lists them"),
        (["heavy", "--new-key"], "--new-key: no such option; stress heavy --help lists them"),
        (["expiry", "--key", "x"], "--key: no such option; stress expiry --help lists them"),
        (["--drop", "provision"],
         "--drop: an option of a command; write it after the command: stress provision --drop"),
        (["--budget", "9s", "verify"],
         "--budget: an option of a command; write it after the command: "
         "stress verify --budget 9s"),
        (["provison"], "provison: no such command; did you mean provision?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_mistyped_option_is_one_of_this_command(
    arguments: list[str], line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert capfd.readouterr() == ("", f"stress: {line}\n")


def test_help_lists_every_key_of_a_tenants_table() -> None:
    words = set(_KEYS.replace(",", " ").replace("(", " ").replace(")", " ").split())
    assert set(tenants_table.KEYS) <= words


def test_help_and_mistakes_do_not_wait_for_the_heavy_imports(tmp_path: Path) -> None:
    for arguments in (["provision"], ["provision", "--help"], ["provision", "--drop", "--new-key"]):
        command = (
            "import sys\nfrom stress.cli import main\n"
            f"try: main({arguments!r})\n"
            "except SystemExit: pass\n"
            "print(*sorted({'numpy', 'sqlalchemy', 'psycopg2', 'rich', 'resolver', 'cryptography',"
            " 'stress.backend.synthetic'} & sys.modules.keys()), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stderr.splitlines()[-1] == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("drop", [False, True])
def test_an_interruption_says_how_to_remove_what_was_made(
    tmp_path: Path, number: signal.Signals, drop: bool
) -> None:
    # In place of the work: a driver that waits in C, which no signal's handler can interrupt there.
    code = (
        "import ctypes, os, sys, threading, types\n"
        "import stress.backend\n"
        "def wait(*_, **__):\n"
        "    assert threading.current_thread() is not threading.main_thread()\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    ctypes.CDLL(None).sleep(50)\n"
        "    ctypes.CDLL(None).sleep(50)\n"
        "stub = types.SimpleNamespace(provision=wait, drop=wait)\n"
        "sys.modules['stress.backend.synthetic'] = stress.backend.synthetic = stub\n"
        "from stress.cli import main\n"
        f"main(['provision', *{['--drop'] if drop else []!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=45,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "DATABASE_URL": URL,
             "ENCRYPTION_KEY": KEY},
    )  # fmt: skip
    told = (
        "what is left can be removed; again: stress provision --drop"
        if drop
        else "some tenants may be there; remove them: stress provision --drop"
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == f"stress: interrupted: {told}\n"
