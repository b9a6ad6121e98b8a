"""Death and standstill at named points of the sections: needs a debug build, made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEBUG = ROOT / "build" / "debug"


@pytest.fixture(scope="session")
def debug_build() -> Path:
    """The package `resolver` with kill points compiled in; quick where it is already there."""
    for source in [ROOT / "setup.py", *(ROOT / "resolver").rglob("*")]:
        if source.suffix in {".py", ".pyx", ".pxd", ".h"}:
            copy = DEBUG / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_bytes() != source.read_bytes():
                shutil.copyfile(source, copy)  # with a new time: it is built again
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--build-temp", "objects"],
        cwd=DEBUG,
        env={**os.environ, "STRESS_DEBUG": "1"},
        check=True,
        capture_output=True,
    )
    return DEBUG


@pytest.mark.parametrize(
    "scenario",
    [
        "every_death",
        "stopped_in_a_section",
        "stopped_between_unlink_and_bump",
        "stopped_between_eviction_and_bump",
        "stopped_after_a_commit",
        "death_between_unlink_and_bump",
    ],
)
def test_it_holds_around_the_kill_points(debug_build: Path, scenario: str) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.resolver.kill_points", scenario],
        cwd=debug_build,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr


def test_a_release_build_has_no_kill_points() -> None:
    from resolver.cache.sections import arm

    assert arm("linked", 9) is False
