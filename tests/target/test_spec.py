"""From `--target` to the named object, or one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stress.errors import StressError, TargetError, UsageError
from stress.target import spec


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("mypkg", "not of the form"),
        (":factory", "not of the form"),
        ("mypkg:", "not of the form"),
        ("mypkg:1x", "not of the form"),
        ("no.such.module:factory", "no module no"),
        ("json.nothing:factory", "no module json.nothing"),
        ("missing.py:factory", "no file missing.py"),
        ("a-b:factory", "no module name"),
    ],
)
def test_a_target_that_is_not_there_is_one_line(given: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        spec.locate(given)
    assert what in str(caught.value)
    assert len(str(caught.value)) <= 100
    assert caught.value.exit_code == 2


def test_looking_for_a_target_runs_none_of_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "explosive"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "inner.py").write_text("raise RuntimeError('imported')")
    monkeypatch.chdir(tmp_path)
    spec.locate("explosive.inner:factory")
    spec.locate("explosive/inner.py:factory")


def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str) -> object:
    (tmp_path / "mine.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    return spec.load(f"mine.py:{name}")


def test_a_function_or_class_that_takes_a_context_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "def factory(context, extra=1): ...\n"
        "class Holder:\n"
        "    class Inner:\n"
        "        def __init__(self, context): ...\n"
    )
    assert callable(load(tmp_path, monkeypatch, source, "factory"))
    assert callable(load(tmp_path, monkeypatch, source, "Holder.Inner"))


@pytest.mark.parametrize(
    ("source", "name", "what"),
    [
        ("raise ValueError('broken module')", "factory", "ValueError: broken module"),
        ("import nothing_of_that_name", "factory", "ModuleNotFoundError"),
        ("def factory(", "factory", "SyntaxError"),
        ("x = 1", "factory", "has no factory"),
    ],
)
def test_a_target_that_cannot_be_used_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str, what: str
) -> None:
    with pytest.raises(StressError) as caught:
        load(tmp_path, monkeypatch, source, name)
    assert isinstance(caught.value, TargetError)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 100
