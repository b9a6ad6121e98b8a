"""The published JSON Schema of the result file, generated from the structs of `result`.

`python -m stress.report.schema` prints it; schema.json beside this file is that text, and a test
holds them equal.
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import Any

import msgspec

from stress.report.result import SCHEMA_VERSION, Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A name, not a place: nothing is fetched. It changes with the version alone.
IDENTIFIER = f"urn:tenant-stress:result:{SCHEMA_VERSION}"


def generate() -> dict[str, Any]:
    """The schema of a Result, draft 2020-12."""
    _, definitions = msgspec.json.schema_components([Result], ref_template="#/$defs/{name}")
    root = definitions.pop("Result")
    root["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    # A reader without this program must be able to rely on every field being there.
    for part in (root, *definitions.values()):
        part["required"] = list(part["properties"])
    return {
        "$schema": DIALECT,
        "$id": IDENTIFIER,
        "title": "Result of a stress run",
        "description": root.pop("description"),
        **{key: value for key, value in root.items() if key != "title"},
        "$defs": definitions,
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(generate(), indent=2, ensure_ascii=False) + "\n"


def published() -> str:
    """The text of the file beside this module."""
    return resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(text())
