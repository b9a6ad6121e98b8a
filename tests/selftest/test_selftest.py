"""`stress selftest` as it is typed, once, on a real server: every defect by the right check."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stress.selftest.catalog import CASES, Case
from tests.end_to_end.conftest import Command

LIMIT_S = 280


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str
    outcomes: dict[tuple[str, str], dict[str, Any]]


def selftest(folder: Path, *arguments: str) -> Done:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STRESS_")}
    # A control plane that somebody's shell names is none of a self-test's business.
    elsewhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ENCRYPTION_KEY": "none"}
    file = folder / "selftest.json"
    done = subprocess.run(
        [sys.executable, "-m", "stress", "selftest", *arguments, "--json", str(file)],
        cwd=folder,
        env={**kept, **elsewhere},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    outcomes = json.loads(file.read_text()) if file.exists() else []
    by_case = {(one["name"], one["part"]): one for one in outcomes}
    return Done(done.returncode, done.stdout, done.stderr, by_case)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return selftest(tmp_path_factory.mktemp("selftest"))


@pytest.mark.timeout(LIMIT_S + 20)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} ({case.part})")
def test_the_right_check_finds_the_defect_and_none_alarms_on_a_clean_target(
    done: Done, case: Case, tmp_path: Path
) -> None:
    one = done.outcomes[case.name, case.part]
    if case.check is None:
        assert (one["status"], one["alarms"]) == ("no alarm", []), one
        return
    if one["status"] != "found":
        # Detection is a probability, on a busy machine too: the check's defects alone, three times.
        again = [selftest(tmp_path, "--check", case.check) for _ in range(3)]
        every = [run.outcomes[case.name, case.part] for run in again]
        found = [two for two in every if two["status"] == "found"]
        assert len(found) >= 2, [one, *every]
        one = found[0]
    assert one["check"] == one["alarms"][0] == case.check


def test_the_exit_code_and_the_lines_say_whether_all_were_found(done: Done) -> None:
    well = sum(one["status"] in ("found", "no alarm") for one in done.outcomes.values())
    lines = done.out.splitlines()
    assert sum(line.endswith((" found", " no alarm")) for line in lines) == well
    assert len(done.outcomes) == len(CASES)
    if well == len(CASES):  # the test above says whether one that was missed may be
        assert (done.code, lines[-1]) == (0, "PASS (exit 0)")
    else:
        assert (done.code, lines[-1]) == (91, "FAIL (exit 91)")
    assert max(map(len, lines)) <= 80


def test_one_server_serves_all_of_them(done: Done) -> None:
    assert sum("PostgreSQL" in line and "started" in line for line in done.err.splitlines()) == 1


def test_a_mistake_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    wrong = selftest(tmp_path, "--check", "isolations")
    assert wrong.code == 2
    assert wrong.err.startswith("stress: --check isolations: no such check; did you mean isolation")
    assert selftest(tmp_path, "--repeat", "0").code == 2


def test_ctrl_c_reports_what_there_is_and_leaves_nothing_behind(command: Command) -> None:
    process = command.start("selftest", "--json", "out.json")
    assert process.stderr is not None
    begun = 0
    while begun < 3:  # two cases are done, the third has begun
        line = process.stderr.readline()
        assert line, "it ended by itself"
        begun += line.rstrip().endswith("…")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    outcomes = json.loads((command.folder / "out.json").read_text())
    assert 2 <= len(outcomes) < len(CASES)
    assert "interrupted: " in out
    assert out.splitlines()[-1] == "INTERRUPTED (exit 130)"
    assert command.leftovers(10.0) == []
