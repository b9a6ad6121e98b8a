from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.errors import LINE_WIDTH
from stress.scenario.options import OPTIONS

BY_NAME = {option.name: option for option in OPTIONS}
VALUED = [option for option in OPTIONS if option.read is not None]
FLAGS = [option for option in OPTIONS if option.read is None]


def test_the_options_are_those_that_work() -> None:
    assert {option.long for option in OPTIONS} == {
        "--procs", "--threads", "--requests", "--duration", "--steady", "--warmup",
        "--graceful-stop", "--no-reference", "--tenants", "--keys", "--cache-ttl", "--seed",
        "--operation", "--target", "--pg-bin", "--threshold", "--no-thresholds", "--json",
        "--progress", "--quiet", "--no-color", "--tenants-table", "--max-connections",
        "--max-loads", "--allow-writes", "--percentiles", "--check", "--budget", "--history",
        "--target-arg", "--target-method", "--target-kind", "--target-build", "--target-scope",
        "--target-ttl", "--target-release", "--strict-ttl",
    }  # fmt: skip
    assert BY_NAME["requests"].short == "-n"


# The example of --pg-bin is a folder that another machine has.
PORTABLE = [option for option in VALUED if option.name != "pg_bin"]


@pytest.mark.parametrize("option", PORTABLE, ids=lambda option: option.name)
def test_the_example_of_an_option_is_a_value_of_it(
    option, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.toml").touch()
    example = option.value.strip("'")
    given_values, mistakes = option.collect([example], {})
    assert not mistakes
    assert [value.word.where for value in given_values] == [f"{option.long} {option.value}"]


@pytest.mark.parametrize("option", VALUED, ids=lambda option: option.name)
@pytest.mark.parametrize("environment", [False, True])
def test_an_empty_value_is_a_mistake_and_never_the_default(option, environment: bool) -> None:
    typed, variables = ([], {option.variable: ""}) if environment else ([""], {})
    given_values, mistakes = option.collect(typed, variables)
    assert not given_values
    assert len(mistakes) == 1
    line = str(mistakes[0])
    assert line.startswith(f"stress: {option.variable if environment else option.long}")
    assert "empty" in line


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_nothing_given_is_nothing_read(option) -> None:
    assert option.collect([], {}) == ([], [])
    assert option.collect([], {"STRESS_SOMETHING": "x", "PROCS": "4"}) == ([], [])


@pytest.mark.parametrize("option", [one for one in VALUED if not one.many], ids=lambda o: o.name)
def test_an_option_given_twice_is_a_mistake_even_with_equal_values(option) -> None:
    given_values, mistakes = option.collect(["4", "4"], {})
    assert not given_values
    where = f"{option.long} 4 and {option.long} 4"
    assert [str(one) for one in mistakes] == [f"stress: {where}: given twice; keep one"]


def test_a_threshold_may_be_given_again() -> None:
    texts = ["resolve:avg<1ms", "p99<5", "failed:count==0"]
    given_values, mistakes = BY_NAME["threshold"].collect(texts, {})
    assert [one.value.expression for one in given_values] == [texts[0], texts[2]]
    assert [one.where for one in mistakes] == ["--threshold 'p99<5'"]


def test_several_thresholds_stand_in_one_variable() -> None:
    text = "resolve{outcome:hit,phase:steady}:avg<1ms; failed:count==0;"
    given_values, mistakes = BY_NAME["threshold"].collect([], {"STRESS_THRESHOLD": text})
    assert not mistakes
    assert len(given_values) == 2


def test_the_command_line_goes_before_the_environment() -> None:
    variables = {"STRESS_PROCS": "not even a number"}
    given_values, mistakes = BY_NAME["procs"].collect(["4"], variables)
    assert not mistakes
    assert given_values[0].value == 4
    assert not given_values[0].word.from_environment


def test_a_wrong_variable_is_named_with_its_value() -> None:
    _, mistakes = BY_NAME["procs"].collect([], {"STRESS_PROCS": "0"})
    assert [str(one) for one in mistakes] == [
        "stress: STRESS_PROCS=0: at least one worker process is needed; write 1 to 256"
    ]


@pytest.mark.parametrize("option", FLAGS, ids=lambda option: option.name)
@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("YES", True), ("0", False), ("off", False)]
)
def test_a_flag_is_set_by_its_variable(option, text: str, value: bool) -> None:
    given_values, mistakes = option.collect([], {option.variable: text})
    assert not mistakes
    assert given_values[0].value is value


@pytest.mark.parametrize("text", ["", "2", "maybe", " 1", "nan"])
def test_a_flag_is_yes_or_no(text: str) -> None:
    given_values, mistakes = BY_NAME["quiet"].collect([], {"STRESS_QUIET": text})
    assert not given_values
    assert str(mistakes[0]).startswith("stress: STRESS_QUIET=")


def test_the_next_option_is_not_taken_for_a_value() -> None:
    _, mistakes = BY_NAME["json"].collect(["--quiet"], {})
    assert str(mistakes[0]) == (
        "stress: --json --quiet: an option, not a value; write --json run.json"
    )


# What a shell and the environment can hold: no NUL; undecodable bytes arrive as lone surrogates.
ARGUMENTS = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=("Cs",))
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=("Cs",))
    | st.sampled_from("0123456789-.:/%{}<>= \n\x1b٣４é漢"),
    max_size=200,
)


@given(st.sampled_from(VALUED), ARGUMENTS, st.booleans())
def test_any_value_is_read_or_is_one_clear_line(option, text: str, environment: bool) -> None:
    typed, variables = ([], {option.variable: text}) if environment else ([text], {})
    given_values, mistakes = option.collect(typed, variables)
    assert given_values or mistakes
    for ascii_only in (False, True):
        for line in (one.line(ascii_only=ascii_only) for one in mistakes):
            assert len(line) <= LINE_WIDTH
            assert line.isprintable()
            assert not ascii_only or line.isascii()
            assert line.startswith(f"stress: {option.variable if environment else option.long}")
            where, what, mend = line.removeprefix("stress: "), ": ", "; "
            assert what in where
            assert mend in where


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("percentiles", "50,101", "there is no 101th percentile"),
        ("percentiles", "0", "there is no 0th percentile"),
        ("percentiles", "50,,99", "empty"),
        ("percentiles", "p99", "not a number"),
        ("percentiles", "1,2,3,4,5,6,7,8,9", "at most 8 have room"),
        ("max_loads", "50", "50 has no unit"),
        ("max_loads", "0/s", "a run needs loads"),
        ("max_connections", "0", "a run needs at least one"),
        ("check", "isolatoin", "did you mean isolation?"),
        ("tenants_table", "nowhere.toml", "no such file"),
        ("tenants_table", ".", "a folder, not a file"),
        ("budget", "0s", "a verification needs time"),
    ],
)
def test_a_value_that_is_none_is_told(name: str, text: str, what: str) -> None:
    given_values, mistakes = BY_NAME[name].collect([text], {})
    assert not given_values
    assert what in str(mistakes[0])
    assert len(str(mistakes[0])) <= LINE_WIDTH


def test_percentiles_are_read_once_and_rising() -> None:
    given_values, _ = BY_NAME["percentiles"].collect(["99, 50,99.9,50"], {})
    assert given_values[0].value == (50.0, 99.0, 99.9)
