"""The file of every recorded call: as many as the result counts; also after Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.end_to_end.conftest import MARK, Command, check_of, wait_for

# A run with an Output of its own; the command line does nothing else with it.
PROGRAM = """
import sys
import msgspec
from stress import run, verification
from stress.scenario import phases
from stress.scenario.output import Output
from stress.scenario.scenario import Scenario
from stress.verify.phases import prepare

name, changes = sys.argv[1], msgspec.json.decode(sys.argv[2])
defaults = phases.PHASES[name]
base = Scenario(procs=defaults.procs, threads=defaults.threads)
values = {**msgspec.to_builtins(base), **changes}
scenario = phases.of_phase(name, msgspec.convert(values, Scenario))
output = Output(json="out.json", history="calls.jsonl")
if name == "verify":
    sys.exit(verification.execute(scenario, output))
sys.exit(run.execute(scenario, output, getattr(prepare, name)))
"""


def start(command: Command, name: str, **changes: Any) -> subprocess.Popen[str]:
    kept = ("DATABASE_URL", "ENCRYPTION_KEY", "STRESS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
    environment.update({MARK: command.mark, "TMPDIR": str(command.temporary)})
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, name, msgspec.json.encode(changes).decode()],
        cwd=command.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    command.started.append(process)
    return process


def read(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    calls = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    return calls, json.loads((folder / "out.json").read_text())


def test_every_call_of_the_phase_stands_in_it(command: Command) -> None:
    process = start(command, "concurrent", threads=6)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    assert "every recorded call" in out
    calls, result = read(command.folder)
    operations = Counter(call["operation"] for call in calls)
    assert operations["resolve"] == result["requests"]["successful"]
    assert operations["load"] == result["cache"]["loads"]
    assert operations["invalidate"] > 0
    commits = check_of(result, "bounded_staleness")["evidence"]
    assert int(commits.split(", ")[1].split()[0]) >= operations["commit"] > 0
    outcomes = Counter(call["outcome"] for call in calls if call["operation"] == "resolve")
    assert outcomes["hit"] == result["cache"]["hits"]
    assert outcomes["miss"] == result["cache"]["misses"]
    assert outcomes["wait"] == result["cache"]["waits"]
    assert {call["tenant"] for call in calls} - {None} == {one["id"] for one in result["tenants"]}
    pids = {call["process"]: call["pid"] for call in calls}
    assert pids == {one["index"]: one["pid"] for one in result["processes"]}
    assert {call["thread"] for call in calls} == set(range(6))
    # One clock, in the order of the starts; an answer ends after it began.
    starts = [call["start_ns"] for call in calls]
    assert starts == sorted(starts)
    assert len({call["monotonic_ns"] - call["start_ns"] for call in calls}) == 1
    assert all(call["end_ns"] >= call["start_ns"] for call in calls)


def test_it_holds_no_secret_and_no_path(command: Command) -> None:
    start(command, "expiry", cache_ttl_s=0.3, tenants=3, threads=3).communicate(timeout=90)
    text = (command.folder / "calls.jsonl").read_text()
    calls, _ = read(command.folder)
    assert calls
    keys = {"part", "operation", "tenant", "process", "pid", "thread", "start_ns", "end_ns"}
    assert {key for call in calls for key in call} == keys | {"monotonic_ns", "version", "outcome"}
    assert not re.search(r"postgres|password|/", text)


def test_a_verification_writes_the_parts_that_record(command: Command) -> None:
    process = start(command, "verify", checks=["liveness", "read_after_invalidate"], threads=4)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    calls, result = read(command.folder)
    assert list(dict.fromkeys(call["part"] for call in calls)) == ["concurrent", "takeover"]
    requests = {one["name"].split()[0]: one["requests"]["successful"] for one in result["phases"]}
    found = Counter(call["part"] for call in calls if call["operation"] == "resolve")
    assert found == requests
    (stop,) = [call for call in calls if call["operation"] == "stop"]
    assert stop["end_ns"] - stop["start_ns"] > 4e9


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_writes_what_there_is(command: Command, number: int) -> None:
    process = start(command, "expiry", cache_ttl_s=30.0, threads=3, progress_s=0.2)
    assert process.stderr is not None
    seen: list[str] = []

    def asked_already() -> bool:
        seen.append(process.stderr.readline() if process.stderr else "")
        return "/s  hit" in seen[-1]

    wait_for(asked_already, 30, "".join(seen))
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    calls, result = read(command.folder)
    resolved = [call for call in calls if call["operation"] == "resolve"]
    assert len(resolved) == result["requests"]["successful"] > 0
