"""The probe: a forked child that imports the target, builds it, and resolves one tenant twice.

What it learns decides how answers are read in the run. Its loads and calls count nowhere: the
child, its target and its cache are gone before the run's own target is built.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy.engine import URL

from stress.errors import TargetError
from stress.load.interrupts import Interrupted, Interrupts
from stress.redact import Redactor
from stress.target.context import Context
from stress.target.protocol import Facts

LIMIT_S = 30.0
POLL_S = 0.05


class _Failure(msgspec.Struct, tag="failure"):
    what: str
    mend: str


class _Found(msgspec.Struct, tag="found"):
    facts: Facts


def probe(
    where: str,
    build: Callable[[Context], Any],
    context: Context,
    tenant_id: str,
    redact: Redactor,
    after_fork: Callable[[], None],
    interrupts: Interrupts,
) -> Facts:
    """Facts about the target. TargetError where it cannot be built or has no resolve."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            after_fork()
            os.write(writing, msgspec.json.encode(_examine(build, context, tenant_id, redact)))
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
        raise TargetError(where, found.what, found.mend)
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
    build: Callable[[Context], Any], context: Context, tenant_id: str, redact: Redactor
) -> _Failure | _Found:
    try:
        target = build(context)
    except Exception as error:
        what = f"building it raised {redact.brief(error)}"
        return _Failure(what, "mend its constructor")
    if not callable(getattr(target, "resolve", None)):
        return _Failure(f"{type(target).__name__} has no resolve(tenant_id)", "give it one")
    offers: dict[str, Any] = {
        "offers_stats": callable(getattr(target, "get_cache_stats", None)),
        "offers_invalidate": callable(getattr(target, "invalidate_cache", None)),
        "offers_close": callable(getattr(target, "close", None)),
        "offers_after_fork": callable(getattr(target, "after_fork", None)),
        "target_connects": callable(getattr(target, "connect", None)),
    }
    try:
        if offers["offers_after_fork"]:
            target.after_fork()
        target.resolve(tenant_id)
        answer = target.resolve(tenant_id)
    except Exception as error:
        # No error of the probe: the run goes on, and its failures are counted.
        return _Found(
            Facts(
                kind="by hand",
                answer_type="unknown",
                failure=redact.brief(error),
                **offers,
            )
        )
    return _Found(
        Facts(
            kind="by hand",
            answer_type=type(answer).__name__,
            has_tenant_id=getattr(answer, "tenant_id", None) is not None,
            has_url=isinstance(getattr(answer, "url", None), (str, URL)),
            has_version=getattr(answer, "version", None) is not None,
            says_source=getattr(answer, "source", None) in ("hit", "miss", "wait"),
            says_cache_hit=isinstance(getattr(answer, "cache_hit", None), bool),
            answer_connects=callable(getattr(answer, "connect", None)),
            loads_through_context=context.control_plane.loads > 0,
            **offers,
        )
    )
