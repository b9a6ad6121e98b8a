import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stress.scenario.output import writable_file
from tests.scenario.refusal import refusal


def refused(path: str) -> str | None:
    misread = refusal(lambda text: writable_file(text, "run.json"), path)
    return f"{misread.what}; {misread.mend}" if misread is not None else None


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the current one, and that must be as it was when the test ends."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert {path.name for path in tmp_path.iterdir()} <= {"a", "file", "old.json", "link", "loop"}


def test_a_new_file_in_a_folder_is_legal_and_not_created_yet(folder: Path) -> None:
    (folder / "a").mkdir()
    for path in ("file", "./file", "a/run.json", str(folder / "file"), "-"):
        assert refused(path) is None
    assert not list((folder / "a").iterdir())


def test_an_existing_file_keeps_its_content(folder: Path) -> None:
    (folder / "old.json").write_text("earlier")
    assert refused("old.json") is None
    assert (folder / "old.json").read_text() == "earlier"


def test_a_folder_that_is_not_there_comes_with_the_command_that_makes_it() -> None:
    assert refused("reports/run.json") == "no folder reports; create it: mkdir reports"
    assert refused("a/b/run.json") == "no folder a/b; create it: mkdir -p a/b"
    assert refused("my reports/x") == "no folder 'my reports'; create it: mkdir 'my reports'"


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "a").mkdir()
    for path in ("a", "a/", "."):
        assert refused(path) is not None
    assert refused("a") == "a folder, not a file; name a file in it: a/run.json"
    assert refused("new/") == "a folder, not a file; name a file in it: new/run.json"


def test_a_file_is_no_folder(folder: Path) -> None:
    (folder / "file").write_text("")
    assert refused("file/run.json") == "not a directory; choose another place, such as run.json"


def test_names_that_no_file_can_have_are_said() -> None:
    assert refused("") is not None
    assert refused("  ") is not None
    assert refused("x" * 300) == "file name too long; choose another place, such as run.json"
    assert refused("x\x00y") == "no file can have this name; choose another"


def test_a_link_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "nowhere" / "run.json")
    (folder / "loop").symlink_to("loop")
    assert refused("loop") is not None
    assert refused("link") is not None


def test_devices_and_pipes_are_legal() -> None:
    assert refused("/dev/null") is None
    assert refused("/dev/stdout") is None or not os.access("/dev/stdout", os.W_OK)


def test_a_folder_that_takes_no_file_is_said_before_the_run() -> None:
    if not os.path.isdir("/proc/self"):
        pytest.skip("no file system here that refuses new files to everybody")
    told = refused("/proc/run.json")
    assert told is not None
    assert told.startswith("folder /proc takes no new file (")


WITHOUT_RIGHTS = """
import os, sys
from stress.scenario.output import writable_file
from stress.scenario.units import Misread
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
try:
    writable_file(sys.argv[1], "run.json")
except Misread as misread:
    print(f"{misread.what}; {misread.mend}")
"""


def test_rights_are_respected_for_an_ordinary_user(folder: Path) -> None:
    root = str(Path(__file__).parents[2])
    folder.chmod(0o755)
    (folder / "a").mkdir(mode=0o555)
    (folder / "old.json").write_text("earlier")
    (folder / "old.json").chmod(0o444)

    def as_user(path: str) -> str:
        command = [sys.executable, "-c", WITHOUT_RIGHTS, path]
        done = subprocess.run(
            command, cwd=folder, env={"PYTHONPATH": root}, capture_output=True, text=True
        )
        assert done.stderr == ""
        return done.stdout.strip()

    assert (
        as_user("a/run.json")
        == "folder a takes no new file (permission denied); choose another place"
    )
    assert as_user("old.json").startswith("this file may not be written; ")
