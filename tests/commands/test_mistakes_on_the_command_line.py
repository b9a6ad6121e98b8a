import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stress.cli import main
from tests.commands.shell import ROOT, stress


def mistake(folder: Path, *arguments: str, **variables: str) -> list[str]:
    """The error lines of a command line that is wrong: exit 2, nothing on stdout, nothing made."""
    done = stress(*arguments, folder=folder, **variables)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.endswith("\n")
    assert not list(folder.iterdir())
    lines = done.stderr.splitlines()
    for line in lines:
        assert line.startswith("stress: ")
        assert len(line) <= 100
        assert not line.endswith(".")
        assert "Usage" not in line
        assert "nvalid" not in line
    return lines


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--duration", "5"], "--duration 5: a duration needs its unit; write 5s, 5m or 500ms"),
        (["--procs", "0"],
         "--procs 0: at least one worker process is needed; write 1 to 256"),
        (["--procs", "-1"],
         "--procs -1: at least one worker process is needed; write 1 to 256"),
        (["--procs", "abc"], "--procs abc: not a whole number; write 1 to 256"),
        (["--procs", "1000000"], "--procs 1000000: at most 256 are possible; write 1 to 256"),
        (["-n", "1000", "--duration", "10s"],
         "--requests 1000 and --duration 10s: both end the run; keep one"),
        (["--requests", "0"],
         "--requests 0: at least one request is needed; write 1 to 1,000,000,000,000"),
        (["--threshold", "p99<5"],
         "--threshold 'p99<5': no metric, and 5 has no unit; write resolve:p(99)<5ms"),
        (["--threshold", "hitrate:value>=90%"],
         "--threshold 'hitrate:value>=90%': unknown metric hitrate; did you mean hit_rate?"),
        (["--threshold", "resolve:p(101)<1ms"],
         "--threshold 'resolve:p(101)<1ms': p(101) lies outside 0 to 100; write p(99)"),
        (["--json", "reports/run.json"],
         "--json reports/run.json: no folder reports; create it: mkdir reports"),
        (["--target", "mypkg:factory"],
         "--target mypkg:factory: no module mypkg; install it or start stress in its folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_value_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    assert mistake(tmp_path, "heavy", *arguments) == [f"stress: {line}"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "nonsense: no such command; stress --help lists them"),
        (["haevy"], "haevy: no such command; did you mean heavy?"),
        (["heavy", "--bogus"], "--bogus: no such option; stress heavy --help lists them"),
        (["heavy", "--proc", "4"], "--proc: no such option; did you mean --procs?"),
        (["heavy", "-procs", "4"], "-procs: no such option; did you mean --procs?"),
        (["heavy", "-x"], "-x: no such option; stress heavy --help lists them"),
        (["heavy", "--procs"], "--procs: needs a value; write --procs 4"),
        (["heavy", "-n"], "--requests: needs a value; write --requests 1000"),
        (["heavy", "--quiet=1"], "--quiet: takes no value; write --quiet alone"),
        (["heavy", "again"],
         "heavy again: belongs to no option; stress heavy --help lists the options"),
        (["heavy", "--", "--procs"],
         "heavy --procs: belongs to no option; stress heavy --help lists the options"),
        (["--procs", "4", "heavy"],
         "--procs: an option of a command; write it after the command: stress heavy --procs 4"),
        (["--bogus"], "--bogus: no such option; stress --help lists them"),
        (["--version=1"], "--version: takes no value; write --version alone"),
        ([""], "'': no such command; stress --help lists them"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_every_kind_of_error_that_click_raises_is_one_line(
    arguments: list[str], line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"stress: {line}\n"


def test_several_mistakes_are_told_in_the_order_of_the_command_line(tmp_path: Path) -> None:
    lines = mistake(
        tmp_path, "heavy", "--seed", "x", "--threads", "0", "--threshold", "p99<5", "--procs", "0",
        STRESS_TENANTS="none",
    )  # fmt: skip
    places = [line.split(":")[1].split()[0].split("=")[0] for line in lines]
    assert places == ["--seed", "--threads", "--threshold", "--procs", "STRESS_TENANTS"]


def test_at_most_five_mistakes_are_told(tmp_path: Path) -> None:
    wrong = ["procs", "threads", "tenants", "seed", "keys", "steady", "warmup"]
    lines = mistake(tmp_path, "heavy", *(word for name in wrong for word in (f"--{name}", "x")))
    assert [line.split()[1] for line in lines] == [f"--{name}" for name in wrong[:5]]


def test_a_wrong_value_is_told_before_a_word_too_many(tmp_path: Path) -> None:
    (line,) = mistake(tmp_path, "heavy", "--procs", "--threads", "4")
    assert line == "stress: --procs --threads: an option, not a value; write --procs 4"


def test_contradictions_are_told_beside_wrong_values(tmp_path: Path) -> None:
    lines = mistake(tmp_path, "heavy", "-n", "5", "--duration", "1s", "--seed", "x")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [("PROCS", "0"), ("PROCS", ""), ("DURATION", "5"), ("JSON", "a/b"), ("QUIET", "x"),
     ("THRESHOLD", "p99<5"), ("TARGET", "nowhere"), ("PG_BIN", "nowhere"), ("NO_REFERENCE", "")],
)  # fmt: skip
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, text: str) -> None:
    (line,) = mistake(tmp_path, "light", **{f"STRESS_{name}": text})
    assert line.startswith(f"stress: STRESS_{name}=")


def test_binaries_that_are_not_there_are_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for where in (tmp_path / "none", tmp_path / "bin"):
        done = stress("heavy", "--pg-bin", str(where), folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
    for name in ("initdb", "postgres"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = stress("heavy", "--pg-bin", ".", folder=tmp_path)
    assert done.stderr == "stress: --pg-bin .: no initdb there; write ./bin\n"


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"DATABASE_URL": "postgresql://u:hunter2@h/d"},
         "ENCRYPTION_KEY: not set; DATABASE_URL needs it: export ENCRYPTION_KEY=…"),
        ({"DATABASE_URL": "", "ENCRYPTION_KEY": "hunter2"},
         "DATABASE_URL: set but empty; give it a value, or: unset DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:hunter2@h/d", "ENCRYPTION_KEY": "hunter2"},
         "ENCRYPTION_KEY: it is not the URL-safe base64 of 32 bytes; use this control plane's key"),
    ],
)  # fmt: skip
def test_a_control_plane_that_cannot_be_used_is_never_passed_over(
    tmp_path: Path, variables: dict[str, str], line: str
) -> None:
    assert mistake(tmp_path, "heavy", **variables) == [f"stress: {line}"]


def test_bytes_that_are_no_text_and_terminals_that_show_only_ascii_are_served(
    tmp_path: Path,
) -> None:
    for encoding in ("ascii", "utf-8"):
        done = stress(
            "heavy", "--procs", b"\xff\x1b[31m", "--keys", "zipf:é漢", folder=tmp_path,
            PYTHONIOENCODING=encoding,
        )  # fmt: skip
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert len(lines) == 2
        assert all(len(line) <= 100 and line.isprintable() for line in lines)


def test_a_mistake_is_found_without_the_heavy_imports(tmp_path: Path) -> None:
    for arguments in (["heavy", "--procs", "0"], ["heavy", "--help"], ["--help"]):
        command = (
            "import sys\nfrom stress.cli import main\n"
            f"try: main({arguments!r})\n"
            "except SystemExit: pass\n"
            "print(*sorted({'numpy', 'sqlalchemy', 'psycopg2', 'stress.run', '_timing', 'rich',"
            " 'resolver', 'cryptography'} & sys.modules.keys()), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", command],
            capture_output=True, text=True, cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stderr.splitlines()[-1] == ""


def test_only_a_terminal_gets_emphasis(tmp_path: Path) -> None:
    plain = b"stress: --procs 0: at least one worker process is needed; write 1 to 256\r\n"
    assert on_a_terminal(tmp_path) == plain.replace(b"stress:", b"\x1b[31m\x1b[1mstress:\x1b[0m")
    assert on_a_terminal(tmp_path, "--no-color") == plain
    assert on_a_terminal(tmp_path, STRESS_NO_COLOR="1") == plain
    assert on_a_terminal(tmp_path, NO_COLOR="1") == plain
    assert on_a_terminal(tmp_path, TERM="dumb") == plain


def on_a_terminal(folder: Path, *arguments: str, **variables: str) -> bytes:
    """What a wrong command line shows on a terminal."""
    ours, theirs = os.openpty()
    try:
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "TERM": "xterm"}
        subprocess.run(
            [sys.executable, "-m", "stress", "heavy", "--procs", "0", *arguments],
            stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, cwd=folder,
            env=environment | variables,
        )  # fmt: skip
        return os.read(ours, 10_000)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_before_a_run_is_130(number: signal.Signals, tmp_path: Path) -> None:
    # The command is stopped where it would start the run, by the signal itself.
    code = (
        "import os, signal, sys, types\n"
        "from stress.cli import main\n"
        "def execute(scenario, output):\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    signal.pause()\n"
        "sys.modules['stress.run'] = types.SimpleNamespace(execute=execute)\n"
        "main(['light'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_an_error_of_our_own_is_one_line_without_secrets(tmp_path: Path) -> None:
    code = (
        "import sys, types\n"
        "from stress.cli import main\n"
        "def execute(scenario, output):\n"
        "    raise RuntimeError('postgresql://u:hunter2@h/d\\nis away')\n"
        "sys.modules['stress.run'] = types.SimpleNamespace(execute=execute)\n"
        "main(['light'])\n"
    )
    for developer in (False, True):
        done = subprocess.run(
            [sys.executable, *(["-X", "dev"] if developer else []), "-c", code],
            capture_output=True, text=True, cwd=tmp_path, timeout=60,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        assert "hunter2" not in done.stderr
        assert ("Traceback" in done.stderr) is developer
        line = done.stderr.splitlines()[-1]
        assert line.startswith("stress: internal error: RuntimeError in <string>:4, ")
        assert len(line) <= 100
