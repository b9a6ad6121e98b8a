"""`--tenants-table FILE.toml`: the shape of a control plane's table, or one line that says what is
wrong with the file. Names of keys are shown; values never are: the file may be the wrong one."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from resolver.errors import ConfigurationError
from resolver.keyring import AES_256_GCM, FERNET
from resolver.table import TableMapping
from stress.errors import UsageError, as_typed
from stress.scenario.spelling import nearest
from stress.scenario.units import Misread

OPTION = "--tenants-table"
KEYS = tuple(field.name for field in fields(TableMapping))
MOST_BYTES = 65_536
"""A mapping has eleven keys; a file beyond this size is another one, given by mistake."""

_PARTS = ("host", "port", "database", "username", "password")
_CIPHERS = (FERNET, AES_256_GCM)
_EXAMPLES = {
    "table": 'table = "customers"',
    "active": "active = \"state = 'live'\"",
    "version": 'version = "COLUMN" or false',
    "cipher": f'cipher = "{FERNET}" or "{AES_256_GCM}"',
}
_KINDS = {int: "a number", float: "a number", list: "a list"}


def read(path: str) -> TableMapping:
    """The mapping that stands in a file; UsageError where there is none. An empty file is the
    default shape."""
    try:
        return _mapping(_parsed(_text(path)))
    except Misread as misread:
        # `from None`, outside the readers: what the file holds stays out of every traceback.
        raise UsageError(f"{OPTION} {as_typed(path)}", misread.what, misread.mend) from None


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Misread("no such file", "mend the path") from None
    except IsADirectoryError:
        raise Misread("a folder, not a file", "name a file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "bad"
        raise Misread(f"it cannot be read: {reason.lower()}", "name another file") from None
    if len(raw) > MOST_BYTES:
        raise Misread(f"larger than {MOST_BYTES:,} bytes: no mapping", "mend the path")
    try:
        return raw.decode("utf-8-sig")  # with the mark that some editors put at the beginning
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Misread(f"line {line} is not UTF-8", "save the file as UTF-8") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Misread("nested too deep: no mapping", "mend the path") from None
    except ValueError as error:  # TOMLDecodeError is one; a number of too many digits another
        said = str(error)
    found = re.search(r"\(at line (\d+)", said)
    line = int(found[1]) if found else max(1, len(text.splitlines()))
    if said.startswith("Cannot overwrite a value"):
        raise Misread(f"line {line}: this key stands there already", "keep one")
    raise Misread(f"line {line} is not TOML", 'write KEY = "VALUE"')


def _mapping(keys: Mapping[str, Any]) -> TableMapping:
    for key, value in keys.items():
        _check(key, value)
    if "url" in keys and (beside := [part for part in _PARTS if part in keys]):
        raise Misread(f"url and {beside[0]} both say where", "keep url, or its parts")
    try:
        return TableMapping.from_keys(keys)
    except ConfigurationError as error:
        # Whatever a mapping refuses beyond what was looked at above.
        raise Misread(str(error), f"write {_EXAMPLES['table']}") from None


def _check(key: str, value: Any) -> None:
    if key not in KEYS:
        near = nearest(key.lower(), KEYS)
        if near is not None:
            raise Misread(f"unknown key {as_typed(key)}", f"did you mean {near}?")
        if _is_table(value):
            raise Misread(f"{as_typed(key)} is a TOML table", "write the keys without a [table]")
        raise Misread(f"unknown key {as_typed(key)}", "stress provision --help lists the keys")
    example = "write " + _EXAMPLES.get(key, f'{key} = "COLUMN"')
    if key == "version" and value is False:
        return
    if _is_table(value):
        raise Misread(f"{key} is a TOML table, not a text", example)
    if not isinstance(value, str):
        truth = f"{value}".lower() if isinstance(value, bool) else None
        kind = truth or _KINDS.get(type(value), "a date or time")
        raise Misread(f"{key} is {kind}, not a text", example)
    if not value.strip():
        raise Misread(f"{key} is empty", example)
    if "\0" in value:
        raise Misread(f"{key} holds a NUL, which no name can have", example)
    if key == "cipher" and value not in _CIPHERS:
        near = nearest(value.lower(), _CIPHERS)
        raise Misread("no such cipher", f"did you mean {near}?" if near else example)


def _is_table(value: Any) -> bool:
    """[key], [[key]], or key = {…}."""
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )
