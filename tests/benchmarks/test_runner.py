import json
import os
import subprocess
import sys

import pytest

from _timing import ManualClock
from benchmarks import table
from benchmarks.contest import WALL, Benchmark, Contender, Figure, Peers, measure


def busy(clock, name, duration_ns, operations=10, log=None):
    """A contender that takes exactly `duration_ns` on a manual clock."""

    def run():
        clock.advance(duration_ns)
        if log is not None:
            log.append(name)

    return Contender(name, run, operations)


def benchmark_on(clock, log=None, skipped=()):
    return Benchmark(
        name="row",
        case="case",
        ours=busy(clock, "ours", 100, log=log),
        peers=(busy(clock, "slow", 1000, log=log), busy(clock, "fast", 50, log=log)),
        limit=busy(clock, "limit", 20, log=log),
        clock=clock.monotonic_ns,
        skipped=skipped,
    )


def test_figures_are_nanoseconds_for_one_operation():
    outcome = measure(benchmark_on(ManualClock()), rounds=3)
    medians = {name: figure.median_ns for name, figure in outcome.figures.items()}
    assert medians == {"ours": 10, "slow": 100, "fast": 5, "limit": 2}


def test_a_ratio_above_one_means_that_ours_is_better():
    outcome = measure(benchmark_on(ManualClock()), rounds=2)
    slow, fast = outcome.benchmark.peers
    assert (outcome.ratio(slow), outcome.ratio(fast)) == (10, 0.5)


def test_contenders_take_turns_in_every_round():
    log = []
    measure(benchmark_on(ManualClock(), log), rounds=4)
    rounds = [log[i : i + 4] for i in range(0, len(log), 4)]
    assert [sorted(each) for each in rounds] == [["fast", "limit", "ours", "slow"]] * 5
    assert len({tuple(each) for each in rounds}) > 1


def test_the_first_round_does_not_count():
    clock = ManualClock()
    durations = iter([10**6, 10, 20, 30])
    ours = Contender("ours", lambda: clock.advance(next(durations)), 1)
    limit = busy(clock, "limit", 1)
    outcome = measure(Benchmark("a", "b", ours, (), limit, clock.monotonic_ns), rounds=3)
    assert outcome.figures["ours"] == Figure(median_ns=20, spread=25.0)


def test_the_row_of_the_file_has_the_fields_of_the_contract():
    outcome = measure(benchmark_on(ManualClock(), skipped=(("absent", "not installed"),)), rounds=2)
    row = table.row(outcome)
    assert row["name"] == "row"
    assert row["unit"] == "ns"
    assert row["ours"] == 10
    assert row["peers"] == {"slow": 100, "fast": 5}
    assert row["ratio"] == {"slow": 10, "fast": 0.5}
    assert row["limit"] == {"name": "limit", "value": 2}
    assert row["rounds"] == 2
    assert row["skipped"] == {"absent": "not installed"}


def test_a_peer_that_is_missing_is_named_with_the_reason():
    peers = Peers()
    assert peers.library("no_such_peer.part") is None
    skipped = tuple(peers.missing)
    text = table.render(measure(benchmark_on(ManualClock(), skipped=skipped), rounds=2))
    assert "no_such_peer skipped: not installed (No module named 'no_such_peer')" in text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0.5, "0.50 ns"),
        (9.99, "9.99 ns"),
        (13.44, "13.4 ns"),
        (999.4, "999 ns"),
        (999.6, "1.00 µs"),
        (1_234_000, "1.23 ms"),
        (2e9, "2.00 s"),
    ],
)
def test_durations_have_three_digits_and_a_unit(nanoseconds, text):
    assert table.duration(nanoseconds) == text


def run(*arguments, **variables):
    environment = {**os.environ, "NAME": "", **variables}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_a_benchmark_chosen_by_environment_prints_its_table_and_writes_its_file(tmp_path):
    output = tmp_path / "build" / "bench.json"
    done = run("--rounds", "2", "--output", str(output), NAME="record_scalar")
    assert done.returncode == 0, done.stderr
    assert "Histogram.record" in done.stdout
    content = json.loads(output.read_text())
    assert {row["name"] for row in content["benchmarks"]} == {"record_scalar"}
    assert content["environment"]["versions"]["numpy"] != "not installed"


@pytest.mark.parametrize("name", ["harness_overhead", "resolve_hit"])
def test_every_other_quick_benchmark_runs_whatever_peers_are_installed(name, tmp_path):
    output = tmp_path / "bench.json"
    done = run(name, "--rounds", "2", "--output", str(output))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(output.read_text())["benchmarks"]
    assert row["name"] == name
    assert row["ours"] > 0
    assert set(row["ratio"]) == set(row["peers"])


def test_an_unknown_name_is_refused_before_anything_runs():
    done = run("record_scaler")
    assert done.returncode == 2
    assert "no benchmark record_scaler" in done.stderr
    assert done.stdout == ""


def test_wall_time_is_named_as_such():
    benchmark = Benchmark("a", "b", Contender("c", int, 1), (), Contender("d", int, 1), WALL)
    assert "(wall time, 2 rounds)" in table.render(measure(benchmark, rounds=2))
