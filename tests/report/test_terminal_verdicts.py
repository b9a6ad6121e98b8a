from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from stress.report.json_file import HOLDS
from stress.report.result import Check, Process, Result, Verdict
from stress.report.terminal import render
from tests.report import samples

INVALID = [samples.died, samples.died_violating, samples.broken_identity]
MEASURED = re.compile(r"\d (ns|µs|ms)\b|\d/s\b|\d×(?! \d)")


def flat(result: Result, **how) -> str:
    """The report with every run of spaces and line ends as one space."""
    return " ".join(render(result, **how).split())


def section(result: Result, heading: str) -> str:
    text = render(result)
    return text[text.index(f"\n{heading}") :].split("\n\n")[0]


@pytest.mark.parametrize(
    ("made", "word", "last"),
    [
        (samples.passing, " PASS   heavy", "PASS (exit 0)"),
        (samples.light, " PASS   light", "PASS (exit 0)"),
        (samples.slow, " FAIL   heavy", "FAIL (exit 99): p99 231 ms, target < 100 ms"),
        (samples.not_judged, " FAIL   light", "FAIL (exit 99): p99 not judged"),
        (
            samples.failing_requests,
            " FAIL   heavy",
            "FAIL (exit 99): Failed requests 214, target = 0",
        ),
        (samples.violating, " FAIL   heavy", "FAIL (exit 90): isolation, 3 violations"),
        (
            samples.died,
            "INVALID heavy",
            "INVALID (exit 93): worker 2 (pid 31872) was killed by signal 9 at 11.2 s",
        ),
        (samples.died_violating, " FAIL   heavy", "FAIL (exit 90): isolation, 3 violations"),
        (
            samples.broken_identity,
            "INVALID heavy",
            "INVALID (exit 93): the accounting of the run is broken",
        ),
        (samples.interrupted, "PARTIAL heavy", "PARTIAL (exit 130): 11.2 s of 30 s"),
        (samples.nothing_yet, "PARTIAL heavy", "PARTIAL (exit 130): 0 of 1,000 requests"),
    ],
)
def test_the_verdict_stands_first_and_again_in_the_last_line(made, word, last) -> None:
    lines = render(made()).splitlines()
    assert lines[2].startswith(word)
    assert lines[-1] == last


def test_every_figure_of_the_seed_is_in_the_report() -> None:
    text = render(samples.passing())
    for label in (
        "Request Statistics",
        "Total requests        1,000",
        "Successful            1,000  100.0%",
        "Failed                    0    0.0%",
        "Cache Statistics",
        "Cache hits            1,000",
        "Cache misses              0",
        "Cache hit rate      100.00%",
        "Response Time Statistics",
        "avg     min     p50     p95     p99",
        "Cache Performance",
        "Cache hit avg       1.10 µs",
        "Cache miss avg      1.31 ms",
        "Cache speedup        1,190×   faster",
        "Throughput",
        "Total time          4.63 ms",
        "Requests/second     2,840,000",
        "Successful req/s    2,840,000",
        "Performance Targets",
        "PASS  Cache hit, average                1.10 µs       < 1 ms        910×",
        "PASS  Cache miss, average *             1.31 ms      < 50 ms         38×",
        "PASS  Average                           1.10 µs      < 50 ms     45,000×",
    ):
        assert label in text


@pytest.mark.parametrize("made", INVALID)
def test_an_invalid_run_shows_no_time_no_rate_and_no_margin(made) -> None:
    text = render(made())
    shown = text.partition("Witness")[0].partition("\nEnvironment")[0]
    assert not MEASURED.search(shown)
    for heading in ("Targets", "Statistics", "Performance\n", "Throughput", "Caveats"):
        assert heading not in shown.partition("\n")[2]


@pytest.mark.parametrize("made", INVALID)
def test_an_invalid_run_keeps_what_still_holds(made) -> None:
    assert "\nWhat still holds\n" in render(made())


def test_counts_outlive_the_death_of_a_worker() -> None:
    text = flat(samples.died())
    assert "Requests of the other three are kept, and worker 2's until then: " in text
    assert "9,731,204 successful, 0 failed." in text
    assert "20 requests of worker 2 were in flight: unfinished." in text
    assert "2,841,562 answers checked, 0 isolation violations (95%: under 1 in 947,187)" in text


def test_a_broken_identity_prints_both_sides_and_bounds_nothing() -> None:
    text = flat(samples.broken_identity())
    assert "counted: 1,000 scheduled, but 999 successful + 0 failed + 0 skipped = 999" in text
    assert "95%" not in text


def test_a_violation_in_an_invalid_run_wins_and_says_so() -> None:
    text = flat(samples.died_violating())
    assert "3 violations: isolation. A tenant was given another tenant's database." in text
    assert "and INVALID: Worker 2 (pid 31872) was killed" in text
    assert "Witness 1 of 1" in text


def test_a_violation_in_an_interrupted_run_wins_and_says_so() -> None:
    verdict = samples.violating().verdict
    partial = replace(verdict, reasons=[*verdict.reasons, "stopped by Ctrl-C"], partial=True)
    result = replace(samples.interrupted(), verdict=partial, checks=samples.violating().checks)
    text = render(result)
    assert "        and PARTIAL: stopped by Ctrl-C\n" in text
    assert text.endswith("FAIL (exit 90): isolation, 3 violations\n")


def test_every_heading_of_a_partial_run_says_partial() -> None:
    text = render(samples.interrupted())
    for heading in (
        "Performance Targets",
        "Request Statistics",
        "Cache Statistics",
        "Response Time Statistics",
        "Cache Performance",
        "Throughput",
        "Checks",
        "Caveats",
    ):
        assert f"{heading} (partial)" in text
    assert "no target judged · 0 violations so far" in text
    assert "(partial)" not in render(samples.passing())


def test_a_run_that_hung_is_told_in_its_own_words() -> None:
    hung = "a call has not returned for 30 s"
    check = Check(
        id="liveness",
        status="fail",
        examined=1,
        violations=1,
        evidence=hung,
        notes=['process 0\n  File "cache.py", line 7 in load\n  File "a.py", line 1 in b'],
    )
    reasons = ["1 violation: liveness. A call did not return."]
    result = replace(
        samples.interrupted(),
        verdict=Verdict(status="fail", exit_code=91, reasons=reasons, partial=True),
        stopped_by=hung,
        checks=[check],
    )
    text = render(result)
    assert "stopped by" not in text
    assert "not judged: a call has not returned for 30 s" in text
    assert '        File "cache.py", line 7 in load\n' in text
    assert text.endswith("FAIL (exit 91): liveness, 1 violation\n")


def test_a_failed_isolation_prints_its_witness() -> None:
    text = flat(samples.violating())
    for part in (
        "Witness 1 of 1 isolation tenant-0007 times in ms",
        "time process 2, thread 11",
        "0.000 resolve ┐",
        "0.001 answers tenant-0003 app_3@tenant_0003 (v4) ┘ ◀",
        "Pids process 2 is 31872",
        "Rule An answer names the database of the tenant that was asked for, and of no other.",
        "Again stress heavy --target mypkg:factory",
    ):
        assert part in text


def test_a_command_that_needs_two_lines_can_be_copied() -> None:
    lines = section(samples.violating(), "  Pids").splitlines()
    again = next(index for index, line in enumerate(lines) if line.startswith("  Again"))
    command = "\n".join([lines[again].removeprefix("  Again"), lines[again + 1]])
    assert re.sub(r"\s*\\\n\s*", " ", command).strip() == samples.WITNESS.reproduce


def test_failed_checks_stand_first_and_isolation_before_all() -> None:
    other = Check(
        id="untorn", status="fail", examined=9, violations=9, evidence="9 answers, 9 torn"
    )
    base = samples.violating()
    listed = section(replace(base, checks=[*base.checks[2:], other, base.checks[0]]), "Checks")
    words = [line.split()[:2] for line in listed.splitlines() if line.startswith("  FAIL")]
    assert words == [["FAIL", "isolation"], ["FAIL", "untorn"]]
    assert listed.index("FAIL") < listed.index("PASS")


def test_a_bound_stays_in_one_piece_where_it_needs_a_line_of_its_own() -> None:
    count = 5_120_462_000
    many = replace(
        samples.CHECKS[0],
        examined=count,
        evidence=f"{count:,} answers, 0 wrong",
        upper_bound=3 / count,
    )
    listed = section(replace(samples.passing(), checks=[many]), "Checks").splitlines()
    start = next(index for index, line in enumerate(listed) if "isolation" in line)
    assert listed[start : start + 2] == [
        "  PASS  isolation           5,120,462,000 answers, 0 wrong",
        "                            (95%: under 1 in 1,706,820,666)",
    ]


def test_checks_that_were_not_tested_are_named_with_their_reason_or_counted() -> None:
    reason = "the target offers no connect()"
    checks = [
        replace(check, status="not_tested", reason=reason)
        if check.id in ("fork_safety", "connection_leak")
        else check
        for check in samples.CHECKS
    ]
    listed = section(replace(samples.passing(), checks=checks), "Checks")
    assert f"  NOT TESTED  fork_safety, connection_leak: {reason}\n" in listed
    assert listed.endswith("  20 checks NOT TESTED: this profile does not provoke them.")


def test_percentiles_that_the_maximum_settles_are_marked() -> None:
    text = render(samples.light())
    assert "8 of 8 targets met, 2 by the maximum" in text
    assert re.search(r"  PASS  p95 +≤ 18.7 µs ¹ +< 50 ms +2,700×\n", text)
    assert "  ¹ too few samples for the percentile; even the slowest request is below\n" in text
    assert "p95 needs 200 requests (-n 200), p99 1,000, p99.9 10,000." in flat(samples.light())


def test_a_percentile_that_nothing_settles_is_not_judged_and_says_the_cure() -> None:
    text = section(samples.not_judged(), "Performance Targets")
    assert re.search(r"  NOT JUDGED  p99 +≤ 231 ms ² +< 100 ms\n", text)
    assert "  ² 1 of 100 requests was slower than the target: too few to tell.\n" in text
    assert "    Cure: stress light -n 1000\n" in text


def test_a_threshold_without_samples_is_not_judged_and_shows_no_figure() -> None:
    base = samples.passing()
    empty = replace(base.thresholds[1], actual=None, ok=None, note="not evaluated: no samples")
    text = section(replace(base, thresholds=[empty]), "Performance Targets")
    assert "n/a ¹" in text
    assert "¹ not evaluated: no samples" in text
    assert "×" not in text


def test_a_missed_target_is_told_with_what_was_measured() -> None:
    lines = render(samples.slow()).splitlines()
    assert lines[3] == "        p99 missed its target: 231 ms, asked < 100 ms"
    told = flat(samples.not_judged())
    assert "p99 was not judged: 1 of 100 requests was slower than the target" in told


def test_a_missed_target_shows_a_margin_below_one() -> None:
    assert "  FAIL  p99                                231 ms     < 100 ms       0.43×\n" in render(
        samples.slow()
    )


def test_targets_told_elsewhere_have_a_row_only_when_missed() -> None:
    assert "Failed requests" not in render(samples.passing())
    assert "  FAIL  Failed requests                       214          = 0\n" in render(
        samples.failing_requests()
    )


def test_each_kind_of_failure_is_told_once_with_its_traceback() -> None:
    text = section(samples.failing_requests(), "Errors")
    told = " ".join(text.split())
    assert "213 times, tenant-0001, tenant-0002, tenant-0003 + 2 more, 0.2 to 0.9 s:" in told
    assert "KeyError once, tenant-0007, at 0.5 s: 'tenant-0007'" in told
    assert '        File "cache.py", line 7, in load\n' in text


def test_outcomes_that_cannot_be_seen_are_not_zero() -> None:
    base = samples.passing()
    unknown = replace(
        base.cache,
        hits=None,
        misses=None,
        waits=None,
        hit_rate=None,
        speedup=None,
        source="unknown",
    )
    latencies = {"all": samples.HITS}
    text = render(replace(base, cache=unknown, cold=None, latency_ns=latencies))
    assert "Cache hits              n/a" in text
    assert "Cache hit rate          n/a" in text
    assert "the target does not show which call was a hit" in text


def test_many_processes_are_shown_by_their_ends() -> None:
    processes = [
        Process(
            index=index,
            pid=1000 + index,
            requests=1000 + index,
            wall_s=1.0,
            requests_per_s=1000.0 + index,
            p50_ns=400,
            p99_ns=700,
            failed=0,
            skipped=0,
            ended="killed by signal 9" if index == 100 else "joined",
        )
        for index in range(256)
    ]
    text = render(replace(samples.passing(), processes=processes))
    shown = re.findall(r"^  (\d+) +1\d\d\d  ", text, re.M)
    assert shown == ["0", "1", "2", "100", "253", "254", "255"]
    assert "+ 249 processes with rates between these" in text


def test_quiet_is_the_two_lines_of_the_banner() -> None:
    lines = render(samples.passing(), quiet=True).splitlines()
    assert lines == [
        " PASS   heavy · 4 processes × 20 threads · 1,000 requests, then 1 s steady",
        "        8 of 8 targets met · 7 checks pass, 20 not tested · 1 caveat (below)",
    ]


@pytest.mark.parametrize("made", list(samples.ALL.values()), ids=list(samples.ALL))
def test_quiet_is_two_lines_however_the_run_ended(made) -> None:
    for width in (20, 40, 80):
        assert render(made(), width=width, quiet=True).count("\n") == 2


def test_files_are_named_with_their_size_and_what_they_hold() -> None:
    text = render(samples.passing(), files=[("run.json", 41_234, HOLDS)])
    assert "Files         run.json   41 KB   every figure, histograms included\n" in text
    assert "none written" not in text


def test_an_invalid_run_says_where_its_figures_are() -> None:
    files = [("out", 41_234, HOLDS)]
    assert "Everything measured is in out, marked invalid." in flat(samples.died(), files=files)
    assert "To keep it, marked invalid: --json run.json" in flat(samples.died())


def test_a_cure_or_hint_names_no_option_that_does_not_exist_yet() -> None:
    known = {"--json", "--procs", "--tenants", "--target", "--keys"}
    for made in samples.ALL.values():
        assert set(re.findall(r"--[a-z]+", render(made()))) <= known
