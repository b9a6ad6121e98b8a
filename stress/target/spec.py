"""From `--target SPEC` to the named object: `package.module:name` or `path/file.py:name`."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from stress.errors import TargetError, UsageError
from stress.redact import Redactor

OURS = "stress.target.ours:target"


def locate(spec: str) -> None:
    """Look for the file or module without importing it. UsageError says what is missing."""
    where = f"--target {spec}"
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(
            where, "not of the form MODULE:NAME or FILE.py:NAME", "write mypkg:factory"
        )
    if place.endswith(".py") or os.sep in place:
        if not Path(place).is_file():
            raise UsageError(where, f"no file {place}", "mend the path")
        return
    if not all(part.isidentifier() for part in place.split(".")):
        raise UsageError(where, f"{place} is no module name", "write mypkg.module:name")
    _find_module(where, place)


def _find_module(where: str, module: str) -> None:
    """Walk the packages down by their search paths: importing a parent would run its code."""
    search: list[str] | None = [os.getcwd(), *sys.path]
    walked = ""
    for part in module.split("."):
        walked = f"{walked}.{part}" if walked else part
        if walked in sys.builtin_module_names:
            return
        found = importlib.machinery.PathFinder.find_spec(walked, search)
        if found is None:
            raise UsageError(
                where, f"no module {walked}", "install it or start stress in its folder"
            )
        locations = found.submodule_search_locations
        search = list(locations) if locations is not None else []


def load(spec: str) -> Any:
    """Import the named object. TargetError in one line."""
    where = f"--target {spec}"
    place, _, name = spec.rpartition(":")
    try:
        found: Any = _import(place)
    except Exception as error:
        raise TargetError(
            where, f"importing it raised {Redactor().brief(error)}", "mend it"
        ) from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise TargetError(
                where, f"{_stem(place)} has no {name}", "name a class or function of it"
            )
        found = getattr(found, part)
    return found


def _import(place: str) -> ModuleType:
    current = os.getcwd()
    if sys.path[:1] != [current]:
        sys.path.insert(0, current)
    if not (place.endswith(".py") or os.sep in place):
        return importlib.import_module(place)
    name = _stem(place)
    found = importlib.util.spec_from_file_location(name, place)
    if found is None or found.loader is None:
        raise ImportError(f"{place} cannot be loaded")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickle look their module up by name
    found.loader.exec_module(module)
    return module


def _stem(place: str) -> str:
    return Path(place).stem if place.endswith(".py") or os.sep in place else place
