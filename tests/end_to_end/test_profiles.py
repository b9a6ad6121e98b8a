"""The profiles on the embedded server, as a user types them."""

from __future__ import annotations

import json

import jsonschema

from stress.report.schema import generate
from tests.end_to_end.conftest import Command, check_of


def test_heavy_with_four_processes_is_the_main_job(command: Command) -> None:
    done = command.run("heavy", "--procs", "4", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert " PASS   heavy" in done.stdout
    assert done.stdout.rstrip().endswith("PASS (exit 0)")
    result = json.loads((command.folder / "out.json").read_text())
    jsonschema.validate(result, generate())

    requests, cache = result["requests"], result["cache"]
    assert requests["total"] == requests["scheduled"] == requests["successful"] == 1000
    assert cache["hits"] + cache["misses"] + cache["waits"] + cache["negatives"] == 1000
    assert cache["hit_rate"] > 0.9
    assert len({process["pid"] for process in result["processes"]}) == 4
    assert all(process["requests"] > 0 for process in result["processes"])
    assert result["reference"]["pid"] not in {p["pid"] for p in result["processes"]}
    assert result["cold"]["loads"] == 10
    assert sum(tenant["requests"] for tenant in result["tenants"]) == 1000

    answers = sum(
        phase["requests"]["successful"] - phase["cache"]["negatives"]
        for phase in result["phases"]
        if phase["role"] != "reference"
    )
    isolation = check_of(result, "isolation")
    assert isolation["examined"] == answers
    assert "proven on the live connection" in isolation["notes"][0]
    for check_id in (
        "isolation",
        "no_invention",
        "untorn",
        "load_economy",
        "counter_identity",
        "fork_safety",
        "connection_leak",
    ):
        assert check_of(result, check_id)["status"] == "pass", check_id
    assert command.leftovers(2.0) == []


def test_the_same_seed_asks_for_the_same_tenants(command: Command) -> None:
    quick = ("light", "--steady", "0s", "--tenants", "5", "--keys", "zipf:1.1", "--seed", "7")
    (_, first), (_, second) = command.json(*quick), command.json(*quick)
    asked = [
        {tenant["id"]: tenant["requests"] for tenant in result["tenants"]}
        for result in (first, second)
    ]
    assert asked[0] == asked[1]
    assert sum(asked[0].values()) == 100


def test_a_timed_run_ends_at_its_time_and_counts_what_it_did(command: Command) -> None:
    code, result = command.json(
        "heavy", "--duration", "700ms", "--procs", "2", "--tenants", "2", "--no-reference"
    )
    assert code == 0
    requests = result["requests"]
    assert requests["scheduled"] == requests["total"] > 1000
    # The last answer before the end instant may have come a moment before it.
    assert 0.6 < result["throughput"]["wall_s"] < 5.0
    assert result["reference"] is None


def test_fewer_requests_than_lanes_is_legal_and_names_the_idle_ones(command: Command) -> None:
    code, result = command.json(
        "heavy", "-n", "3", "--tenants", "2", "--steady", "0s", "--no-thresholds"
    )
    assert code == 0
    assert result["requests"]["total"] == 3
    assert "idle_lanes" in {caveat["id"] for caveat in result["caveats"]}


def test_no_secret_and_no_path_stands_in_any_output(command: Command) -> None:
    done = command.run("light", "--tenants", "2", "--json", "-")
    assert done.returncode == 0
    for text in (done.stdout, done.stderr):
        for word in ("://", "password", str(command.folder), "gAAAA", "v1:"):
            assert word not in text, word
    assert json.loads(done.stdout)["verdict"]["status"] == "pass"


def test_two_runs_at_once_do_not_disturb_each_other(command: Command) -> None:
    other = Command(command.folder, command.temporary)
    first = command.start("light", "--tenants", "3", "--json", "first.json")
    second = other.start("light", "--tenants", "3", "--json", "second.json")
    for process in (first, second):
        process.communicate(timeout=90)
        assert process.returncode == 0
    for name in ("first.json", "second.json"):
        result = json.loads((command.folder / name).read_text())
        assert result["requests"]["successful"] == 100
    assert command.leftovers(2.0) == []
