"""The reports that readers can look at, and that a change of a letter must change: golden/*.txt.

To accept a change: python -m tests.report.golden
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from stress.report.json_file import HOLDS
from stress.report.terminal import render
from tests.report import samples

FOLDER = Path(__file__).with_name("golden")

REPORTS: dict[str, Callable[[], str]] = {
    **{name: (lambda made=made: render(made())) for name, made in samples.ALL.items()},
    "passing-60": partial(render, samples.passing(), width=60),
    "passing-ascii": partial(render, samples.passing(), unicode=False),
    "passing-files": partial(render, samples.passing(), files=[("run.json", 41_234, HOLDS)]),
    "violating-colour": partial(render, samples.violating(), color=True),
    "passing-quiet": partial(render, samples.passing(), quiet=True),
    "slow-quiet": partial(render, samples.slow(), quiet=True),
    "died-quiet": partial(render, samples.died(), quiet=True),
}

if __name__ == "__main__":
    for name, report in REPORTS.items():
        (FOLDER / f"{name}.txt").write_text(report(), encoding="utf-8")
