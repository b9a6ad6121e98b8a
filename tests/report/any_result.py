"""Results of every shape that the types allow: empty lists, missing figures, huge counts, hostile
text in every field that holds text. Drawn from a seed, since hypothesis takes minutes for values of
this size; a failure is repeated by its seed."""

from __future__ import annotations

import types
import typing
from random import Random
from typing import Any

import msgspec

from stress.report.result import Result, ThresholdResult

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "tenant\r\nPASS (exit 0)",
    "\x7f\x08\x08",
    "\u202egnp.exe",
    "\u2028\u2066\ufeff",
    "名前" * 30,
    "e\u0301" * 20,
    "👩\u200d🔬",
    "x" * 200,
    "\udc80",
    "",
    " ",
    " · ",
)
COUNTS = (0, 1, 2, 9, 10, 20, 999, 1000, 10**6, 2_840_512, 10**12, 10**15)
FIGURES = (0.0, 1e-9, 0.5, 0.999999, 1.0, 19.99, 999.7, 999_700.0, 1e6, 1e9, 3.6e12, 1e15)
EXPRESSIONS = {
    "ns": "resolve{tenant:a<b>=c}:p(99)<100ms",
    "fraction": "hit_rate:value>90%",
    "1/s": "throughput:rate>=100/s",
    "ratio": "cache_speedup:value>20",
    "count": "failed:count==0",
}
OPERATIONS = ("connect", "query", "release")
OUTCOMES = ("all", "hit", "miss", "wait", "negative", "error")


def any_result(seed: int) -> Result:
    """One result of arbitrary content."""
    random = Random(seed)
    return _struct(Result, random, schema_version=1, scenario=_scenario(random))


def _scenario(random: Random) -> dict[str, Any]:
    by_time = random.random() < 0.5
    return {
        "name": random.choice(("light", "heavy", *HOSTILE)),
        "procs": random.choice((1, 2, 4, 256)),
        "threads": random.choice((1, 20, 200)),
        "requests": None if by_time else random.choice(COUNTS),
        "duration_s": random.choice((0.001, 1.0, 30.0, 1e6)) if by_time else None,
        "steady_s": random.choice((0.0, 1.0, 2.5)),
        "warmup_passes": random.choice((0, 1)),
        "warmup_s": random.choice((None, 5.0)),
        "tenants": random.choice((None, *COUNTS)),
        "keys": random.choice(("uniform", "zipf:0.99")),
        "seed": random.choice(COUNTS),
        "cache_ttl_s": random.choice((0.0, 0.5, 300.0)),
        "operation": random.choice(("resolve", "query")),
        "target": random.choice(("resolver", *HOSTILE)),
    }


def _any(kind: Any, random: Random) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is str:
        return random.choice(HOSTILE) if random.random() < 0.5 else "a word " * random.randrange(9)
    if kind is int:
        return random.choice(COUNTS)
    if kind is float:
        return random.choice(FIGURES) if random.random() < 0.5 else 10 ** random.uniform(-9, 15)
    if kind is bool:
        return random.random() < 0.5
    if kind is types.NoneType:
        return None
    if origin is typing.Literal:
        return random.choice(arguments)
    if origin in (typing.Union, types.UnionType):
        return _any(random.choice(arguments), random)
    if origin is dict:  # of operations: latency_ns and versions have keys of their own
        return {one: _any(arguments[1], random) for one in random.sample(OPERATIONS, 2)}
    if origin is list:
        return [_any(arguments[0], random) for _ in range(random.choice((0, 0, 1, 2, 3, 20)))]
    if kind is ThresholdResult:
        unit = random.choice(sorted(EXPRESSIONS))
        return _struct(ThresholdResult, random, unit=unit, expression=EXPRESSIONS[unit])
    return _struct(kind, random)


def _struct(kind: Any, random: Random, **known: Any) -> Any:
    hints = typing.get_type_hints(kind)
    values = dict(known)
    for field in msgspec.structs.fields(kind):
        name, hint = field.name, hints[field.name]
        if name in known:
            continue
        if name == "latency_ns":
            chosen = random.sample(OUTCOMES, random.randrange(7))
            values[name] = {one: _any(typing.get_args(hint)[1], random) for one in chosen}
        elif name == "versions":
            values[name] = {"stress": "1"}
        else:
            values[name] = _any(hint, random)
    return kind(**values)
