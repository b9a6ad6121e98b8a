"""The result file: a Result as JSON, with full precision, in the published schema.

    write(result, "run.json")       whole or not at all; "-" is standard output
    read("run.json")                the Result again, or one UsageError that says what is wrong

The file is ASCII where it could matter: control characters, which a terminal would obey, are
escaped, whichever tenant id or error message they came from.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from stress.errors import UsageError
from stress.report.files import hand_over
from stress.report.result import SCHEMA_VERSION, Result
from stress.report.visible import visible

TOLD = "standard output"
HOLDS = "every figure, histograms included"
MAX_BYTES = 1 << 30

# JSON itself escapes what is below U+0020; DEL, C1 and the line separators it leaves as they are.
_STEERING = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def encode(result: Result) -> bytes:
    """The result as indented JSON, one line ended."""
    try:
        compact = msgspec.json.encode(result)
    except UnicodeEncodeError:
        # A name that was no text (an undecodable file name) still must not cost the run its result.
        compact = msgspec.json.encode(_encodable(msgspec.to_builtins(result)))
    text = msgspec.json.format(compact, indent=1).decode()
    return (_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n").encode()


def write(result: Result, path: str) -> int:
    """Write the result; its size in bytes. UsageError where the file cannot be written."""
    return hand_over("--json", path, encode(result))


def read(path: str) -> Result:
    """The result in a file. UsageError if it is missing, cut off, foreign or of a newer version."""
    where = visible(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES)
    except OSError as error:
        what = (error.strerror or type(error).__name__).lower()
        raise UsageError(where, what, "name a file that --json wrote") from None
    return decode(data, where)


def decode(data: bytes, where: str) -> Result:
    """The result in these bytes; `where` names their origin in the error."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        if data.lstrip()[:1] == b"{" and b'"schema_version"' in data[:1000]:
            raise UsageError(where, _cut_off(data), "run it again") from None
        what = "empty" if not data.strip() else "not JSON"
        raise UsageError(where, what, "name a file that --json wrote") from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    if type(version) is not int or version < 1 or "verdict" not in found:
        raise UsageError(where, "JSON, but no result of stress", "name a file that --json wrote")
    if version > SCHEMA_VERSION:
        what = f"its schema_version is {version}, known is {SCHEMA_VERSION}"
        raise UsageError(where, what, "read it with a newer stress")
    try:
        return msgspec.convert(found, Result)
    except msgspec.ValidationError as error:
        raise UsageError(where, _mismatch(f"{error}"), "run it again with this stress") from None


def _cut_off(data: bytes) -> str:
    """`ends after 8,192 bytes inside "latency_ns"`: the field of the result that is incomplete."""
    depth, in_string, start, last, inside = 0, False, 0, "", '"schema_version"'
    text = data.decode("utf-8", "replace")
    position = 0
    while position < len(text):
        character = text[position]
        if in_string:
            if character == "\\":
                position += 1
            elif character == '"':
                in_string, last = False, text[start : position + 1]
        elif character == '"':
            in_string, start = True, position
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
        elif character == ":" and depth == 1:
            inside = last
        position += 1
    if depth <= 0 and not in_string:
        return "damaged: text follows its end, or a part of it is no JSON"
    return f"ends after {len(data):,} bytes inside {visible(inside)}"


def _mismatch(message: str) -> str:
    """msgspec's `Expected `int`, got `str` - at `$.requests.total`` in our form."""
    what, _, place = message.partition(" - at ")
    place = place.strip("`").removeprefix("$").lstrip(".")
    what = what[:1].lower() + what[1:].replace("`", "")
    return visible(f"{place}: {what}" if place else what)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_encodable(one) for one in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return value
