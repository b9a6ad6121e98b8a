"""Cache not expiring: a wrong unit or factor, a clock that was set; and how lives are measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from stress.environment import wall_clock_offset_ns
from stress.judge.lifetimes import lifetimes
from stress.load.ring import EVERY_TENANT, INVALIDATE, LOAD, RESOLVE
from stress.report.result import Lifetimes, Result
from stress.target.protocol import Facts
from stress.verify.evidence import Calls, Evidence
from stress.verify.history import HISTORY_DTYPE, made_of
from tests.judge.made_run import failing, found, run

MS = 1_000_000
CAUSES = {"ttl_miscalculated", "wall_clock_ttl"}


def phase(
    *lives_s: float, late: bool = True, alive_s: float | None = None, step_ns: int = 0
) -> Result:
    """An expiry phase of TTL 2 s that failed, in which entries lived so long."""
    expiry = run(name="expiry", requests=None, threads=10, steady_s=0.0, cache_ttl_s=2.0)
    seen = Lifetimes(
        reloads=len(lives_s),
        shortest_s=min(lives_s, default=None),
        median_s=float(np.median(lives_s)) if lives_s else None,
        longest_s=max(lives_s, default=None),
        spread_s=float(np.subtract(*np.percentile(lives_s, [75, 25]))) if lives_s else None,
        alive_s=alive_s,
    )
    base = replace(expiry, headline="check", lifetimes=seen, wall_clock_step_ns=step_ns)
    return failing(base, "expiry" if late else "no_early_expiry", 5)


@pytest.mark.parametrize(
    ("life_s", "late", "told"),
    [
        (4.001, True, "Entries lived 4.00 s, 2.00× the TTL: twice the TTL"),
        (1.002, False, "Entries lived 1.00 s, 0.501× the TTL: half the TTL"),
        (20.01, True, "Entries lived 20.0 s, 10.0× the TTL: ten times the TTL"),
        (120.0, True, "Entries lived 120 s, 60.0× the TTL: minutes for seconds"),
        (0.036, False, "Entries lived 36.0 ms, 0.0180× the TTL: seconds for minutes"),
        (0.006, False, "Entries lived 6.00 ms, 0.00300× the TTL: milliseconds for seconds"),
        (2000.0, True, "Entries lived 2,000 s, 1,000× the TTL: seconds for milliseconds"),
        (3.0, True, "Entries lived 3.00 s, 1.50× the TTL"),
    ],
)
def test_a_constant_multiple_of_the_ttl_is_named(life_s: float, late: bool, told: str) -> None:
    caveat = found(phase(life_s, life_s, life_s, late=late))["ttl_miscalculated"]
    assert caveat.message == f"{told}; the TTL is 2 s."
    assert caveat.cure == (
        "if another TTL shows the same multiple, look for the wrong unit: "
        "stress expiry --target mine.py:Mine --cache-ttl 4s"
    )


def test_an_entry_that_never_ended_is_told_with_its_age() -> None:
    caveat = found(phase(alive_s=6.29))["ttl_miscalculated"]
    assert caveat.message == (
        "No entry ended: the oldest still answered after 6.29 s, 3.15× the TTL (a TTL that every "
        "call renews does so too); the TTL is 2 s."
    )


@pytest.mark.parametrize(
    "result",
    [
        phase(0.3, 1.1, 1.9, late=False),  # no constant, if half the TTL in the middle
        phase(*np.linspace(1.0, 2.0, 50).tolist(), late=False),  # a jitter
        phase(2.01, 2.02),  # a few ms late: a check's concern, no wrong factor
        phase(alive_s=2.1),
        phase(alive_s=6.29, late=False),
        replace(phase(4.0, 4.0), lifetimes=None),
        replace(phase(4.0, 4.0), checks=[]),  # the target's jitter, say, allows it
        run(),
    ],
)
def test_no_factor_is_named_where_there_is_none(result: Result) -> None:
    assert "ttl_miscalculated" not in found(result)


def test_a_clock_that_was_set_forward_ends_entries_early() -> None:
    caveat = found(phase(0.4, 2.0, late=False, step_ns=1600 * MS))["wall_clock_ttl"]
    assert caveat.message == (
        "The wall clock went 1.60 s forward during the run, and 5 times entries ended before "
        "their TTL: deadlines follow the wall clock."
    )
    assert caveat.cure.startswith("take deadlines from time.monotonic(), not time.time(), then: ")


def test_a_clock_that_was_set_back_keeps_entries_alive() -> None:
    caveats = found(phase(4.0, 4.0, step_ns=-2000 * MS))
    assert "2.00 s back" in caveats["wall_clock_ttl"].message
    assert "ttl_miscalculated" not in caveats  # one cause for one symptom


@pytest.mark.parametrize(
    "result",
    [
        phase(4.0, step_ns=0),
        phase(4.0, step_ns=-49 * MS),
        phase(4.0, step_ns=2000 * MS),  # forward cannot keep entries alive
        phase(1.0, late=False, step_ns=-2000 * MS),
        replace(phase(4.0), wall_clock_step_ns=None),
        replace(phase(4.0, step_ns=-2000 * MS), checks=[]),
    ],
)
def test_a_clock_that_explains_nothing_is_not_blamed(result: Result) -> None:
    assert "wall_clock_ttl" not in found(result)


class Clocks:
    """Two clocks that go on by 1 µs with each reading; the wall clock can be set."""

    def __init__(self, apart_ns: int) -> None:
        self.now_ns, self.apart_ns, self.readings, self.hold = 10**12, apart_ns, 0, False

    def steady_ns(self) -> int:
        self.now_ns += 1000
        self.readings += 1
        if self.hold and self.readings in (2, 4):  # the processor is taken away in between
            self.now_ns += 80 * MS
        return self.now_ns

    def wall_ns(self) -> int:
        self.now_ns += 1000
        return self.now_ns + self.apart_ns


def test_only_setting_the_wall_clock_moves_it_against_the_other() -> None:
    clocks = Clocks(apart_ns=5 * 10**17)
    before = wall_clock_offset_ns(clocks.wall_ns, clocks.steady_ns)
    clocks.now_ns += 3600 * 10**9
    assert wall_clock_offset_ns(clocks.wall_ns, clocks.steady_ns) - before == 0
    clocks.apart_ns -= 1600 * MS
    assert wall_clock_offset_ns(clocks.wall_ns, clocks.steady_ns) - before == -1600 * MS


def test_a_pause_between_two_readings_is_no_step() -> None:
    clocks = Clocks(apart_ns=0)
    before = wall_clock_offset_ns(clocks.wall_ns, clocks.steady_ns)
    clocks.readings, clocks.hold = 0, True
    assert abs(wall_clock_offset_ns(clocks.wall_ns, clocks.steady_ns) - before) < MS


def test_the_real_clocks_are_read() -> None:
    # The clock of this machine may be set at any time: only the order of magnitude is certain.
    assert wall_clock_offset_ns() > 10**17


def measured(*events: tuple[Any, ...], **changed: Any) -> Lifetimes | None:
    """Events as (operation, start ms, end ms, more fields)."""
    rows = np.zeros(len(events), HISTORY_DTYPE)
    for row, (operation, start, end, *more) in zip(rows, events, strict=True):
        row["operation"] = operation
        row["start_ns"], row["end_ns"] = start * MS, end * MS
        for name, value in (more[0] if more else {}).items():
            row[name] = value
    values: dict[str, Any] = {"scope": "host", "history": made_of([rows], 2), **changed}
    return lifetimes(
        Evidence(
            facts=Facts(kind="by hand", answer_type="Answer"),
            procs=2,
            tenants=2,
            cache_ttl_s=0.1,
            answers=0,
            wrong=0,
            invented=0,
            torn=0,
            calls=Calls(),
            loads=None,
            lifetime_s=1.0,
            reproduce="stress expiry",
            **values,
        )
    )


def test_a_life_goes_from_a_load_to_the_next() -> None:
    found_ = measured(
        (LOAD, 0, 1),
        (LOAD, 100, 101),
        (LOAD, 300, 301),
        (RESOLVE, 340, 341),
        (LOAD, 50, 51, {"tenant": 1}),
        (RESOLVE, 400, 401, {"tenant": 1}),
    )
    assert found_ == Lifetimes(
        reloads=2, shortest_s=0.1, median_s=0.15, longest_s=0.2, spread_s=0.05, alive_s=0.35
    )


def test_what_an_invalidation_ended_is_no_life() -> None:
    found_ = measured(
        (LOAD, 0, 1), (INVALIDATE, 50, 51), (LOAD, 60, 61), (LOAD, 160, 161), (RESOLVE, 170, 171)
    )
    assert found_ is not None
    assert (found_.reloads, found_.shortest_s, found_.alive_s) == (1, 0.1, 0.01)
    everything = measured(
        (LOAD, 0, 1), (INVALIDATE, 5, 6, {"tenant": EVERY_TENANT}), (RESOLVE, 70, 71)
    )
    assert everything is not None
    assert (everything.reloads, everything.alive_s) == (0, None)


def test_each_process_has_lives_of_its_own_where_it_has_a_cache_of_its_own() -> None:
    events = ((LOAD, 0, 1), (LOAD, 10, 11, {"process": 1}), (LOAD, 100, 101))
    one, two = measured(*events), measured(*events, scope="process")
    assert one is not None
    assert two is not None
    assert (one.reloads, one.shortest_s) == (2, 0.01)
    assert (two.reloads, two.shortest_s) == (1, 0.1)


def test_a_history_with_gaps_measures_nothing() -> None:
    assert measured((LOAD, 0, 1), history=None) is None
    assert measured((LOAD, 0, 1), complete=False) is None
