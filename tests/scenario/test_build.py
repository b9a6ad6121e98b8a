import os
import shlex
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.errors import SeveralErrors
from stress.scenario import build
from stress.scenario.command import command_of
from stress.scenario.control_plane import mistakes_of
from stress.scenario.options import OPTIONS
from stress.scenario.profiles import PROFILES
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario


def values(typed: dict[str, Any], environment: dict[str, str] | None = None) -> build.Values:
    """What the options collect, without a mistake; a flag is given as True."""
    found = {}
    for option in OPTIONS:
        text = typed.get(option.name)
        words = (
            []
            if text is None
            else [""]
            if text is True
            else list(text)
            if isinstance(text, list)
            else [text]
        )
        found[option.name], mistakes = option.collect(words, environment or {})
        assert not mistakes
    return found


def built(name: str = "heavy", environment: dict[str, str] | None = None, **typed: Any) -> Scenario:
    return build.scenario(PROFILES[name], values(typed, environment))


def refused(**typed: Any) -> list[str]:
    with pytest.raises(SeveralErrors) as raised:
        built(**typed)
    return [str(error) for error in raised.value.errors]


@pytest.mark.parametrize(
    ("name", "requests", "threads"), [("light", 100, 5), ("medium", 500, 10), ("heavy", 1000, 20)]
)
def test_a_profile_is_the_seeds(name: str, requests: int, threads: int) -> None:
    scenario = built(name)
    assert (scenario.name, scenario.requests, scenario.threads) == (name, requests, threads)
    assert (scenario.procs, scenario.duration_s, scenario.steady_s) == (1, None, 1.0)
    assert (scenario.warmup_passes, scenario.warmup_s) == (1, None)
    assert (scenario.tenants, scenario.keys, scenario.cache_ttl_s) == (None, "uniform", 300.0)
    assert (scenario.graceful_stop_s, scenario.reference, scenario.target) == (5.0, True, None)
    assert len(scenario.thresholds) == 10


def test_every_option_reaches_its_field() -> None:
    scenario = built(
        procs="4", threads="7", requests="123", steady="500ms", warmup="2s", graceful_stop="0",
        tenants="3", keys="zipf:0.99", cache_ttl="0s", seed="42", operation="resolve",
        target="mypkg:factory", progress="2s", no_reference=True, no_thresholds=True,
    )  # fmt: skip
    assert msgspec.structs.replace(scenario, thresholds=()) == Scenario(
        name="heavy", procs=4, threads=7, requests=123, steady_s=0.5, warmup_s=2.0,
        graceful_stop_s=0.0, tenants=3, keys="zipf:0.99", cache_ttl_s=0.0, seed=42,
        target="mypkg:factory", progress_s=2.0, reference=False,
    )  # fmt: skip
    assert [one.metric for one in scenario.thresholds] == ["isolation_violations"]
    assert scenario.lanes == 28


def test_fewer_requests_than_lanes_are_legal() -> None:
    assert built(procs="8", requests="1").requests == 1


@pytest.mark.parametrize("text", ["0", "0s", "0ms"])
def test_a_warm_up_of_zero_is_none(text: str) -> None:
    scenario = built(warmup=text)
    assert (scenario.warmup_passes, scenario.warmup_s) == (0, None)


def test_a_duration_takes_the_place_of_the_requests() -> None:
    scenario = built(duration="10s")
    assert (scenario.requests, scenario.duration_s) == (None, 10.0)


def test_two_ends_of_a_run_contradict() -> None:
    line = "stress: --requests 1000 and --duration 10s: both end the run; keep one"
    assert refused(requests="1000", duration="10s") == [line]
    variables = {"STRESS_REQUESTS": "5", "STRESS_DURATION": "1s"}
    with pytest.raises(SeveralErrors) as raised:
        built(environment=variables)
    (error,) = raised.value.errors
    assert str(error).startswith("stress: STRESS_REQUESTS=5 and STRESS_DURATION=1s: both end")


def test_a_typed_end_goes_before_one_in_the_environment() -> None:
    assert built(environment={"STRESS_DURATION": "1h"}, requests="7").requests == 7
    assert built(environment={"STRESS_REQUESTS": "7"}, duration="1s").duration_s == 1.0
    assert built(environment={"STRESS_REQUESTS": "7"}).requests == 7


def test_more_threads_than_a_machine_can_schedule_are_refused() -> None:
    (line,) = refused(procs="256", threads="40")
    assert line.endswith(": 10,240 threads in all, above 10,000; write --threads 39")
    assert built(procs="256", threads="39").lanes == 9984


def test_a_threshold_on_a_process_that_is_not_there_is_refused() -> None:
    (line,) = refused(procs="2", threshold=["resolve{process:2}:avg<1ms"])
    assert line.endswith(": no process 2; write process:1 or less, or --procs 3")
    assert built(procs="2", threshold=["resolve{process:1}:avg<1ms"]).procs == 2


def test_several_contradictions_are_all_said() -> None:
    lines = refused(requests="1", duration="1s", procs="256", threads="1000")
    assert len(lines) == 2


def test_a_typed_threshold_stands_beside_no_thresholds() -> None:
    scenario = built(no_thresholds=True, threshold=["resolve:max<1s"])
    assert [one.metric for one in scenario.thresholds] == ["isolation_violations", "resolve"]


def test_no_thresholds_takes_away_what_the_environment_names() -> None:
    variables = {"STRESS_THRESHOLD": "resolve:max<1s"}
    assert len(built(environment=variables).thresholds) == 11
    assert len(built(environment=variables, no_thresholds=True).thresholds) == 1
    variables["STRESS_NO_THRESHOLDS"] = "1"
    assert len(built(environment=variables).thresholds) == 2


def test_the_output_is_as_asked() -> None:
    plain = build.output(values({}), {})
    assert (plain.json, plain.quiet, plain.color) == (None, False, "auto")
    asked = build.output(values({"json": "-", "quiet": True, "no_color": True}), {})
    assert (asked.json, asked.quiet, asked.color) == ("-", True, "never")
    assert build.output(values({}), {"NO_COLOR": "1"}).color == "never"
    assert build.output(values({}), {"NO_COLOR": ""}).color == "auto"


SECONDS = st.integers(0, 10**7).map(lambda microseconds: microseconds / 10**6)
SCENARIOS = st.builds(
    lambda timed, duration_s, requests, **fields: Scenario(
        requests=None if timed else requests, duration_s=duration_s if timed else None, **fields
    ),
    timed=st.booleans(),
    duration_s=SECONDS.filter(bool),
    requests=st.integers(1, 10**12),
    name=st.sampled_from(sorted(PROFILES)),
    procs=st.integers(1, 256),
    threads=st.integers(1, 39),
    steady_s=SECONDS,
    warmup_s=st.none() | SECONDS.filter(bool),
    tenants=st.none() | st.integers(1, 10_000),
    keys=st.sampled_from(["uniform", "zipf:0.99", "hotspot:0.2:0.8", "seq"]),
    seed=st.integers(0, 2**63 - 1),
    cache_ttl_s=SECONDS | st.just(31_536_000.0),
    target=st.sampled_from([None, "mypkg:factory", "my path/file.py:a.b"]),
    graceful_stop_s=SECONDS,
    reference=st.booleans(),
    operation=st.sampled_from(["resolve", "query"]),
    tenants_table=st.sampled_from([None, os.path.relpath(__file__)]),
    max_connections=st.integers(1, 10_000),
    max_loads_per_s=SECONDS.filter(bool),
    allow_writes=st.booleans(),
    percentiles=st.sampled_from([(50.0, 95.0, 99.0), (50.0, 99.9), (99.999,)]),
)


@given(SCENARIOS)
def test_the_rebuilt_command_describes_the_same_run(scenario: Scenario) -> None:
    told = {**msgspec.to_builtins(scenario), "default_tenants": DEFAULT_EMBEDDED_TENANTS}
    told["target"] = scenario.target or "resolver"
    words = shlex.split(command_of(told))
    assert words[0] == "stress"
    typed: dict[str, Any] = {}
    names = {name: one for one in OPTIONS for name in (one.long, one.short) if name}
    rest = iter(words[2:])
    for word in rest:
        option = names[word]
        typed[option.name] = True if option.read is None else next(rest)
    again = msgspec.structs.replace(built(words[1], **typed), thresholds=())
    tenants = None if scenario.tenants == DEFAULT_EMBEDDED_TENANTS else scenario.tenants
    assert again == msgspec.structs.replace(scenario, tenants=tenants)


KEY, URL = "ENCRYPTION_KEY", "DATABASE_URL"


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        ({}, []),
        ({URL: "postgresql://a:secret@b/c"},
         ["stress: ENCRYPTION_KEY: not set; DATABASE_URL needs it: export ENCRYPTION_KEY=…"]),
        ({KEY: "secret"},
         ["stress: DATABASE_URL: not set; ENCRYPTION_KEY needs it: export DATABASE_URL=…"]),
        ({URL: "", KEY: "secret"},
         ["stress: DATABASE_URL: set but empty; give it a value, or: unset DATABASE_URL"]),
        ({URL: " "},
         ["stress: DATABASE_URL: set but empty; give it a value, or: unset DATABASE_URL"]),
        ({URL: "", KEY: ""},
         ["stress: DATABASE_URL: set but empty; give it a value, or: unset DATABASE_URL",
          "stress: ENCRYPTION_KEY: set but empty; give it a value, or: unset ENCRYPTION_KEY"]),
        ({URL: "postgresql://a:secret@b/c", KEY: "secret"},
         []),
    ],
)  # fmt: skip
def test_half_a_control_plane_is_never_a_silent_change_of_backend(
    environment: dict[str, str], lines: list[str]
) -> None:
    assert [str(error) for error in mistakes_of(environment)] == lines
