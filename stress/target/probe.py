"""The probe: a forked child that imports the target, builds it, and resolves one tenant twice.

What it learns decides how answers are read in the run. Its loads and calls count nowhere: the
child, its target and its cache are gone before the run's own target is built.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy.engine import Engine, make_url

from stress.errors import TargetError
from stress.load.interrupts import Interrupted, Interrupts
from stress.redact import Redactor
from stress.target.answer_kinds import Named, NotAnAnswer, named
from stress.target.context import Context
from stress.target.loads import LoadWatch
from stress.target.protocol import Facts
from stress.target.recipe import Made, Recipe

LIMIT_S = 30.0
POLL_S = 0.05


class _Failure(msgspec.Struct, tag="failure"):
    where: str
    what: str
    mend: str


class _Found(msgspec.Struct, tag="found"):
    facts: Facts


def probe(
    recipe: Recipe,
    context: Context,
    tenant_id: str,
    redact: Redactor,
    after_fork: Callable[[], None],
    interrupts: Interrupts,
    watch: LoadWatch | None,
) -> Facts:
    """Facts about the target. TargetError where it cannot be built or has no resolve."""
    where = recipe.where
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            after_fork()
            os.write(
                writing, msgspec.json.encode(_examine(recipe, context, tenant_id, redact, watch))
            )
        finally:
            os._exit(0)
    os.close(writing)
    try:
        data = _receive(where, pid, reading, interrupts)
    finally:
        os.close(reading)
    if not data:
        raise TargetError(
            where, "the process that built it ended", "try it in a Python shell first"
        )
    found: _Failure | _Found = msgspec.json.decode(data, type=_Failure | _Found)
    if isinstance(found, _Failure):
        raise TargetError(found.where, found.what, found.mend)
    return found.facts


def _receive(where: str, pid: int, reading: int, interrupts: Interrupts) -> bytes:
    deadline = time.monotonic() + LIMIT_S
    data = b""
    try:
        with interrupts.deferred():
            while time.monotonic() < deadline:
                if interrupts.asked is not None:
                    raise Interrupted(interrupts.asked)
                if select.select([reading], [], [], POLL_S)[0]:
                    more = os.read(reading, 1 << 16)
                    if not more:
                        return data
                    data += more
        raise TargetError(
            where, f"did not answer within {LIMIT_S:.0f} s", "try it in a Python shell first"
        )
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _examine(
    recipe: Recipe, context: Context, tenant_id: str, redact: Redactor, watch: LoadWatch | None
) -> _Failure | _Found:
    try:
        thing = recipe.named()
        built_in = recipe.built_in(recipe.kind_of(thing), thing)
        made = recipe.make(thing, context)
    except TargetError as error:
        return _Failure(error.where, error.what, error.mend)
    except Exception as error:
        return _Failure(recipe.where, f"building it raised {redact.brief(error)}", "mend it")
    target = made.target
    if not callable(getattr(target, "resolve", None)):
        what = f"{type(target).__name__} has no resolve(tenant_id)"
        return _Failure(recipe.where, what, "give it one")
    known = Facts(
        kind=made.kind,
        answer_type="unknown",
        build=built_in,
        method=made.method or "resolve",
        parameters=made.filled.told if made.filled is not None else {},
        offers_stats=callable(getattr(target, "get_cache_stats", None)),
        offers_invalidate=callable(getattr(target, "invalidate_cache", None)),
        offers_close=callable(getattr(target, "close", None)),
        offers_after_fork=callable(getattr(target, "after_fork", None)),
        target_connects=made.method is None and callable(getattr(target, "connect", None)),
    )
    try:
        if known.offers_after_fork:
            target.after_fork()
        loads, first, answer, found = _call_twice(target, tenant_id, watch)
    except Exception as error:
        # No error of the probe: the run goes on, and its failures are counted.
        known = _with_statistics(known, made, context)
        return _Found(msgspec.structs.replace(known, failure=redact.brief(error)))
    known = _with_statistics(known, made, context)
    return _Found(
        msgspec.structs.replace(
            known,
            answer_type=type(answer).__name__,
            answer_form=found.form,
            has_tenant_id=found.tenant_id is not None,
            has_url=found.place is not None,
            has_version=found.version is not None,
            says_source=getattr(answer, "source", None) in ("hit", "miss", "wait"),
            says_cache_hit=isinstance(getattr(answer, "cache_hit", None), bool),
            answer_connects=_connects(answer, found),
            loads_through_context=context.control_plane.loads > 0,
            loads_by_statement=loads > 0,
            fresh=first is not answer,
        )
    )


def _connects(answer: Any, found: Named) -> bool:
    """Whether a connection can be had of an answer: by itself, or from a URL with a password."""
    if found.form == "URL":
        return make_url(answer).password is not None if "://" in str(answer) else False
    if found.form in ("resolution", "object"):
        if callable(getattr(answer, "connect", None)):
            return True
        return any(isinstance(getattr(answer, name, None), Engine) for name in ("engine", "url"))
    return found.form != "mapping" and not found.form.endswith(("mapping", "object", "URL"))


def _call_twice(
    target: Any, tenant_id: str, watch: LoadWatch | None
) -> tuple[int, Any, Any, Named]:
    """Statements seen, both answers, and what the second names. What it holds is given back."""
    seen: list[int] = []
    if watch is not None:
        watch.calling(0, lambda *_: seen.append(1))
    answers = []
    for _ in range(2):
        answer = target.resolve(tenant_id)
        if asyncio.iscoroutine(answer):
            answer.close()
            raise NotAnAnswer("the answer is a coroutine; async is not supported yet")
        found = named(answer)
        if found.release is not None:
            found.release()
        answers.append(answer)
    return len(seen), answers[0], answers[1], found


def _with_statistics(known: Facts, made: Made, context: Context) -> Facts:
    """What the target's own statistics say of its TTL, its scope and its counters."""
    try:
        stats = made.statistics()
    except Exception:
        stats = {}  # counter_identity says so
    taken = made.filled.ttl if made.filled is not None else None
    ttl_s, ttl_from = None, None
    if made.kind == "by-hand":
        ttl_s, ttl_from = context.cache_ttl, "the context"
    elif taken is not None:
        ttl_s, ttl_from = context.cache_ttl, f"its parameter {taken}"
    elif isinstance(stats.get("ttl"), (int, float)):
        ttl_s, ttl_from = float(stats["ttl"]), "its statistics"
    scope = stats.get("scope")
    return msgspec.structs.replace(
        known,
        ttl_s=ttl_s,
        ttl_from=ttl_from,
        ttl_given=made.kind == "by-hand" or taken is not None,
        scope=scope if scope in ("process", "host") else None,
        statistics=sorted(
            name
            for name, value in stats.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        )[:20],
    )
