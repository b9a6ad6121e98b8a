"""Thresholds: what a run must reach, in k6's grammar. Read and validated before the run.

    expression   = metric [ "{" label { "," label } "}" ] ":" aggregation operator value
    label        = name ":" value            outcome, phase, process, tenant
    aggregation  = "avg" | "min" | "med" | "max" | "p(" number ")" | "count" | "rate" | "value"
    operator     = "<" | "<=" | ">" | ">=" | "==" | "!="
    value        = a duration (latencies; the unit is required) | a share: 90% or 0.9
                 | a whole number (counts) | a rate: 100/s | a plain number (ratios)

Spaces may stand between the parts. Which metric takes which aggregation and label is the table in
stress.scenario.metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

import msgspec

from stress.errors import UsageError
from stress.scenario import units
from stress.scenario.metrics import LABELS, METRICS, UNITS, Kind
from stress.scenario.series import check_metric, read_aggregation, read_labels
from stress.scenario.units import Misread

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
OPERATORS: tuple[Operator, ...] = ("<", "<=", ">", ">=", "==", "!=")

_LEFT_RIGHT = re.compile(r"([^<>=!]*)([<>=!]*)(.*)", re.DOTALL)
_SERIES = re.compile(r"([^{}:]*)(?:\{([^{}]*)\}\s*)?(?::(.*))?", re.DOTALL)
_EXAMPLE_UNIT: dict[Kind, str] = {"latency": "ms", "rate": "/s"}
_EXAMPLE_VALUE: dict[Kind, str] = {
    "latency": "5ms",
    "share": "90%",
    "count": "0",
    "rate": "100/s",
    "ratio": "20",
}


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """One validated threshold.

    `expression` is the canonical spelling. `value` is in the base unit `unit`: ns, fraction,
    count, 1/s or ratio. `percentile` is the exact decimal text of N in p(N), else None. `labels`
    hold only what was given. `label` names it for people.
    """

    expression: str
    metric: str
    labels: dict[str, str]
    aggregation: str
    percentile: str | None
    op: Operator
    value: float
    unit: str
    label: str
    built_in: bool = False

    @property
    def series(self) -> tuple[object, ...]:
        """What is measured, whatever it must reach: thresholds of one series replace each other."""
        place = self.percentile if self.percentile is not None else self.aggregation
        exact: object = Fraction(self.percentile) if self.percentile is not None else place
        exact = Fraction(50) if place == "med" else exact
        return (self.metric, tuple(sorted(self.labels.items())), exact)


def read(text: str) -> Threshold:
    """Read one expression. Misread says what is wrong."""
    if not text.strip():
        raise Misread("empty", "write resolve:p(99)<5ms")
    split = _LEFT_RIGHT.fullmatch(text.strip())
    left, op, value = (part.strip() for part in split.groups()) if split else (text, "", "")
    series = _SERIES.fullmatch(left)
    if series is None:
        raise Misread("its braces do not match", "write resolve{outcome:hit}:p(99)<1ms")
    metric, label_text, aggregation = series[1].strip(), series[2], series[3]
    check_metric(metric, aggregation, op, value)
    known = METRICS[metric]
    labels = {} if label_text is None else read_labels(metric, label_text)
    if aggregation is None or not aggregation.strip():
        raise Misread(f"{metric} needs an aggregation", f"write {known.example}")
    name, percentile = read_aggregation(metric, aggregation.strip())
    if op not in OPERATORS:
        _refuse_operator(op, known.example)
    kind = known.kinds["p(N)" if percentile is not None else name]
    told = "".join(f"{key}:{labels[key]}," for key in LABELS if key in labels).rstrip(",")
    told = f"{metric}{{{told}}}" if told else metric
    figure, base = _value(kind, value, f"{told}:{name}{op}")
    return Threshold(
        expression=f"{told}:{name}{op}{figure}",
        metric=metric,
        labels=labels,
        aggregation="p" if percentile is not None else name,
        percentile=percentile,
        op=next(known_op for known_op in OPERATORS if known_op == op),
        value=float(base),
        unit=UNITS[kind],
        label=f"{told} {name}",
    )


def parse(text: str, where: str | None = None) -> Threshold:
    """Read one expression. UsageError, naming `where` (default: the option as typed)."""
    try:
        return read(text)
    except Misread as mistake:
        where = f"--threshold '{text}'" if where is None else where
        raise UsageError(where, mistake.what, mistake.mend) from None


def _refuse_operator(op: str, example: str) -> None:
    if not op:
        raise Misread("no comparison", f"write {example}")
    cure = {"=": "==", "=<": "<=", "=>": ">=", "===": "==", "<>": "!=", "!": "!="}.get(op)
    if cure:
        raise Misread(f"unknown operator {op}", f"write {cure}")
    raise Misread(f"unknown operator {op}", f"one of {' '.join(OPERATORS)}")


def _value(kind: Kind, text: str, left: str) -> tuple[str, Fraction | int]:
    """The value's spelling without spaces, and the value in its base unit."""
    text = "".join(text.split()) if kind != "count" else text.strip()
    if not text:
        raise Misread("no value", f"write {left}{_EXAMPLE_VALUE[kind]}")
    if kind in _EXAMPLE_UNIT and units.is_number(text):
        raise Misread(f"{text} has no unit", f"write {left}{text}{_EXAMPLE_UNIT[kind]}")
    if kind == "latency":
        return text, units.duration_ns(text)
    if kind == "share":
        return text, units.share(text)
    if kind == "rate":
        return text, units.rate_per_s(text)
    if kind == "ratio":
        figure = text[:-1] if text[-1:] in ("x", "×") else text
        return figure, units.number(figure, f"write {left}20")
    few = f"{text} is no count"
    return text, units.whole(text, 0, 10**15, few, "write 0 or more")


_ALWAYS = (
    ("failed:count==0", "Failed requests"),
    ("isolation_violations:count==0", "Isolation violations"),
)
_SEED = (
    ("resolve{outcome:hit}:avg<1ms", "Cache hit, average"),
    ("resolve{outcome:miss}:avg<50ms", "Cache miss, average"),
    ("resolve:avg<50ms", "Average"),
    ("resolve:p(95)<50ms", "p95"),
    ("resolve:p(99)<100ms", "p99"),
    ("hit_rate:value>90%", "Cache hit rate"),
    ("cache_speedup:value>20", "Cache speedup"),
    ("throughput:rate>100/s", "Throughput"),
)
SEED_PROFILES = ("light", "medium", "heavy")


def built_in(profile: str) -> tuple[Threshold, ...]:
    """The thresholds that a profile has without being asked: the seed's targets, and no failure."""
    chosen = (*_SEED, *_ALWAYS) if profile in SEED_PROFILES else _ALWAYS
    return tuple(
        msgspec.structs.replace(parse(text), label=label, built_in=True) for text, label in chosen
    )


def only_isolation(thresholds: Iterable[Threshold]) -> tuple[Threshold, ...]:
    """What `--no-thresholds` leaves of the built-in ones."""
    return tuple(one for one in thresholds if one.metric == "isolation_violations")


def merge(built_in: Iterable[Threshold], user: Iterable[Threshold]) -> tuple[Threshold, ...]:
    """Built-in and user's thresholds; a user's one takes the place of the built-in one of the same
    metric, labels and aggregation, and its name. Two of the user's on one series both stay.
    """
    own = {threshold.expression: threshold for threshold in user}
    merged: list[Threshold] = []
    for default in built_in:
        replacing = [one for one in own.values() if one.series == default.series]
        merged += [msgspec.structs.replace(one, label=default.label) for one in replacing] or [
            default
        ]
        for one in replacing:
            del own[one.expression]
    return (*merged, *own.values())
