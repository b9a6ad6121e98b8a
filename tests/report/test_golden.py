from __future__ import annotations

import pytest

from tests.report.golden import FOLDER, REPORTS


@pytest.mark.parametrize("name", list(REPORTS))
def test_the_report_is_the_one_that_was_accepted(name: str) -> None:
    assert REPORTS[name]() == (FOLDER / f"{name}.txt").read_text(encoding="utf-8"), (
        "if this is meant: python -m tests.report.golden"
    )


def test_every_accepted_report_is_still_made() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(REPORTS)
