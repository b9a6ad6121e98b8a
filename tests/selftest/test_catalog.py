"""The catalogue of planted defects: a check that cannot fail is a defect."""

from __future__ import annotations

import inspect
from collections import Counter

import pytest

from stress.scenario.metrics import CHECK_IDS
from stress.selftest.catalog import CASES, Case, wanted
from stress.target import spec
from stress.verify.catalog import CHECKS

WEIGHTY = (
    "isolation",
    "read_after_invalidate",
    "bounded_staleness",
    "monotonic_reads",
    "single_flight",
    "expiry",
    "connection_leak",
)
PLANTED = [case for case in CASES if case.check is not None]


def test_every_check_has_a_defect_that_it_must_find() -> None:
    assert set(CHECKS) - {case.check for case in PLANTED} == set()


@pytest.mark.parametrize("check_id", WEIGHTY)
def test_a_weighty_check_has_at_least_three(check_id: str) -> None:
    assert Counter(case.check for case in PLANTED)[check_id] >= 3


def test_every_name_stands_once_and_every_check_exists() -> None:
    assert max(Counter((case.name, case.part) for case in CASES).values()) == 1
    assert {case.check for case in PLANTED} <= set(CHECK_IDS)


@pytest.mark.parametrize("case", [c for c in CASES if c.target], ids=lambda c: c.name)
def test_a_target_can_be_named_on_the_command_line(case: Case) -> None:
    assert case.target is not None
    spec.locate(case.target)
    named = spec.load(case.target)
    assert list(inspect.signature(named).parameters) == ["context"]


def test_clean_targets_run_in_every_part() -> None:
    clean = {(case.target, case.part) for case in CASES if case.check is None}
    assert len(clean) == 10
    assert {part for _, part in clean} == {case.part for case in PLANTED}
    assert {target for target, _ in clean if target is None} == {None}


def test_one_check_has_its_own_defects_and_all_clean_targets() -> None:
    cases = wanted(["expiry"])
    assert {case.check for case in cases} == {"expiry", None}
    assert len([case for case in cases if case.check is None]) == 10
    assert wanted([]) == list(CASES)
