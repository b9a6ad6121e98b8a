"""`--tenants-table FILE.toml`: read, or refused in one line that mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from resolver.table import DEFAULT_TABLE, TableMapping
from stress.backend import tenants_table
from stress.errors import LINE_WIDTH, UsageError


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(content: str | bytes, name: str = "t.toml") -> TableMapping:
    raw = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(raw)
    return tenants_table.read(name)


def refusal(content: str | bytes, name: str = "t.toml") -> str:
    with pytest.raises(UsageError) as caught:
        read(content, name)
    assert caught.value.exit_code == 2
    line = str(caught.value)
    assert len(line) <= LINE_WIDTH
    return line


def test_every_key_is_read() -> None:
    whole = read(
        'table = "app.customers"\nid = "uuid"\nactive = "state = \'live\'"\n'
        'url = "sealed"\nversion = "revision"\ncipher = "fernet"\n'
    )
    assert whole == TableMapping(
        table="app.customers",
        id="uuid",
        active="state = 'live'",
        url="sealed",
        version="revision",
        cipher="fernet",
    )
    parts = read('host="a"\nport="b"\ndatabase="c"\nusername="d"\npassword="e"\nversion=false\n')
    assert (parts.host, parts.port, parts.database, parts.username, parts.password) == tuple(
        "abcde"
    )
    assert parts.version is False


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", b"\xef\xbb\xbf", "\r\n"])
def test_an_empty_file_is_the_default(content: str | bytes) -> None:
    assert read(content) == DEFAULT_TABLE


def test_the_mark_that_some_editors_put_first_is_no_part_of_it() -> None:
    assert read(b'\xef\xbb\xbftable = "customers"\r\n').table == "customers"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("table = customers", 'line 1 is not TOML; write KEY = "VALUE"'),
        ('id = "x"\n\nhost: "y"\n', 'line 3 is not TOML; write KEY = "VALUE"'),
        ('id = "x"\nhost = "y', 'line 2 is not TOML; write KEY = "VALUE"'),
        (f"id = {'9' * 5000}", 'line 1 is not TOML; write KEY = "VALUE"'),
        ('id = "x"\nid = "y"', "line 2: this key stands there already; keep one"),
        ("id = " + "[" * 5000, "nested too deep: no mapping; mend the path"),
        (b'id = "x"\nhost = "\xff"', "line 2 is not UTF-8; save the file as UTF-8"),
        ('id = "x"'.encode("utf-16"), "line 1 is not UTF-8; save the file as UTF-8"),
        ("#" * 70_000, "larger than 65,536 bytes: no mapping; mend the path"),
        ('tabel = "x"', "unknown key tabel; did you mean table?"),
        ('HOST = "x"', "unknown key HOST; did you mean host?"),
        ('"a b" = "x"', "unknown key 'a b'; stress provision --help lists the keys"),
        ('[table]\nid = "x"', 'table is a TOML table, not a text; write table = "customers"'),
        ('[[id]]\nx = "x"', 'id is a TOML table, not a text; write id = "COLUMN"'),
        ('table.name = "x"', 'table is a TOML table, not a text; write table = "customers"'),
        ('[tenants]\nid = "x"', "tenants is a TOML table; write the keys without a [table]"),
        ("host = 5", 'host is a number, not a text; write host = "COLUMN"'),
        ("host = 5.5", 'host is a number, not a text; write host = "COLUMN"'),
        ("host = true", 'host is true, not a text; write host = "COLUMN"'),
        ("host = []", 'host is a list, not a text; write host = "COLUMN"'),
        ("host = 2024-01-01", 'host is a date or time, not a text; write host = "COLUMN"'),
        ("version = true", 'version is true, not a text; write version = "COLUMN" or false'),
        ('active = " "', "active is empty; write active = \"state = 'live'\""),
        ('id = "\\u0000"', 'id holds a NUL, which no name can have; write id = "COLUMN"'),
        ('url = "x"\nport = "y"', "url and port both say where; keep url, or its parts"),
        ('cipher = "Fernet"', "no such cipher; did you mean fernet?"),
        ('cipher = "AES256GCM"', "no such cipher; did you mean aes-256-gcm?"),
        ('cipher = "rot13"', 'no such cipher; write cipher = "fernet" or "aes-256-gcm"'),
        ('cipher = ""', 'cipher is empty; write cipher = "fernet" or "aes-256-gcm"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_cure(content: str | bytes, told: str) -> None:
    assert refusal(content) == f"stress: --tenants-table t.toml: {told}"


def test_a_file_that_went_away_or_cannot_be_read_is_one_line() -> None:
    for path, told in (
        ("gone.toml", "no such file; mend the path"),
        (".", "a folder, not a file; name a file"),
        ("t.toml/x", "it cannot be read: not a directory; name another file"),
        ("a\0b", "it cannot be read: bad; name another file"),
    ):
        Path("t.toml").touch()
        with pytest.raises(UsageError) as caught:
            tenants_table.read(path)
        assert str(caught.value).endswith(f": {told}")


def test_a_file_without_permission_is_one_line() -> None:
    Path("t.toml").touch(mode=0)
    if os.access("t.toml", os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(UsageError, match="cannot be read: permission denied"):
        tenants_table.read("t.toml")


def test_the_path_is_shown_as_typed_and_cut_where_there_is_no_room() -> None:
    assert "--tenants-table 'my tables.toml': unknown key" in refusal('x = "y"', "my tables.toml")
    long = f"{'a' * 100}.toml"
    line = refusal("version = 5", long)
    assert line.startswith("stress: --tenants-table a...toml: version is a number, not a text; ")
    assert line.endswith('; write version = "COLUMN" or false')


def test_a_file_that_was_named_by_mistake_is_not_quoted() -> None:
    for content in (
        "ENCRYPTION_KEY=hunter2",
        'ENCRYPTION_KEY = "hunter2"',
        'cipher = "hunter2"',
        'password = ["hunter2"]',
        "hunter2",
    ):
        assert "hunter2" not in refusal(content)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1)
# Keys near the known ones, and values of every kind that TOML has.
ENTRIES = st.tuples(
    st.sampled_from(tenants_table.KEYS) | NAMES,
    st.sampled_from(["1", "true", "false", "[]", "{}", "{a = 1}", "[{}]", "1.5", '""', '"x"', "x"]),
)


def quoted(key: str) -> str:
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in key) + '"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ENTRIES, max_size=4).map(
        lambda entries: "\n".join(f"{quoted(key)} = {value}" for key, value in entries).encode()
    )
    | st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode(errors="replace")),
    NAMES.filter(lambda name: name not in (".", "..") and len(name.encode()) <= 200),
)
@example(b"a" * 1000 + b' = "x"', "t.toml")
@example('"漢\\u202e" = 1'.encode(), "\x1b[31m")
def test_any_file_is_read_or_is_one_clear_line(content: bytes, name: str) -> None:
    try:
        assert isinstance(read(content, name), TableMapping)
    except UsageError as error:
        for ascii_only in (False, True):
            line = error.line(ascii_only=ascii_only)
            assert line.startswith("stress: --tenants-table ")
            assert len(line) <= LINE_WIDTH
            assert line.isprintable()
            assert ": " in line.removeprefix("stress: ")
            assert "; " in line
    finally:
        Path(name).unlink(missing_ok=True)
