"""From an option's text to its value, one reader for each kind; Misread says what is wrong."""

from __future__ import annotations

import os

from stress.errors import as_typed
from stress.scenario import keys, units
from stress.scenario.metrics import CHECK_IDS
from stress.scenario.option import Reader
from stress.scenario.spelling import nearest
from stress.scenario.units import Misread

MAX_REQUESTS = 10**12
MAX_PASSES = 1_000
MAX_SEED = 2**63 - 1
MAX_CONNECTIONS = 10_000
MAX_PERCENTILES = 8
OPERATIONS = ("resolve", "query")


def whole(lowest: int, highest: int, too_few: str, upper: str | None = None) -> Reader:
    """A whole number in these bounds."""
    cure = f"write {lowest} to {upper or f'{highest:,}'}"
    return lambda text: units.whole(text, lowest, highest, too_few, cure)


def duration(zero: str | None = None, example: str = "5s") -> Reader:
    """A duration in seconds."""
    return lambda text: units.duration_s(text, zero=zero, example=example)


def warmup(text: str) -> int | float:
    """Passes over all tenants as a whole number, or a time in seconds as a float."""
    if text.isascii() and text.isdigit():
        return units.whole(text, 0, MAX_PASSES, "too few passes", f"write 0 to {MAX_PASSES:,}")
    return float(units.duration_s(text, zero=None, example="5s"))


def operation(text: str) -> str:
    """What one request does."""
    if text in OPERATIONS:
        return text
    near = nearest(text, OPERATIONS)
    raise Misread(
        "no such operation", f"did you mean {near}?" if near else "write resolve or query"
    )


def rate(zero: str, example: str) -> Reader:
    """A rate above 0, per second."""

    def read(text: str) -> float:
        value = float(units.rate_per_s(text))
        if not value:
            raise Misread(zero, f"write {example}")
        return value

    return read


def percentiles(text: str) -> tuple[float, ...]:
    """Several percentiles, rising, each above 0 and at most 100."""
    found: list[float] = []
    for part in text.split(","):
        value = float(units.number(part.strip(), "write 50,95,99,99.9"))
        if not 0 < value <= 100:
            raise Misread(f"there is no {part.strip()}th percentile", "write 50,95,99,99.9")
        if value not in found:
            found.append(value)
    if len(found) > MAX_PERCENTILES:
        raise Misread(f"at most {MAX_PERCENTILES} have room", "write 50,95,99,99.9")
    return tuple(sorted(found))


def check(text: str) -> str:
    """The id of a check."""
    if text in CHECK_IDS:
        return text
    near = nearest(text, CHECK_IDS)
    raise Misread("no such check", f"did you mean {near}?" if near else f"write {CHECK_IDS[0]}")


def readable_file(path: str) -> str:
    """A path to a file that can be read; what stands in it is looked at later."""
    if not os.path.exists(path):
        raise Misread("no such file", "mend the path")
    if not os.path.isfile(path):
        raise Misread("a folder, not a file" if os.path.isdir(path) else "no file", "name a file")
    if not os.access(path, os.R_OK):
        raise Misread("this file may not be read", f"chmod u+r {as_typed(path)}")
    return path


def key_sequence(text: str) -> str:
    """The sequence of tenants, in its canonical spelling."""
    return str(keys.parse(text))


def folder_of_binaries(path: str) -> str:
    """A folder with PostgreSQL's programs."""
    cure = "name the folder that holds initdb and postgres"
    if not os.path.isdir(path):
        raise Misread("no such folder", cure)
    for folder, fault in ((path, None), (os.path.join(path, "bin"), path)):
        if all(os.access(os.path.join(folder, name), os.X_OK) for name in ("initdb", "postgres")):
            if fault is not None:
                raise Misread("no initdb there", f"write {folder}")
            return path
    missing = "initdb" if not os.access(os.path.join(path, "initdb"), os.X_OK) else "postgres"
    raise Misread(f"no {missing} there", cure)


def one_of(choices: tuple[str, ...], noun: str) -> Reader:
    """One of a few words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        near = nearest(text, choices)
        cure = f"did you mean {near}?" if near else f"write {'|'.join(choices)}"
        raise Misread(f"no such {noun}", cure)

    return read


def name(text: str) -> str:
    """A Python name."""
    if not text.isidentifier():
        raise Misread("no Python name", "write the name alone, without brackets")
    return text


def name_and_value(text: str) -> str:
    """NAME=VALUE, as typed; the value may be empty."""
    found, equals, _ = text.partition("=")
    if not equals or not found.isidentifier():
        raise Misread("not NAME=VALUE", "write ttl_seconds=300")
    return text


def target(text: str) -> str:
    """A target as typed."""
    # Whether it is there is looked up by stress.target.spec; only its form is seen here.
    place, colon, name = text.rpartition(":")
    if not (place and colon and name):
        raise Misread("not MODULE:NAME or FILE.py:NAME", "write mypkg:factory")
    return text
