"""From validated values to a Scenario and an Output: defaults, and values that contradict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stress.errors import SeveralErrors, UsageError
from stress.scenario import thresholds
from stress.scenario.given import Given
from stress.scenario.output import Output
from stress.scenario.profiles import Profile
from stress.scenario.scenario import MAX_LANES, Scenario

Values = Mapping[str, Sequence[Given[Any]]]

# Options whose value is the Scenario's field.
_FIELDS = {
    "procs": "procs",
    "graceful_stop": "graceful_stop_s",
    "steady": "steady_s",
    "tenants": "tenants",
    "keys": "keys",
    "seed": "seed",
    "cache_ttl": "cache_ttl_s",
    "operation": "operation",
    "target": "target",
    "pg_bin": "pg_bin",
    "progress": "progress_s",
    "tenants_table": "tenants_table",
    "target_kind": "target_kind",
    "target_build": "target_build",
    "target_method": "target_method",
    "target_ttl": "target_ttl_s",
    "target_scope": "target_scope",
    "target_release": "target_release",
    "strict_ttl": "strict_ttl",
    "max_connections": "max_connections",
    "max_loads": "max_loads_per_s",
    "allow_writes": "allow_writes",
    "budget": "budget_s",
    "percentiles": "percentiles",
}


def scenario(profile: Profile, values: Values) -> Scenario:
    """The Scenario of a profile with the values that were given, by option name.

    Raises SeveralErrors with a line for each contradiction.
    """
    mistakes = [*_two_ends(values), *_too_many_lanes(profile, values), *_no_such_process(values)]
    if mistakes:
        raise SeveralErrors(mistakes)
    fields: dict[str, Any] = {
        field: values[name][0].value for name, field in _FIELDS.items() if values.get(name)
    }
    end = _end(values)
    fields["requests"] = profile.requests
    if end == "duration":
        fields["requests"] = None
        fields["duration_s"] = values["duration"][0].value
    elif end == "requests":
        fields["requests"] = values["requests"][0].value
    if warmup := values.get("warmup"):
        amount = warmup[0].value
        in_time = isinstance(amount, float) and amount > 0
        fields.update({"warmup_s": amount} if in_time else {"warmup_passes": int(amount)})
    return Scenario(
        name=profile.name,
        threads=_value(values, "threads", profile.threads),
        thresholds=_thresholds(profile, values),
        reference=not _value(values, "no_reference", False),
        target_args=tuple(given.value for given in values.get("target_arg", ())),
        checks=tuple(dict.fromkeys(given.value for given in values.get("check", ()))),
        **fields,
    )


def output(values: Values, environment: Mapping[str, str]) -> Output:
    """Where the report goes, and how it looks. NO_COLOR counts when it is not empty."""
    colorless = _value(values, "no_color", False) or environment.get("NO_COLOR")
    return Output(
        json=_value(values, "json", None),
        history=_value(values, "history", None),
        quiet=_value(values, "quiet", False),
        color="never" if colorless else "auto",
    )


def _value(values: Values, name: str, default: Any) -> Any:
    given = values.get(name)
    return given[0].value if given else default


def _end(values: Values) -> str | None:
    """Which option ends the run. What was typed goes before what stands in the environment."""
    ends = [name for name in ("requests", "duration") if values.get(name)]
    typed = [name for name in ends if not values[name][0].word.from_environment]
    return next(iter(typed or ends), None)


def _two_ends(values: Values) -> list[UsageError]:
    ends = [values[name][0].word for name in ("requests", "duration") if values.get(name)]
    if len(ends) < 2 or ends[0].from_environment != ends[1].from_environment:
        return []
    where = f"{ends[0].where} and {ends[1].where}"
    return [UsageError(where, "both end the run", "keep one")]


def _too_many_lanes(profile: Profile, values: Values) -> list[UsageError]:
    procs = _value(values, "procs", 1)
    threads = _value(values, "threads", profile.threads)
    if procs * threads <= MAX_LANES:
        return []
    where = " and ".join(
        values[name][0].word.where for name in ("procs", "threads") if values.get(name)
    )
    what = f"{procs * threads:,} threads in all, above {MAX_LANES:,}"
    return [UsageError(where, what, f"write --threads {MAX_LANES // procs}")]


def _no_such_process(values: Values) -> list[UsageError]:
    procs = _value(values, "procs", 1)
    mistakes = []
    for given in values.get("threshold", ()):
        process = given.value.labels.get("process")
        if process is not None and int(process) >= procs:
            cure = f"write process:{procs - 1} or less, or --procs {int(process) + 1}"
            mistakes.append(UsageError(given.word.where, f"no process {process}", cure))
    return mistakes


def _thresholds(profile: Profile, values: Values) -> tuple[thresholds.Threshold, ...]:
    """Built-in and own ones. `--no-thresholds` takes away the built-in ones but isolation, and what
    the environment names; a threshold typed beside it is meant."""
    built_in = thresholds.built_in(profile.name)
    own = list(values.get("threshold", ()))
    if _value(values, "no_thresholds", False):
        built_in = thresholds.only_isolation(built_in)
        if not values["no_thresholds"][0].word.from_environment:
            own = [given for given in own if not given.word.from_environment]
    return thresholds.merge(built_in, [given.value for given in own])
