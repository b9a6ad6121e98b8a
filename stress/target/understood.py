"""What the options of a run say of its target, and the environment that it finds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from stress.scenario.control_plane import DATABASE_URL, ENCRYPTION_KEY
from stress.scenario.scenario import Scenario
from stress.target import spec
from stress.target.protocol import Facts
from stress.target.recipe import Recipe


def recipe_of(scenario: Scenario) -> Recipe:
    """The recipe of the target that a scenario names; our own where it names none."""
    if scenario.target is None:
        return Recipe(spec.OURS, ours=True)
    kind: Any = scenario.target_kind
    build: Any = scenario.target_build
    return Recipe(
        scenario.target,
        kind=kind,
        method=scenario.target_method,
        build=build,
        arguments=dict(given.partition("=")[::2] for given in scenario.target_args),
    )


def with_options(facts: Facts, scenario: Scenario) -> Facts:
    """The facts with what the user says of the target: its scope, and a TTL that nobody knew."""
    scope: Any = scenario.target_scope or facts.scope
    ttl_s, ttl_from = facts.ttl_s, facts.ttl_from
    if ttl_s is None and scenario.target_ttl_s is not None:
        ttl_s, ttl_from = scenario.target_ttl_s, "--target-ttl"
    return msgspec.structs.replace(facts, scope=scope, ttl_s=ttl_s, ttl_from=ttl_from)


@contextmanager
def environment_of(control_plane_url: str, encryption_key: str) -> Iterator[None]:
    """DATABASE_URL and ENCRYPTION_KEY as a target finds them: those of the run's control plane."""
    former = {name: os.environ.get(name) for name in (DATABASE_URL, ENCRYPTION_KEY)}
    os.environ[DATABASE_URL], os.environ[ENCRYPTION_KEY] = control_plane_url, encryption_key
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
