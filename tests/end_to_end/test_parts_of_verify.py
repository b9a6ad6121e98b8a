"""`--check` and `--budget`: a verification of which only a part is run says what it left out."""

from __future__ import annotations

from tests.end_to_end.conftest import Command, check_of


def test_only_what_a_check_needs_is_run(command: Command) -> None:
    code, result = command.json("verify", "--check", "read_after_invalidate", "--tenants", "3")
    assert code == 0, result["verdict"]
    assert {phase["name"].split()[0] for phase in result["phases"]} == {"concurrent"}
    judged = {check["id"] for check in result["checks"] if check["status"] != "not_tested"}
    assert judged == {"read_after_invalidate", "isolation"}
    assert "not asked for" in check_of(result, "untorn")["reason"]
    assert result["scenario"]["checks"] == ["read_after_invalidate"]


def test_a_named_check_that_cannot_be_tested_is_no_pass(command: Command) -> None:
    done = command.run("expiry", "--cache-ttl", "0.3s", "--tenants", "2", "--check", "eviction")
    assert done.returncode == 99
    assert "eviction is NOT TESTED" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("FAIL (exit 99): eviction is NOT TESTED")


def test_a_budget_leaves_parts_out_and_says_which(command: Command) -> None:
    code, result = command.json("verify", "--budget", "2s", "--tenants", "2")
    assert code == 0, result["verdict"]
    assert {phase["name"].split()[0] for phase in result["phases"]} == {"light"}
    (caveat,) = [one for one in result["caveats"] if one["id"] == "budget_spent"]
    assert "medium, heavy, expiry, concurrent" in caveat["message"]
    assert caveat["cure"] == "stress verify --tenants 2"
    lines = {line["line"]: line["status"] for line in result["checklist"]}
    assert lines["Cache expires after TTL"] == "not_tested"
