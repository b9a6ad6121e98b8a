"""How a named thing is taken, what its parameters are given, and which method resolves."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from stress.errors import LINE_WIDTH, TargetError
from stress.target.arguments import fill
from stress.target.kinds import kind_of, method_of
from stress.target.recipe import Recipe


class ByHand:
    def __init__(self, context: Any) -> None: ...


class SeedShape:
    def __init__(self, cache_ttl: int = 300) -> None: ...

    def resolve(self, tenant_id: str) -> str:
        return tenant_id


@dataclass
class Data:
    database_url: str
    ttl_seconds: int = 60

    def get_engine(self, tenant_id: str) -> str:
        return tenant_id


class Callable_:
    def __call__(self, tenant_id: str) -> str:
        return tenant_id


def by_hand(context: Any, more: int = 1) -> None: ...
def resolve(tenant_id: str, timeout: float = 1.0) -> None: ...
def factory() -> None: ...
def factory_of(database_url: str, key: str) -> None: ...
def two(tenant_id: str, region: str) -> None: ...


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        (ByHand, "by-hand"),
        (by_hand, "by-hand"),
        (SeedShape, "class"),
        (Data, "class"),
        (SeedShape(), "object"),
        (SimpleNamespace(get_tenant=resolve), "object"),
        (Callable_(), "object"),
        (resolve, "resolve"),
        (SeedShape().resolve, "resolve"),
        (factory, "factory"),
        (factory_of, "factory"),
        (two, "factory"),
        (lambda: None, "factory"),
        (3, None),
        ("resolve", None),
        (SimpleNamespace(other=resolve), None),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_kind_is_found_by_what_a_thing_is(named: Any, kind: str | None) -> None:
    assert kind_of(named) == kind


def test_the_first_method_of_the_list_is_taken_unless_one_is_named() -> None:
    both = SimpleNamespace(get_engine=resolve, resolve=resolve)
    assert method_of("--target x", both, None) == "resolve"
    assert method_of("--target x", both, "get_engine") == "get_engine"
    assert method_of("--target x", Callable_(), None) == "__call__"


def test_no_method_is_a_line_that_lists_the_candidates() -> None:
    class Odd:
        def lookup(self, tenant: str) -> None: ...
        def find(self, one: str, two: str) -> None: ...
        def _hidden(self, one: str) -> None: ...

    with pytest.raises(TargetError) as caught:
        method_of("--target mine.py:Odd", Odd(), None)
    assert str(caught.value) == (
        "stress: --target mine.py:Odd: Odd has no method that resolves; "
        "name one: --target-method lookup"
    )


def test_a_coroutine_is_told() -> None:
    class Later:
        async def resolve(self, tenant_id: str) -> None: ...

    with pytest.raises(TargetError, match="coroutine; async is not supported yet"):
        method_of("--target x", Later(), None)


class Context:
    cache_ttl = 300.0
    control_plane_url = "postgresql+psycopg2://u:secret@h/d"
    encryption_key = "the-key"
    procs, threads, lease = 2, 20, 5.0
    control_plane = SimpleNamespace(load=resolve)


CONTEXT: Any = Context()


def test_parameters_are_filled_by_name() -> None:
    def made(dsn, key, ttl_seconds, /, *, loader, procs=1, region="eu", **more): ...  # type: ignore

    found = fill("--target x", made, CONTEXT, {"region": "us", "extra": "1"})
    assert found.positional == (Context.control_plane_url, "the-key", 300)
    assert found.named == {"loader": resolve, "procs": 2, "region": "us", "extra": "1"}
    assert found.ttl == "ttl_seconds"
    assert "secret" not in str(found.told)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [(int, "7", 7), (float, "0.5", 0.5), (bool, "no", False), ("int", "7", 7), (str, "7", "7")],
)
def test_a_value_is_converted_as_its_parameter_says(annotation, text: str, value: Any) -> None:
    def made(size): ...  # type: ignore

    made.__annotations__ = {"size": annotation}
    assert fill("--target x", made, CONTEXT, {"size": text}).named == {"size": value}


def test_what_is_missing_or_too_much_is_one_line() -> None:
    def made(database_url: str, region: str, size: int = 1) -> None: ...

    cases: list[tuple[dict[str, str], str]] = [
        ({}, "nothing is known for its parameter region; write --target-arg region=VALUE"),
        ({"region": "eu", "colour": "red"}, "--target-arg colour: it has no such parameter"),
        ({"region": "eu", "size": "big"}, "--target-arg size=big: big is no int"),
    ]
    for own, told in cases:
        with pytest.raises(TargetError) as caught:
            fill("--target mine.py:made", made, CONTEXT, own)
        assert told in str(caught.value)
        assert len(str(caught.value)) <= LINE_WIDTH


def test_what_a_constructor_raises_is_told_without_its_secrets() -> None:
    class Broken:
        def __init__(self, database_url: str) -> None:
            raise ValueError(f"cannot use {database_url}")

        def resolve(self, tenant_id: str) -> None: ...

    with pytest.raises(TargetError) as caught:
        Recipe("mine.py:Broken").make(Broken, CONTEXT)
    assert "building it raised ValueError: cannot use" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None
