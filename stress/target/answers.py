"""What came back from a call: whose database it names, whether that is right, hit or miss.

The drive loop recognises an answer it has seen judged before; every other one comes here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import URL, Engine

from _timing.drive import INVENTED, MEMO_FIELDS, MEMO_OBJECT, TORN, WRONG
from _timing.recorder import ERROR, HIT, MISS, WAIT
from stress.target.answer_kinds import Named, named
from stress.target.places import LOOPBACK, Place

# A call that waited for another's load took at least this long; below it no load is looked for.
SLOW_CALL_NS = 50_000
OUTCOME_MASK = 0b111
SOURCES = {"hit": HIT, "miss": MISS, "wait": WAIT}


Release = Callable[[Any], object]
"""Gives a driver's connection back."""


class Reading(NamedTuple):
    """What could be read from one answer; None where it does not say."""

    tenant_id: str | None
    place: Place | None
    version: Any


class Record(NamedTuple):
    """One committed state of a tenant's row."""

    version: Any
    place: Place


class Answers:
    """The judge of one worker process: compares answers with the committed rows of every tenant.

    committed: for each tenant index its records. Called under the GIL by the lanes of one process.
    """

    FOUND = WRONG | INVENTED | TORN

    def __init__(
        self,
        tenant_ids: Sequence[str],
        committed: Sequence[Sequence[Record]],
        load_cells: Any,
        on_failure: Callable[[int, BaseException, int], None],
        on_violation: Callable[[int, str, Reading, int, int], None],
        *,
        mates: Mapping[int, Collection[int]] | None = None,
        pace: Callable[[], None] | None = None,
        release: Release | None = None,
    ) -> None:
        """mates: tenants whose databases are one and the same, by index. pace: called after a call
        that loaded; returns when the next may come. release: gives a driver's connection back."""
        self._ids = tenant_ids
        self._committed = committed
        self._owner: Mapping[Place, int] = {
            record.place: index for index, records in enumerate(committed) for record in records
        }
        self._cells = load_cells
        self._on_failure = on_failure
        self._on_violation = on_violation
        self._mates = mates or {}
        self._pace = pace
        self._release = release
        self._last = threading.local()

    def __call__(
        self,
        index: int,
        answer: Any,
        error: BaseException | None,
        loads: int,
        started_ns: int,
        ended_ns: int,
    ) -> int:
        """Outcome code, with the flags of what was found wrong or may be remembered."""
        code = self._judge(index, answer, error, loads, started_ns, ended_ns)
        if self._pace is not None and _loaded(code, loads, ended_ns - started_ns):
            self._pace()
        return code

    def _judge(
        self,
        index: int,
        answer: Any,
        error: BaseException | None,
        loads: int,
        started_ns: int,
        ended_ns: int,
    ) -> int:
        self._last.reading = None
        if error is not None:
            self._on_failure(index, error, ended_ns)
            return ERROR
        try:
            says = self._named(answer)
            reading = Reading(says.tenant_id, says.place, says.version)
            self._last.reading = reading
            outcome = self._outcome(index, answer, loads, started_ns, ended_ns)
        except Exception as failure:
            self._on_failure(index, failure, ended_ns)
            return ERROR
        found = self.compare(index, reading)
        if found:
            self._on_violation(index, describe(found), reading, started_ns, ended_ns)
            return outcome | found
        return outcome | _memorable(answer)

    def version_seen(self, index: int) -> Any:
        """The version of the answer that the calling thread has just judged; where it names none,
        that of the row whose user it names."""
        reading: Reading | None = getattr(self._last, "reading", None)
        if reading is None or reading.version is not None or reading.place is None:
            return None if reading is None else reading.version
        place = reading.place
        records = [one for one in self._committed[index] if _same(one.place, place)]
        # Several versions of one user cannot be told apart by it.
        return records[0].version if len(records) == 1 else None

    def _named(self, answer: Any) -> Named:
        """What an answer names; what it holds is given back at once, outside the timed part."""
        found = named(answer)
        if found.release is not None:
            found.release()
        elif self._release is not None and found.form == "DBAPI connection":
            self._release(answer)
        return found

    def compare(self, index: int, reading: Reading) -> int:
        """Flags WRONG, INVENTED, TORN of one reading; 0 for a committed row of this tenant."""
        if reading.tenant_id is not None and reading.tenant_id != self._ids[index]:
            return WRONG
        records = self._committed[index]
        place, version = reading.place, reading.version
        if place is None:
            return 0 if _names_any(records, version) else INVENTED
        same_place = [record for record in records if _same(record.place, place)]
        if same_place:
            if _names_any(same_place, version):
                return 0
            # The fields are of one committed version, the number of another or of none.
            return TORN if _names_any(records, version) else INVENTED
        mates = self._mates.get(index, ())
        if any(_same(record.place, place) for mate in mates for record in self._committed[mate]):
            return 0  # another name of the same database: nobody can tell them apart
        return self._foreign(place, records)

    def _foreign(self, place: Place, records: Sequence[Record]) -> int:
        """A place that this tenant never had: another tenant's, a mixture, or nobody's."""
        if any(_same(other, place) for other in self._owner):
            return WRONG
        mine = {value for record in records for value in _identifying(record.place)}
        if any(value in mine for value in _identifying(place)):
            return WRONG | TORN
        return WRONG | INVENTED

    def _outcome(self, index: int, answer: Any, loads: int, started_ns: int, ended_ns: int) -> int:
        source = getattr(answer, "source", None)
        if source in SOURCES:
            return SOURCES[source]
        cache_hit = getattr(answer, "cache_hit", None)
        if cache_hit is True:
            return HIT
        cell = self._cells[index]
        if cache_hit is False:
            loads_seen = int(cell["loads"]) > 0
            return MISS if loads or not loads_seen else WAIT
        if loads:
            return MISS
        if ended_ns - started_ns > SLOW_CALL_NS and (int(cell["last_end_ns"]) >= started_ns):
            return WAIT
        return HIT


def describe(flags: int) -> str:
    """The id of the check that a finding belongs to, the weightiest first."""
    if flags & WRONG:
        return "isolation"
    return "untorn" if flags & TORN else "no_invention"


def _loaded(code: int, loads: int, took_ns: int) -> bool:
    """Whether a call asked the control plane; one that failed did so if it took its time."""
    outcome = code & OUTCOME_MASK
    return outcome == MISS or loads > 0 or (outcome == ERROR and took_ns > SLOW_CALL_NS)


def _same(committed: Place, given: Place) -> bool:
    """Equal in database and user, and in host and port where the answer names them."""
    return (
        committed.database == given.database
        and committed.username == given.username
        and _same_host(committed.host, given.host)
        and given.port in (None, committed.port)
    )


def _same_host(committed: str | None, given: str | None) -> bool:
    """Equal as text, not named, or two names of this machine's own loopback."""
    return given in (None, committed) or (given in LOOPBACK and committed in LOOPBACK)


def _names_any(records: Sequence[Record], version: Any) -> bool:
    """Whether the version is one of theirs: none given, equal, or spelled as text."""
    if version is None:
        return True
    told = str(version)
    return any(record.version == version or str(record.version) == told for record in records)


def _identifying(place: Place) -> tuple[tuple[str, str | None], ...]:
    return (("database", place.database), ("username", place.username))


def _memorable(answer: Any) -> int:
    """Which part of a right answer may be recognised by identity next time.

    Only immutable objects may: our own result, or the three fields of any resolution.
    """
    from resolver import ResolvedTenant

    if isinstance(answer, (Engine, str, URL)):
        return MEMO_OBJECT
    if isinstance(answer, ResolvedTenant):
        # Not the fields of a first load: they would be compared ever after, and its url is built
        # anew each time it is read; the object that all hits get is recognised at once.
        return MEMO_OBJECT if answer.source == "hit" else 0
    fields = (
        getattr(answer, "tenant_id", None),
        getattr(answer, "url", None),
        getattr(answer, "version", None),
    )
    return MEMO_FIELDS if all(type(field) in _IMMUTABLE for field in fields) else 0


_IMMUTABLE = {str, int, type(None), URL}
