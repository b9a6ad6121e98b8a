"""Ctrl-C, SIGTERM, a killed worker, a killed parent: what is reported, and what is left."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from tests.end_to_end.conftest import Command, wait_for

LONG = (
    "heavy",
    "--procs",
    "2",
    "--threads",
    "4",
    "--duration",
    "30s",
    "--tenants",
    "3",
    "--no-reference",
    "--progress",
    "100ms",
)


def children(pid: int) -> list[int]:
    """Forked workers: children of the run's parent that were not started from another program."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
            with open(f"/proc/{entry}/cmdline", encoding="utf-8") as file:
                command_line = file.read()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z" and "duration" in command_line:
            found.append(int(entry))
    return found


def started(command: Command) -> int:
    """Start a long run and wait until its workers measure."""
    process = command.start(*LONG, "--json", "out.json")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("stress: 0:0"):
            return process.pid
    pytest.fail("the run ended before it measured")


def finished(command: Command, within_s: float) -> tuple[int, str]:
    out, _ = command.process.communicate(timeout=within_s)
    return command.process.returncode, out


@pytest.mark.parametrize(
    ("number", "told"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")]
)
def test_an_interrupted_run_reports_what_it_has(
    command: Command, number: signal.Signals, told: str
) -> None:
    pid = started(command)
    os.kill(pid, number)
    code, out = finished(command, 15)
    assert code == 130
    assert out.lstrip().splitlines()[2].startswith("PARTIAL")
    assert told in out
    result = json.loads((command.folder / "out.json").read_text())
    assert result["verdict"]["status"] == "interrupted"
    assert result["verdict"]["partial"] is True
    assert result["requests"]["total"] > 0
    assert result["thresholds"] == []
    assert command.leftovers(2.0) == []


def test_ctrl_c_at_any_moment_leaves_nothing(command: Command) -> None:
    for delay_s in (0.05, 0.4, 0.8, 1.2, 1.6, 2.4):
        process = command.start(*LONG, "--json", "out.json")
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
        # Before the interpreter has set its handlers, the signal itself ends it.
        assert process.returncode in (130, -signal.SIGINT), err
        assert "Traceback" not in err or delay_s < 0.3
        assert command.leftovers(3.0) == [], delay_s


def test_a_second_signal_ends_at_once(command: Command) -> None:
    pid = started(command)
    for worker in children(pid):
        os.kill(worker, signal.SIGSTOP)  # the graceful stop would have to wait for it
    os.kill(pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(pid, signal.SIGINT)
    code, _ = finished(command, 3)
    assert code == 130
    assert command.leftovers(3.0) == []


def test_a_killed_worker_makes_the_run_invalid_and_keeps_the_others_counts(
    command: Command,
) -> None:
    pid = started(command)
    victim = children(pid)[0]
    os.kill(victim, signal.SIGKILL)
    code, out = finished(command, 15)
    assert code == 93
    assert "INVALID" in out
    assert "signal 9" in out
    result = json.loads((command.folder / "out.json").read_text())
    assert result["verdict"]["status"] == "invalid"
    assert result["requests"]["successful"] > 0
    ended = {process["pid"]: process["ended"] for process in result["processes"]}
    assert "signal 9" in ended[victim]
    requests = result["requests"]
    assert requests["scheduled"] == (
        requests["successful"] + requests["failed"] + requests["skipped"] + requests["unfinished"]
    )
    assert command.leftovers(2.0) == []


def test_a_killed_parent_leaves_nothing_within_two_seconds(command: Command) -> None:
    pid = started(command)
    assert children(pid)
    os.kill(pid, signal.SIGKILL)
    command.process.wait(timeout=5)
    assert command.leftovers(2.0) == []


def test_a_call_that_never_returns_is_reported_with_its_stack(command: Command) -> None:
    (command.folder / "hangs.py").write_text(
        "import time\n"
        "class Target:\n"
        "    def __init__(self, context):\n"
        "        self.load, self.calls = context.control_plane.load, 0\n"
        "    def resolve(self, tenant_id):\n"
        "        self.calls += 1\n"
        "        while self.calls > 50:\n"
        "            time.sleep(0.05)\n"
        "        return self.load(tenant_id)\n"
    )
    code, result = command.json(
        "heavy",
        "--target",
        "hangs.py:Target",
        "--duration",
        "300ms",
        "--threads",
        "2",
        "--tenants",
        "2",
        "--graceful-stop",
        "300ms",
    )
    assert code == 91
    liveness = next(check for check in result["checks"] if check["id"] == "liveness")
    assert liveness["status"] == "fail"
    assert "hangs.py" in liveness["notes"][0]
    assert "resolve" in liveness["notes"][0]
    wait_for(lambda: command.leftovers(0.1) == [], 3, "something was left")
