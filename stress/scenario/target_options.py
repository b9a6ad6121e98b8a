"""The options that say what is tested, and how it is to be taken."""

from __future__ import annotations

from stress.scenario import readers
from stress.scenario.option import Option

KINDS = ("by-hand", "class", "object", "resolve", "factory")
BUILDS = ("parent", "worker")
SCOPES = ("process", "host")

TARGET_OPTIONS: tuple[Option, ...] = (
    Option(
        "--target",
        "Target",
        "what to test: MODULE:NAME or FILE.py:NAME",
        readers.target,
        "SPEC",
        "mypkg:factory",
        "our resolver",
    ),
    Option(
        "--target-arg",
        "Target",
        "a parameter of the target; may be given again",
        readers.name_and_value,
        "NAME=VALUE",
        "region=eu",
        "by its name",
        many=True,
    ),
    Option(
        "--target-method",
        "Target",
        "its method that resolves",
        readers.name,
        "NAME",
        "get_tenant",
        "found",
    ),
    Option(
        "--target-kind",
        "Target",
        "take it as by-hand, class, object, resolve or factory",
        readers.one_of(KINDS, "kind"),
        "KIND",
        "factory",
        "found",
    ),
    Option(
        "--target-build",
        "Target",
        "make it in the parent, before the fork, or in each worker",
        readers.one_of(BUILDS, "place"),
        "WHERE",
        "parent",
        "worker",
    ),
    Option(
        "--target-scope",
        "Target",
        "judge it as one cache for the host, or for each process",
        readers.one_of(SCOPES, "scope"),
        "SCOPE",
        "process",
        "host",
    ),
    Option(
        "--target-ttl",
        "Target",
        "its TTL, where it takes none and states none",
        readers.duration("a TTL of 0 caches nothing", "300s"),
        "TIME",
        "300s",
        "found",
    ),
    Option(
        "--target-release",
        "Target",
        "method that gives a raw connection back",
        readers.name,
        "METHOD",
        "putconn",
        "close",
    ),
    Option("--strict-ttl", "Target", "its TTL counts from the load's start, not from its end"),
)
