"""The architecture's rules, read from the sources: who may import whom, how long a file may be."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("stress", "resolver", "_timing")
LONGEST_FILE = 300

# Stages of a run; a stage may import only what stands here, and never the command line.
# `run`, `assemble` and `record` are the conductor's: they know every stage.
ALLOWED = {
    "scenario": {"errors"},
    "backend": {"errors", "scenario"},
    "target": {"errors", "backend", "load.interrupts", "redact", "scenario"},
    "load": {"errors", "backend", "report.result", "redact", "target", "verify.evidence"},
    "verify": {"backend", "load", "record", "report.result", "scenario", "target"},
    "selftest": {
        "assemble",
        "judge.exits",
        "load.interrupts",
        "report",
        "scenario",
        "session",
        "target.context",
        "verify.phases",
    },
    "judge": {"errors", "load", "report.numbers", "report.result", "scenario", "verify"},
    "report": {"errors", "scenario"},
}


def sources(*patterns: str) -> Iterator[Path]:
    for package in PACKAGES:
        for pattern in patterns:
            yield from sorted((ROOT / package).rglob(pattern))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_timing_core_knows_neither_the_resolver_nor_the_tester() -> None:
    for path in (ROOT / "_timing").rglob("*.py*"):
        if path.suffix in {".py", ".pyx", ".pxd", ".pyi"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(from|c?import)\s+(stress|resolver)\b", text, re.M), path


def test_the_resolver_does_not_know_that_it_is_being_tested() -> None:
    for path in (ROOT / "resolver").rglob("*.py*"):
        if path.suffix in {".py", ".pyx", ".pxd", ".pyi"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(from|c?import)\s+stress\b", text, re.M), path


@pytest.mark.parametrize("stage", sorted(ALLOWED))
def test_a_stage_imports_only_the_stages_it_may(stage: str) -> None:
    allowed = ALLOWED[stage] | {stage}
    for path in sorted((ROOT / "stress" / stage).rglob("*.py")):
        for name in imported(path):
            if not name.startswith("stress."):
                continue
            inner = name.removeprefix("stress.")
            assert any(inner == one or inner.startswith(f"{one}.") for one in allowed), (
                f"{path.relative_to(ROOT)} imports {name}"
            )


def test_only_the_command_line_imports_click() -> None:
    for path in sources("*.py"):
        inside = path.relative_to(ROOT).parts
        if inside[:2] in {("stress", "cli.py"), ("stress", "commands"), ("stress", "scenario")}:
            continue
        assert not any(name.split(".")[0] == "click" for name in imported(path)), path


@pytest.mark.parametrize(
    "path", list(sources("*.py", "*.pyx", "*.pxd")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_file_is_one_room(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_no_file_is_a_drawer_for_everything() -> None:
    for path in sources("*.py", "*.pyx"):
        assert path.stem not in {"utils", "util", "helpers", "common", "misc"}, path


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_documented(package: str) -> None:
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if inspect.isclass(thing) or callable(thing):
            assert inspect.getdoc(thing), f"{package}.{name} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_exports_exactly_what_it_names(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == sorted(module.__all__, key=str.lower) or set(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), f"{package} names {name} but does not have it"


def test_every_module_has_a_docstring() -> None:
    for path in sources("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path


def test_every_package_is_shipped() -> None:
    found = {name for _, name, is_package in pkgutil.walk_packages([str(ROOT)]) if is_package}
    assert {"stress", "resolver", "_timing"} <= found
    for folder in (ROOT / "stress").rglob("*"):
        if folder.is_dir() and folder.name != "__pycache__":
            assert (folder / "__init__.py").exists(), f"{folder} would be missing from the wheel"
