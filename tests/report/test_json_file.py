from __future__ import annotations

import json
import os
import re
import stat
import threading
from contextlib import chdir
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from stress.errors import UsageError
from stress.report import json_file, schema
from stress.report.result import Result
from tests.report import samples
from tests.report.any_result import any_result

VALIDATOR = jsonschema.Draft202012Validator(schema.generate())


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught, chdir(path.parent):
        json_file.read(path.name)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("made", list(samples.ALL.values()), ids=list(samples.ALL))
def test_what_was_written_is_read_back(made, tmp_path) -> None:
    path = tmp_path / "run.json"
    size = json_file.write(made(), str(path))
    assert size == path.stat().st_size
    assert json_file.read(str(path)) == made()


@pytest.mark.parametrize("seed", range(20))
def test_any_result_is_valid_and_holds_no_control_character(seed: int) -> None:
    data = json_file.encode(any_result(seed))
    VALIDATOR.validate(json.loads(data))
    assert isinstance(json_file.decode(data, "run.json"), Result)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", data.decode())


def test_the_published_schema_is_the_one_of_the_structs() -> None:
    assert schema.published() == schema.text(), (
        "write it again: python -m stress.report.schema > stress/report/schema.json"
    )


def test_the_schema_is_one_and_names_no_place_that_must_exist() -> None:
    published = json.loads(schema.published())
    jsonschema.Draft202012Validator.check_schema(published)
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert published["$id"] == "urn:tenant-stress:result:1"
    assert set(published["required"]) == set(published["properties"])


@pytest.mark.parametrize("damage", ["verdict", "requests", "schema_version"])
def test_the_schema_refuses_a_result_with_a_part_missing(damage: str) -> None:
    value = json.loads(json_file.encode(samples.passing()))
    del value[damage]
    assert not VALIDATOR.is_valid(value)


def test_the_schema_refuses_a_figure_of_the_wrong_kind() -> None:
    value = json.loads(json_file.encode(samples.passing()))
    value["requests"]["total"] = "1,000"
    assert not VALIDATOR.is_valid(value)


def test_a_dash_is_standard_output(capfdbinary) -> None:
    size = json_file.write(samples.passing(), "-")
    out = capfdbinary.readouterr().out
    assert len(out) == size
    assert json_file.decode(out, "-") == samples.passing()


def test_an_existing_file_is_replaced_whole_and_keeps_its_mode(tmp_path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    path.chmod(0o640)
    json_file.write(samples.passing(), str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path) -> None:
    before = os.umask(0o027)
    try:
        json_file.write(samples.passing(), str(tmp_path / "run.json"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o640


def test_a_symbolic_link_stays_one(tmp_path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    json_file.write(samples.passing(), str(tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert json_file.read(str(tmp_path / "real.json")) == samples.passing()


def test_a_pipe_is_written_to_and_not_replaced(tmp_path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    json_file.write(samples.passing(), str(path))
    reader.join(10)
    assert json_file.decode(got[0], "pipe") == samples.passing()
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_folder_that_is_gone_is_one_error(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"--json .*: no such file or directory"):
        json_file.write(samples.passing(), str(tmp_path / "gone" / "run.json"))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="no space left"):
        json_file.write(samples.passing(), str(path))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.json"]


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_says_where(kept: float, tmp_path) -> None:
    data = json_file.encode(samples.passing())
    part = data[: int(len(data) * kept)]
    (tmp_path / "run.json").write_bytes(part)
    message = refusal(tmp_path / "run.json")
    assert f'ends after {len(part):,} bytes inside "' in message
    assert message.endswith("; run it again")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"hello", "not JSON"),
        (b"\x89PNG\r\n\x1a\n", "not JSON"),
        (b"[1, 2]", "no result of stress"),
        (b'{"a": 1}', "no result of stress"),
        (b'{"schema_version": true, "verdict": {}}', "no result of stress"),
        (b'{"schema_version": 2, "verdict": {}}', "its schema_version is 2, known is 1"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_foreign_file_is_one_error(content: bytes, said: str, tmp_path) -> None:
    (tmp_path / "run.json").write_bytes(content)
    message = refusal(tmp_path / "run.json")
    assert said in message
    assert "\n" not in message


def test_a_field_of_the_wrong_kind_is_named(tmp_path) -> None:
    value = json.loads(json_file.encode(samples.passing()))
    value["requests"]["total"] = "many"
    (tmp_path / "run.json").write_text(json.dumps(value))
    assert "requests.total: expected int, got str" in refusal(tmp_path / "run.json")


def test_text_behind_the_end_is_damage_and_no_cut(tmp_path) -> None:
    (tmp_path / "run.json").write_bytes(json_file.encode(samples.passing()) + b"}")
    assert "damaged" in refusal(tmp_path / "run.json")


def test_a_missing_file_and_a_folder_are_one_error_each(tmp_path) -> None:
    assert "no such file" in refusal(tmp_path / "none.json")
    assert "is a directory" in refusal(tmp_path)


def test_full_precision_stays_in_the_file() -> None:
    result = samples.passing()
    exact = replace(result.waiting, own_mean_ns=402.123456789)
    data = json_file.encode(replace(result, waiting=exact))
    assert b"402.123456789" in data
