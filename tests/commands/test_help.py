import re
from importlib import metadata
from pathlib import Path

import pytest

from stress.cli import COMMANDS, main
from stress.commands import inspect, provision, selftest
from stress.scenario.options import OPTIONS, of_command
from stress.scenario.phases import OPTIONS as PHASE_OPTIONS
from stress.scenario.phases import PHASES
from stress.scenario.profiles import PROFILES
from tests.commands.shell import stress


def said(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    out, err = capfd.readouterr()
    return int(raised.value.code or 0), out, err


def test_help_goes_to_standard_output_and_fits_a_screen(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(["--help"], capfd)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) <= 49
    assert max(map(len, out.splitlines())) <= 80
    assert out.isascii()
    assert said(["-h"], capfd) == (0, out, "")


def test_the_bare_command_is_wrong_usage_and_helps_on_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    help_text = said(["--help"], capfd)[1]
    assert said([], capfd) == (2, "", help_text)


def test_help_names_the_commands_and_options_that_exist_and_no_others(
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = said(["--help"], capfd)[1]
    listed = re.findall(r"^  ([a-z]+)  +\S", out, re.M)
    assert [name for name in listed if name != "stress"] == [name for _, name, _, _ in COMMANDS]
    known = {option.long for option in OPTIONS} | {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]*", out)) <= known


@pytest.mark.parametrize("command", [name for _, name, _, _ in COMMANDS])
def test_a_command_explains_each_of_its_options_with_its_default(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said([command, "--help"], capfd)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "Exit codes" not in out
    if command == "provision":
        explained = set(re.findall(r"^  (--[a-z-]+)", out, re.M))
        shared = {"--tenants", "--tenants-table", "--quiet", "--no-color"}
        assert explained == shared | {option.long for option in provision.OWN}
        return
    if command == "inspect":
        explained = set(re.findall(r"^  (--[a-z-]+)", out, re.M))
        assert explained == {f"--{name.replace('_', '-')}" for name in inspect.OPTION_NAMES}
        return
    if command == "selftest":
        explained = set(re.findall(r"^  (--[a-z-]+)", out, re.M))
        shared = {"--seed", "--pg-bin", "--check", "--json", "--quiet", "--no-color"}
        assert explained == shared | {option.long for option in selftest.OWN}
        return
    options = [
        option
        for option in of_command(command)
        if command not in PHASES or option.name in PHASE_OPTIONS
    ]
    for option in options:
        assert re.search(rf"^  (-n, )?{option.long}( [A-Z]+)?$|^  (-n, )?{option.long} ", out, re.M)
    threads = {name: profile.threads for name, profile in PROFILES.items()}
    threads |= {name: phase.threads for name, phase in PHASES.items()}
    assert f"({threads[command]})" in out
    if command in PHASES:
        assert f"worker processes ({PHASES[command].procs})" in out


def test_version_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(["--version"], capfd)
    assert (code, err) == (0, "")
    try:
        version = metadata.version("tenant-stress")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    assert out == f"stress {version}\n"


def test_help_has_no_escape_sequences_off_a_terminal(tmp_path: Path) -> None:
    for arguments in (["--help"], ["heavy", "--help"], ["heavy", "--procs", "0"], []):
        done = stress(*arguments, folder=tmp_path)
        assert "\x1b" not in done.stdout + done.stderr
