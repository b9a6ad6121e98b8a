from __future__ import annotations

import pytest
from msgspec.structs import replace

from stress.report.json_file import HOLDS
from stress.report.sections.checklist import SECTIONS
from stress.report.terminal import render
from tests.report import samples
from tests.report.verified import LINES, unverified, verified

PAGE = render(verified())


def test_the_lines_of_the_checklist_stand_in_their_order_under_the_headings_of_the_seed() -> None:
    body = PAGE[PAGE.index("Verification Checklist") : PAGE.index("All 5 checks")]
    places = []
    start = 0
    for title, length in SECTIONS:
        places.append(body.index(f"\n  {title}\n"))
        places += [body.index(line) for line, _ in LINES[start : start + length]]
        start += length
    assert start == len(LINES) == 18
    assert places == sorted(places)


def test_every_line_of_the_checklist_has_its_status_in_front_and_its_evidence_behind() -> None:
    flat = " ".join(PAGE.split())
    for line, evidence in LINES:
        assert f"PASS {line} {evidence}" in flat


def test_a_verification_has_a_title_and_a_count_of_its_own() -> None:
    lines = PAGE.splitlines()
    assert lines[0] == "Load Test Results - Tenant Cache Verification"
    assert lines[2] == " PASS   verify · 4 processes × 20 threads · 10 tenants · 47.3 s"
    assert lines[3].strip() == "Checklist: 18 PASS"


def test_what_failed_and_what_was_not_tested_is_counted_in_the_banner() -> None:
    text = render(unverified())
    assert "Checklist: 15 PASS, 1 FAIL, 2 NOT TESTED\n" in text
    assert "All 9 checks: 3 PASS, 1 FAIL, 5 NOT TESTED\n" in text


def test_checks_that_were_not_tested_for_one_reason_stand_together() -> None:
    flat = " ".join(render(unverified()).split())
    assert (
        "NOT TESTED stale_connection, clean_session, connection_leak: "
        "the target's answers offer no connect()"
    ) in flat
    assert "NOT TESTED eviction: the target states no capacity" in flat


def test_a_failed_check_stands_before_all_others_with_what_it_examined_and_its_notes() -> None:
    text = render(unverified())
    flat = " ".join(text.split())
    assert (
        "FAIL read_after_invalidate 212 invalidations, 58 during a load; 1 violation the old row"
    ) in flat
    below = text[text.index("All 9 checks") :]
    assert below.index("read_after_invalidate") < below.index("NOT TESTED  ")


@pytest.mark.parametrize(
    ("files", "told"),
    [([], "--json run.json"), ([("kept.json", 41_234, HOLDS)], "kept.json")],
)
def test_where_the_evidence_of_passing_checks_can_be_read_is_said(files, told) -> None:
    text = render(verified(), files=files)
    assert f"  PASS        5; each with what was examined: {told}\n" in text


def test_the_quiet_report_of_a_verification_is_two_lines() -> None:
    assert render(verified(), quiet=True).splitlines() == [
        " PASS   verify · 4 processes × 20 threads · 10 tenants · 47.3 s",
        "        Checklist: 18 PASS",
    ]


def test_a_verification_whose_figures_do_not_hold_shows_no_line_of_the_checklist() -> None:
    result = replace(verified(), verdict=samples.died().verdict, stopped_by=samples.OBITUARY)
    text = render(result)
    assert text.startswith("Load Test Results - Tenant Cache Verification")
    assert "INVALID verify" in text
    assert "1.10 µs" not in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("made", [verified, unverified])
def test_no_line_of_a_verification_is_wider_than_the_page(width, made) -> None:
    lines = render(made(), width=width).splitlines()
    assert max(map(len, lines)) <= min(width, 80)


def test_a_checklist_of_another_length_loses_no_line() -> None:
    base = verified()
    more = [*base.checklist, replace(base.checklist[0], line="One more")]
    assert "PASS        One more" in render(replace(base, checklist=more))
    assert "Cache hits < 1ms" in render(replace(base, checklist=base.checklist[:1]))
