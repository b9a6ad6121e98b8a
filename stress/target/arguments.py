"""Parameters of a class or factory, filled by their names: from the run, or from --target-arg."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stress.errors import TargetError
from stress.target.context import Context

# Names of a parameter, and what it is given.
_GIVEN: tuple[tuple[tuple[str, ...], str, Callable[[Context], Any]], ...] = (
    (
        ("cache_ttl", "ttl", "cache_ttl_seconds", "ttl_seconds"),
        "--cache-ttl",
        lambda context: _whole_if_whole(context.cache_ttl),
    ),
    (
        ("database_url", "db_url", "control_plane_url", "dsn"),
        "the control plane's URL",
        lambda context: context.control_plane_url,
    ),
    (
        ("encryption_key", "key", "secret_key"),
        "the encryption key",
        lambda context: context.encryption_key,
    ),
    (("load", "loader"), "the counted loader", lambda context: context.control_plane.load),
    (("control_plane",), "the counted control plane", lambda context: context.control_plane),
    (("lease",), "the lease", lambda context: context.lease),
    (("procs",), "--procs", lambda context: context.procs),
    (("threads",), "--threads", lambda context: context.threads),
)
TTL_NAMES = _GIVEN[0][0]
_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


@dataclass(frozen=True)
class Filled:
    """positional, named: to call with. told: for each parameter what it was given, no value.

    ttl: the parameter that took the TTL.
    """

    positional: tuple[Any, ...]
    named: dict[str, Any]
    told: dict[str, str]
    ttl: str | None


def fill(where: str, made: Callable[..., Any], context: Context, own: Mapping[str, str]) -> Filled:
    """The arguments of a call of `made`. own: the values of --target-arg, by name.

    TargetError names a parameter that is still missing, or a --target-arg that is none.
    """
    try:
        signature = inspect.signature(made)
    except (TypeError, ValueError):
        signature = inspect.Signature()
    positional: list[Any] = []
    named: dict[str, Any] = {}
    told: dict[str, str] = {}
    ttl = None
    open_ended = False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            open_ended = True
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        value, source = _value(parameter, context, own)
        if source is None:
            if parameter.default is inspect.Parameter.empty:
                what = f"nothing is known for its parameter {parameter.name}"
                raise TargetError(where, what, f"write --target-arg {parameter.name}=VALUE")
            told[parameter.name] = "its default"
            continue
        told[parameter.name] = source
        if parameter.name in TTL_NAMES:
            ttl = parameter.name
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[parameter.name] = value
    for name, text in own.items():
        if name in told:
            continue
        if not open_ended:
            raise TargetError(f"--target-arg {name}", "it has no such parameter", "mend the name")
        named[name], told[name] = _converted(text, None), "--target-arg"
    return Filled(tuple(positional), named, told, ttl)


def _value(
    parameter: inspect.Parameter, context: Context, own: Mapping[str, str]
) -> tuple[Any, str | None]:
    if parameter.name in own:
        return _converted(own[parameter.name], parameter), "--target-arg"
    for names, source, give in _GIVEN:
        if parameter.name in names:
            return give(context), source
    return None, None


def _converted(text: str, parameter: inspect.Parameter | None) -> Any:
    """A value as its parameter's annotation or default says; text where neither does."""
    kind = "str"
    if parameter is not None:
        annotation = parameter.annotation
        kind = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
        if annotation is inspect.Parameter.empty:
            default = parameter.default
            known = default is not inspect.Parameter.empty and default is not None
            kind = type(default).__name__ if known else "str"
    if kind == "bool" and text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    try:
        if kind in ("int", "float"):
            return {"int": int, "float": float}[kind](text)
    except ValueError:
        name = parameter.name if parameter is not None else "?"
        what = f"{text} is no {kind}"
        raise TargetError(f"--target-arg {name}={text}", what, "mend the value") from None
    return text


def _whole_if_whole(seconds: float) -> float | int:
    """300 rather than 300.0: a target may hand it to something that counts whole seconds."""
    return int(seconds) if seconds == int(seconds) else seconds
