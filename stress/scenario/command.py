"""The command that runs a scenario, rebuilt from its validated values, never from argv as typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from stress.scenario.scenario import DEFAULT_SEED, Scenario

PROFILE_REQUESTS = {"light": 100, "medium": 500, "heavy": 1000}
PROFILE_THREADS = {"light": 5, "medium": 10, "heavy": 20}


def told_target(spec: str) -> str:
    """The target as it may stand in a file: no absolute path."""
    place, _, name = spec.rpartition(":")
    return f"{os.path.basename(place)}:{name}" if os.path.isabs(place) else spec


def command_of(told: Mapping[str, Any], **changed: Any) -> str:
    """`stress NAME` with the options that differ from the profile's defaults."""
    values = {**told, **changed}
    if "requests" in changed:
        values["duration_s"] = None
    name = values["name"]
    words = ["stress", name]
    if values["target"] not in (None, "resolver"):
        words += ["--target", told_target(values["target"])]
    if values["procs"] != 1:
        words += ["--procs", f"{values['procs']}"]
    if values["threads"] != PROFILE_THREADS.get(name):
        words += ["--threads", f"{values['threads']}"]
    if values["duration_s"] is not None:
        words += ["--duration", f"{values['duration_s']:g}s"]
    elif values["requests"] != PROFILE_REQUESTS.get(name):
        words += ["-n", f"{values['requests']}"]
    if values["steady_s"] != Scenario().steady_s:
        words += ["--steady", f"{values['steady_s']:g}s"]
    if values["warmup_s"] is not None:
        words += ["--warmup", f"{values['warmup_s']:g}s"]
    elif values["warmup_passes"] != 1:
        words += ["--warmup", f"{values['warmup_passes']}"]
    if values["tenants"] not in (None, told.get("default_tenants")):
        words += ["--tenants", f"{values['tenants']}"]
    if values["keys"] != "uniform":
        words += ["--keys", values["keys"]]
    if values["cache_ttl_s"] != Scenario().cache_ttl_s:
        words += ["--cache-ttl", f"{values['cache_ttl_s']:g}s"]
    if values["seed"] != DEFAULT_SEED:
        words += ["--seed", f"{values['seed']}"]
    return shlex.join(words)
