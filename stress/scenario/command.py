"""The command that runs a scenario, rebuilt from its validated values, never from argv as typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from stress.scenario.phases import EXPIRY_TTL_S, PHASES
from stress.scenario.profiles import PROFILES
from stress.scenario.scenario import DEFAULT_SEED, Scenario
from stress.scenario.units import duration_text, figure_text, rate_text


def told_target(spec: str) -> str:
    """The target as it may stand in a file: no absolute path."""
    place, _, name = spec.rpartition(":")
    return f"{told_path(place)}:{name}"


def told_path(path: str) -> str:
    """A path as it may stand in a file: the name alone of an absolute one."""
    return os.path.basename(path) if os.path.isabs(path) else path


def command_of(told: Mapping[str, Any], **changed: Any) -> str:
    """`stress NAME` with the options that differ from the profile's defaults."""
    values = {**told, **changed}
    if "requests" in changed:
        values["duration_s"] = None
    name = values["name"]
    default = Scenario()
    profile = PROFILES.get(name)
    words = ["stress", name]
    words += _of_target(values)
    if values["procs"] != (PHASES[name].procs if name in PHASES else 1):
        words += ["--procs", f"{values['procs']}"]
    if values["threads"] != (profile or PHASES[name]).threads:
        words += ["--threads", f"{values['threads']}"]
    if name in PHASES:
        return shlex.join([*words, *_of_tenants(values, told, name)])
    if values["duration_s"] is not None:
        words += ["--duration", duration_text(values["duration_s"])]
    elif profile is not None and values["requests"] != profile.requests:
        words += ["-n", f"{values['requests']}"]
    if values["steady_s"] != default.steady_s:
        words += ["--steady", duration_text(values["steady_s"])]
    if values["warmup_s"] is not None:
        words += ["--warmup", duration_text(values["warmup_s"])]
    elif values["warmup_passes"] != 1:
        words += ["--warmup", f"{values['warmup_passes']}"]
    words += _of_tenants(values, told, name)
    if values.get("graceful_stop_s", default.graceful_stop_s) != default.graceful_stop_s:
        words += ["--graceful-stop", duration_text(values["graceful_stop_s"])]
    if not values.get("reference", True):
        words += ["--no-reference"]
    return shlex.join(words)


def _of_target(values: Mapping[str, Any]) -> list[str]:
    """What is tested, and how it is taken."""
    if values["target"] in (None, "resolver"):
        return []
    words = ["--target", told_target(values["target"])]
    for given in values.get("target_args", ()):
        # A value may be anything, a secret too: its name tells who knows it what to write.
        words += ["--target-arg", f"{given.partition('=')[0]}=…"]
    for name in ("kind", "build", "method", "scope", "release"):
        if values.get(f"target_{name}") is not None:
            words += [f"--target-{name}", values[f"target_{name}"]]
    if values.get("target_ttl_s") is not None:
        words += ["--target-ttl", duration_text(values["target_ttl_s"])]
    if values.get("strict_ttl"):
        words += ["--strict-ttl"]
    return words


def _of_tenants(values: Mapping[str, Any], told: Mapping[str, Any], name: str) -> list[str]:
    """The options that every command has."""
    default_ttl_s = EXPIRY_TTL_S if name == "expiry" else Scenario().cache_ttl_s
    words = []
    if values["tenants"] not in (None, told.get("default_tenants")):
        words += ["--tenants", f"{values['tenants']}"]
    if values["keys"] != "uniform":
        words += ["--keys", values["keys"]]
    if values["cache_ttl_s"] != default_ttl_s:
        words += ["--cache-ttl", duration_text(values["cache_ttl_s"])]
    if values["seed"] != DEFAULT_SEED:
        words += ["--seed", f"{values['seed']}"]
    return words + _of_control_plane(values)


def _of_control_plane(values: Mapping[str, Any]) -> list[str]:
    """The options that a control plane of the user's calls for, and those that every command has
    beside them."""
    words = []
    default = Scenario()
    if values.get("operation", default.operation) != default.operation:
        words += ["--operation", values["operation"]]
    if values.get("tenants_table") is not None:
        words += ["--tenants-table", told_path(values["tenants_table"])]
    if values.get("max_connections", default.max_connections) != default.max_connections:
        words += ["--max-connections", f"{values['max_connections']}"]
    if values.get("max_loads_per_s", default.max_loads_per_s) != default.max_loads_per_s:
        words += ["--max-loads", rate_text(values["max_loads_per_s"])]
    if values.get("allow_writes"):
        words += ["--allow-writes"]
    for check in values.get("checks", ()):
        words += ["--check", check]
    if values.get("budget_s") is not None:
        words += ["--budget", duration_text(values["budget_s"])]
    percentiles = tuple(values.get("percentiles") or default.percentiles)
    if percentiles != default.percentiles:
        words += ["--percentiles", ",".join(figure_text(one) for one in percentiles)]
    return words
