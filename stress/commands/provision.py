"""`stress provision`: synthetic tenants on somebody's empty server, and their removal.

The new key is printed once the tenants' rows are committed, as the last step. Printed at the
start it would also stand in `eval "$(stress provision --new-key)"` when nothing was provisioned.
Where the process is killed between commit and line, or standard output breaks, a key is lost that
opens nothing but synthetic tenants; --drop needs no key, and provision makes others. A standard
output that is closed from the start is refused before anything is written.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import click

from stress.commands.command import Command, Values
from stress.errors import BackendError, SeveralErrors, StressError, UsageError, as_typed
from stress.scenario.control_plane import DATABASE_URL, ENCRYPTION_KEY
from stress.scenario.option import Option
from stress.scenario.options import OPTIONS
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS

SUMMARY = "synthetic tenants on an empty server, made and removed again"
DROP_IT = "stress provision --drop"

OWN = (
    Option("--drop", "Tenants", "remove just what was made there", only=("provision",)),
    Option(
        "--new-key",
        "Control plane",
        "in place of ENCRYPTION_KEY: make one, and print its export line",
        only=("provision",),
    ),
)
"""The options that no other command has."""

_SHARED = ("tenants", "tenants_table", "quiet", "no_color")
_MAKING = ("tenants", "new_key", "tenants_table")
_EXAMPLE = (
    "export DATABASE_URL=postgresql://SUPERUSER:PASSWORD@HOST:PORT/postgres\n"
    '  eval "$(stress provision --new-key)"'
)
_URL_CURE = f"export {DATABASE_URL}=postgresql://USER:PASSWORD@HOST:PORT/NAME"


@dataclass(frozen=True)
class _Order:
    """What is to be done, validated. key None: a new one."""

    database_url: str
    key: str | None
    tenants: int
    tenants_table: str | None
    drop: bool
    quiet: bool


def command(name: str) -> click.Command:
    """The click command."""
    shared = [
        replace(option, help="no progress, no advice") if option.name == "quiet" else option
        for option in OPTIONS
        if option.name in _SHARED
    ]
    return Command(name, SUMMARY, _EXAMPLE, [*shared[:1], *OWN, *shared[1:]], {}, _run)


def _run(values: Values, mistakes: list[UsageError]) -> int:
    order = _order(values, mistakes, os.environ)
    # Imported late: help and mistakes must not wait for SQLAlchemy.
    from stress.report.progress import PlainProgress

    progress = PlainProgress(None if order.quiet else sys.stderr)
    if order.drop:
        with _told_when_interrupted("what is left can be removed", f"again: {DROP_IT}"):
            _drop(order, progress.line)
        return 0
    if order.key is None:
        _refuse_closed_output()
    with _told_when_interrupted("some tenants may be there", f"remove them: {DROP_IT}"):
        _provision(order, progress.line)
    return 0


def _provision(order: _Order, tell: Callable[[str], None]) -> None:
    from resolver.keyring import Keyring
    from resolver.table import DEFAULT_TABLE
    from stress.backend import synthetic, tenants_table

    path = order.tenants_table
    shape = "" if path is None else f"{tenants_table.OPTION} {as_typed(path)}"
    table = DEFAULT_TABLE if path is None else tenants_table.read(path)
    key = order.key or Keyring.generate()
    try:
        _apart(
            lambda: synthetic.provision(order.database_url, key, order.tenants, tell, table=table)
        )
    except BackendError as error:
        if error.where != tenants_table.OPTION:
            raise
        raise BackendError(shape, error.what, error.mend) from None  # with the file as typed
    if order.key is None:
        _hand_over(key)
    # Tenants of ours may be changed; one whose table has no version cannot be, see the backend.
    writes = " --allow-writes" if table.version is not False else ""
    tell(f"now: {DATABASE_URL}=… {ENCRYPTION_KEY}=… stress verify{writes} {shape}".rstrip())


def _drop(order: _Order, tell: Callable[[str], None]) -> None:
    from stress.backend import synthetic

    _apart(lambda: synthetic.drop(order.database_url, tell))


def _order(values: Values, mistakes: list[UsageError], environment: Mapping[str, str]) -> _Order:
    """SeveralErrors with every mistake: options, contradictions, environment."""
    drop, new_key = _value(values, "drop", False), _value(values, "new_key", False)
    found = [*mistakes, *_contradictions(values), *_url_mistakes(environment)]
    if not drop:
        found += _key_mistakes(values, environment)
    if found:
        raise SeveralErrors(found)
    return _Order(
        environment[DATABASE_URL],
        None if drop or new_key else environment[ENCRYPTION_KEY],
        _value(values, "tenants", DEFAULT_EMBEDDED_TENANTS),
        _value(values, "tenants_table", None),
        drop,
        _value(values, "quiet", False),
    )


def _value(values: Values, name: str, default: Any) -> Any:
    given = values.get(name)
    return given[0].value if given else default


def _contradictions(values: Values) -> list[UsageError]:
    """--drop beside what only making needs. Variables are for every command: those do not count."""
    if not _value(values, "drop", False):
        return []
    drop = values["drop"][0].word.name
    words = [given.word for name in _MAKING for given in values.get(name, ())]
    other = next((word for word in words if not word.from_environment), None)
    if other is None:
        return []
    where = f"{drop} and {other.where if other.text else other.name}"
    return [UsageError(where, "one removes what the other makes", "keep one")]


def _url_mistakes(environment: Mapping[str, str]) -> list[UsageError]:
    url = environment.get(DATABASE_URL)
    if url is None:
        return [UsageError(DATABASE_URL, "not set", _URL_CURE)]
    return [] if url.strip() else [UsageError(DATABASE_URL, "set but empty", _URL_CURE)]


def _key_mistakes(values: Values, environment: Mapping[str, str]) -> list[UsageError]:
    """Two keys, or none. A key that is set but empty is a secret that is not there: never passed
    over for a new one."""
    key = environment.get(ENCRYPTION_KEY)
    if _value(values, "new_key", False):
        if key is None:
            return []
        where = values["new_key"][0].word.name
        what = f"{ENCRYPTION_KEY} is set{' already' if key.strip() else ', but empty'}"
        cure = f"unset {ENCRYPTION_KEY}"
        return [UsageError(where, what, f"drop {where}, or: {cure}" if key.strip() else cure)]
    if key is None:
        cure = f"add --new-key, or: export {ENCRYPTION_KEY}=…"
        return [UsageError(ENCRYPTION_KEY, "not set", cure)]
    if not key.strip():
        cure = f"give it a value, or add --new-key and: unset {ENCRYPTION_KEY}"
        return [UsageError(ENCRYPTION_KEY, "set but empty", cure)]
    return []


def _refuse_closed_output() -> None:
    """Before anything is written: a standard output that nobody reads."""
    with suppress(AttributeError, ValueError, OSError):
        sys.stdout.flush()
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        if not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0)):
            return
    raise UsageError("--new-key", "standard output is closed", "leave it open: it takes the key")


def _hand_over(key: str) -> None:
    try:
        sys.stdout.write(f"export {ENCRYPTION_KEY}={key}\n")
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):  # or the interpreter tries the line again at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = getattr(error, "strerror", None) or "closed"
        what = f"no key was written ({reason.lower()})"
        raise UsageError("--new-key", what, f"{DROP_IT}, then again") from None


def _apart(work: Callable[[], None]) -> None:
    """In a thread of its own: a signal's handler runs between two instructions of the main thread,
    and would wait as long as the driver waits there for a server or a lock."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


@contextmanager
def _told_when_interrupted(what: str, mend: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the process at once, with this line. Nothing must be tidied up: what
    was made is noted on the server, as it must be for a process that is killed."""
    from stress.load.interrupts import EXIT_INTERRUPTED, NAMES

    line = StressError("interrupted", what, mend).line(ascii_only=True)

    def end(*_: object) -> None:
        with suppress(OSError):
            os.write(2, f"{line}\n".encode())  # not by sys.stderr, in which we may just have been
        os._exit(EXIT_INTERRUPTED)

    former = {number: signal.signal(number, end) for number in NAMES}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
