"""One picture of the live display: what is known so far, laid out in at most nine lines.

At the left the same columns always, so that a figure changes where it stands; at the right one
character for each interval where the terminal is wide enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stress.report import numbers
from stress.report.page import WIDTH
from stress.report.progress import Glance
from stress.report.result import Error
from stress.report.spans import Line, Span, cells, cut
from stress.report.sparkline import ceiling, fitted, logarithmic, sparkline
from stress.report.visible import visible

LINES = 9  # so that it fits a split terminal
MAX_KINDS = 3
NOW_AT, WHOLE_AT, SPARK_AT = 10, 22, 39
NOTE = 20
LEAST_SPARK = 8
P99_LOW_NS, P99_HIGH_NS = 10, 10**9
LEAST_HIT_RATE = 0.9
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
ASCII_SPINNER = "|/-\\"


@dataclass(frozen=True)
class Interval:
    """The figures of one interval; None: not measured."""

    rate: float
    hit_rate: float | None
    p99_ns: int | None
    failed: int


@dataclass
class Scene:
    """All that is shown. requests, steady_s: of a counted run, total_s: of a timed one."""

    title: str = ""
    load: str = ""
    requests: int | None = None
    steady_s: float = 0.0
    total_s: float | None = None
    steps: list[tuple[str, str]] = field(default_factory=list)
    doing: str = ""
    doing_s: float = 0.0
    seen: Glance | None = None
    intervals: list[Interval] = field(default_factory=list)
    turn: int = 0


def frame(scene: Scene, width: int, height: int, *, unicode: bool = True) -> list[Line]:
    """The lines, none wider than `width`, none more than there is room for above the cursor."""
    width = min(WIDTH, width)
    if scene.seen is None or not scene.seen.t_s:
        lines = _starting(scene, width, unicode=unicode)
    else:
        lines = _measuring(scene, scene.seen, width, unicode=unicode)
    mark = "…" if unicode else "..."
    made = [[Span(visible(s.text, unicode=unicode), s.role) for s in line] for line in lines]
    return [cut(line, width, mark) for line in made[: max(1, min(LINES, height - 1))]]


def _starting(scene: Scene, width: int, *, unicode: bool) -> list[Line]:
    check, turns = ("✔", SPINNER) if unicode else ("+", ASCII_SPINNER)
    lines = [[Span(scene.title + scene.load, "bold")]]
    for text, took in scene.steps[-(LINES - 2) :]:
        lines.append(
            _apart(
                [Span("  "), Span(check, "pass"), Span(f" {text}")], took, width, unicode=unicode
            )
        )
    if scene.doing:
        spinner = Span(turns[scene.turn % len(turns)], "bar")
        since = f"{scene.doing_s:.1f} s"
        lines.append(
            _apart([Span("  "), spinner, Span(f" {scene.doing}")], since, width, unicode=unicode)
        )
    return lines


def _measuring(scene: Scene, seen: Glance, width: int, *, unicode: bool) -> list[Line]:
    whole_rate = seen.part_requests / seen.part_s if seen.part_s > 0 else 0.0
    whole_hits = seen.hits / seen.requests if seen.requests else None
    so_far = Interval(whole_rate, whole_hits, seen.p99_ns, seen.failed)
    now = scene.intervals[-1] if scene.intervals else so_far
    room = width - SPARK_AT
    if room - NOTE >= LEAST_SPARK:
        room -= NOTE
    shown = fitted(scene.intervals, room, _joined)
    top = ceiling(max((one.rate for one in shown), default=0.0))
    most = max((one.failed for one in shown), default=0)

    def row(
        label: str,
        figures: tuple[str, str],
        share: Callable[[Interval], float | None],
        role: str,
        note: str = "",
    ) -> Line:
        bad = "fail" if role == "fail" else ""
        line = [
            Span(f"  {label:<{NOW_AT - 2}}"),
            Span(f"{figures[0]:>{WHOLE_AT - NOW_AT}}", bad or "bold"),
            Span(f" {figures[1]:>{SPARK_AT - WHOLE_AT - 5}}", bad),
        ]
        if room < LEAST_SPARK:
            return line
        line.append(Span(" " * max(1, SPARK_AT - cells(line))))
        line.append(Span(sparkline([share(one) for one in shown], unicode=unicode), role))
        note_at = SPARK_AT + room + 2
        if note_at + len(note) <= width:
            line += [Span(" " * (note_at - cells(line))), Span(note, "dim")]
        return line

    failing = "fail" if seen.failed else "dim"
    wrong = "fail" if seen.violations else ""
    rows = [
        row(
            "rate",
            (numbers.rate(now.rate), numbers.rate(whole_rate)),
            lambda one: one.rate / top,
            "bar",
            f"{seen.requests:,} req.",
        ),
        row(
            "hit rate",
            (numbers.percent(now.hit_rate, 2), numbers.percent(whole_hits, 2)),
            _hit_share,
            "hit",
            "90 … 100%",
        ),
        row(
            "p99",
            (numbers.duration(now.p99_ns), numbers.duration(seen.p99_ns)),
            _p99_share,
            "wait",
            "10 ns … 1 s",
        ),
        row(
            "errors",
            (numbers.count(now.failed), f"{seen.failed:,}"),
            lambda one: one.failed / most if one.failed else None,
            failing,
        ),
        [
            Span(f"  {'checked':<{NOW_AT - 2}}{seen.checked:>{WHOLE_AT - NOW_AT},} answers, "),
            Span(numbers.plural(seen.violations, "violation"), wrong),
        ],
    ]
    head = f"{'now':>{WHOLE_AT}}{'whole run':>{SPARK_AT - WHOLE_AT - 4}}"
    if room >= LEAST_SPARK:
        head += f"    last {numbers.planned(max(1, round(seen.t_s)))}"
    fraction, place = _place(scene, seen)
    kinds = _kinds(seen.errors)
    lines = [_apart([Span(scene.title, "bold")], place, width, unicode=unicode)]
    # Of many kinds of errors more is to be learned than from the bar; the header says its figures.
    if fraction is not None and len(kinds) < 2:
        lines.append(_bar(fraction, width, unicode=unicode))
    lines += [[Span(head, "dim")], *rows]
    return lines + _errors(kinds, seen, LINES - len(lines))


def _place(scene: Scene, seen: Glance) -> tuple[float | None, str]:
    """How much of the run is over, where that is known, and the same in words."""
    if seen.part == "steady":
        return _timed("steady ", seen.part_s, scene.steady_s)
    if scene.total_s:
        return _timed("about " if seen.part == "check" else "", seen.t_s, scene.total_s)
    if scene.requests:
        done = min(1.0, seen.part_requests / scene.requests)
        return done, f"{seen.part_requests:,} of {scene.requests:,} requests"
    return None, numbers.clock(seen.t_s)


def _timed(lead: str, elapsed_s: float, total_s: float) -> tuple[float | None, str]:
    if not total_s:
        return None, f"{lead}{numbers.clock(elapsed_s)}"
    elapsed_s = min(elapsed_s, total_s)
    left = numbers.clock(round(total_s) - int(elapsed_s))
    told = f"{numbers.clock(elapsed_s)} of {numbers.clock(round(total_s))}, {left} left"
    return elapsed_s / total_s, lead + told


def _bar(fraction: float, width: int, *, unicode: bool) -> Line:
    full = max(1, width - 7)
    halves = int(fraction * full * 2)
    done, rest = ("━" * (halves // 2) + "╸" * (halves % 2), "─") if unicode else ("", "-")
    done = done if unicode else "#" * (halves // 2)
    percent = f"{int(fraction * 100):>4}%"
    return [Span("  "), Span(done, "bar"), Span(rest * (full - len(done)), "dim"), Span(percent)]


def _kinds(errors: Sequence[Error]) -> list[Error]:
    """The first of each type, in the order in which they came."""
    kinds: dict[str, Error] = {}
    for error in sorted(errors, key=lambda error: error.first_s):
        kinds.setdefault(error.type, error)
    return list(kinds.values())


def _errors(kinds: Sequence[Error], seen: Glance, room: int) -> list[Line]:
    """One line for each type, at most three, as many as have room; then how many more."""
    room = min(MAX_KINDS, room)
    lines = []
    for error in kinds[:room]:
        # Workers count for themselves until they end; of a single kind all failures are.
        times = f", {numbers.plural(seen.failed, 'time')}" if len(kinds) == 1 else ""
        told = f"  ! {error.type}{times} since {numbers.clock(error.first_s)}"
        lines.append([Span(told + (f": {error.message}" if error.message else ""), "fail")])
    if lines and len(kinds) > room:
        more = f"  + {len(kinds) - room:,} more"
        lines[-1] = [Span(f"  ! {kinds[room - 1].type}", "fail"), Span(more, "fail")]
    return lines


def _hit_share(one: Interval) -> float | None:
    if one.hit_rate is None:
        return None
    return (one.hit_rate - LEAST_HIT_RATE) / (1 - LEAST_HIT_RATE)


def _p99_share(one: Interval) -> float | None:
    return None if one.p99_ns is None else logarithmic(one.p99_ns, P99_LOW_NS, P99_HIGH_NS)


def _joined(a: Interval, b: Interval) -> Interval:
    """Two intervals as one, by what is worse in either."""
    hits = [one.hit_rate for one in (a, b) if one.hit_rate is not None]
    slow = [one.p99_ns for one in (a, b) if one.p99_ns is not None]
    return Interval(
        (a.rate + b.rate) / 2,
        min(hits, default=None),
        max(slow, default=None),
        a.failed + b.failed,
    )


def _apart(left: Line, right: str, width: int, *, unicode: bool) -> Line:
    """Text at both ends of a line; the left one is cut where they do not fit."""
    left = [Span(visible(span.text, unicode=unicode), span.role) for span in left]
    room = width - len(right) - 2
    if not right or room < 1:
        return left
    left = cut(left, room, "…" if unicode else "...")
    return [*left, Span(" " * (width - len(right) - cells(left))), Span(right)]
