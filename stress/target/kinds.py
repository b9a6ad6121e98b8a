"""How what `--target` names is taken: five kinds, in the order of KINDS."""

from __future__ import annotations

import inspect
from typing import Any, Literal, get_args

from stress.errors import TargetError

Kind = Literal["by-hand", "class", "object", "resolve", "factory"]
KINDS: tuple[Kind, ...] = get_args(Kind)

METHODS = (
    "resolve",
    "resolve_tenant",
    "get_tenant_engine",
    "get_engine",
    "get_tenant_connection",
    "get_connection",
    "get_tenant_session",
    "get_session",
    "get_tenant_url",
    "get_database_url",
    "get_tenant",
    "connect",
    "__call__",
)
"""Names of the resolve method; the first that an object has is taken."""

TENANT_PARAMETERS = ("tenant_id", "tenant", "id", "tenant_key", "tenant_uuid")

TOLD = {
    "by-hand": "by hand: it is given a context",
    "class": "as it is: a class, built with parameters by name",
    "object": "as it is: an object that exists",
    "resolve": "as it is: a function of a tenant id",
    "factory": "as it is: a function that makes the target",
}


def kind_of(named: Any) -> Kind | None:
    """What a named thing is taken for; None where it is nothing of that sort."""
    if callable(named) and _first_parameter(named) == "context":
        return "by-hand"
    if inspect.isclass(named):
        return "class"
    function = inspect.isroutine(named)
    if not function and any(has_method(named, name) for name in METHODS):
        return "object"
    if not callable(named):
        return None
    required = _required(named)
    if len(required) == 1 and required[0] in TENANT_PARAMETERS:
        return "resolve"
    return "factory"


def has_method(thing: Any, name: str) -> bool:
    """Whether an object has a method that can be called as `thing.name(tenant_id)`."""
    return callable(thing) if name == "__call__" else callable(getattr(thing, name, None))


def method_of(where: str, thing: Any, name: str | None) -> str:
    """The name of the resolve method. TargetError where there is none that can be used."""
    if name is not None and not has_method(thing, name):
        raise TargetError(
            f"--target-method {name}", f"{type(thing).__name__} has none", _candidates(thing)
        )
    found = name or next((one for one in METHODS if has_method(thing, one)), None)
    if found is None:
        what = f"{type(thing).__name__} has no method that resolves"
        raise TargetError(where, what, _candidates(thing))
    if inspect.iscoroutinefunction(getattr(thing, found)):
        raise TargetError(where, f"{found} is a coroutine", "async is not supported yet")
    return found


def _candidates(thing: Any) -> str:
    """The public methods of one argument, to choose from."""
    names = [
        name
        for name in dir(thing)
        if not name.startswith("_")
        and callable(getattr(thing, name, None))
        and len(_required(getattr(thing, name))) == 1
    ]
    if not names:
        return "give it resolve(tenant_id)"
    return f"name one: --target-method {'|'.join(names[:3])}"


def _parameters(thing: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return []


def _first_parameter(thing: Any) -> str | None:
    parameters = _parameters(thing)
    return parameters[0].name if parameters else None


def _required(thing: Any) -> list[str]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        one.name
        for one in _parameters(thing)
        if one.default is inspect.Parameter.empty and one.kind not in variable
    ]
