"""The left side of a threshold: which metric, narrowed by which labels, summed up how."""

from __future__ import annotations

import re
from fractions import Fraction

from stress.scenario import units
from stress.scenario.metrics import AGGREGATIONS, LABELS, METRICS, OUTCOMES, PHASE_ALIASES, PHASES
from stress.scenario.spelling import nearest
from stress.scenario.units import Misread

_PERCENTILE = re.compile(r"p\s*\(\s*(.*?)\s*\)", re.DOTALL)
_BARE_PERCENTILE = re.compile(r"p\(?([0-9][0-9.]*)\)?")
_SYNONYMS = {
    "mean": "avg",
    "average": "avg",
    "median": "med",
    "minimum": "min",
    "maximum": "max",
    "p": "p(99)",
}


def check_metric(metric: str, aggregation: str | None, op: str, value: str) -> None:
    """Misread, with what was probably meant, where there is no such metric."""
    if metric in METRICS:
        return
    bare = _BARE_PERCENTILE.fullmatch(metric)
    if aggregation is None and (bare or metric in AGGREGATIONS):
        name = f"p({bare[1]})" if bare else metric
        what = "no metric"
        if bare and not _in_range(bare[1]):
            what, name = f"no metric, and {name} lies outside 0 to 100", "p(99)"
        elif units.is_number(value):
            what += f", and {value} has no unit"
        value = f"{value}ms" if units.is_number(value) else value
        raise Misread(what, f"write resolve:{name}{op or '<'}{value or '5ms'}")
    if not metric:
        raise Misread("no metric", "write resolve:p(99)<5ms")
    near = nearest(metric, METRICS)
    if near:
        raise Misread(f"unknown metric {metric}", f"did you mean {near}?")
    if metric.endswith("_violations"):
        raise Misread(f"no check {metric.removesuffix('_violations')}", "see the README's checks")
    raise Misread(f"unknown metric {metric}", "stress heavy --help lists them")


def read_labels(metric: str, text: str) -> dict[str, str]:
    """What stands in the braces behind a known metric."""
    labels: dict[str, str] = {}
    for piece in text.split(","):
        key, colon, value = (part.strip() for part in piece.partition(":"))
        if not key or not colon or not value:
            raise Misread(f"label '{piece.strip()}' is not NAME:VALUE", "write {outcome:hit}")
        if key not in LABELS:
            near = nearest(key, LABELS)
            raise Misread(
                f"unknown label {key}",
                f"did you mean {near}?" if near else f"one of {', '.join(LABELS)}",
            )
        allowed = METRICS[metric].labels
        if key not in allowed:
            cure = f"it takes {', '.join(allowed)}" if allowed else "leave the braces out"
            raise Misread(f"{metric} has no label {key}", cure)
        if key in labels:
            raise Misread(f"label {key} is given twice", "keep one")
        labels[key] = _label_value(key, value)
    if "tenant" in labels and len(labels) > 1:
        raise Misread("tenant cannot be combined with another label", "keep one of them")
    return labels


def _label_value(key: str, value: str) -> str:
    if key == "process":
        return f"{units.whole(value, 0, 10**6, f'no process {value}', 'write process:0')}"
    if key == "tenant":
        return value
    known = OUTCOMES if key == "outcome" else PHASES
    value = PHASE_ALIASES.get(value, value) if key == "phase" else value
    if value not in known:
        near = nearest(value, known)
        cure = f"did you mean {near}?" if near else f"one of {', '.join(known)}"
        raise Misread(f"unknown {key} {value}", cure)
    return value


def read_aggregation(metric: str, text: str) -> tuple[str, str | None]:
    """The aggregation's canonical name, and N of p(N) as exact decimal text."""
    kinds, example = METRICS[metric].kinds, METRICS[metric].example
    percentile = _PERCENTILE.fullmatch(text)
    if percentile:
        figure = percentile[1]
        if not units.is_number(figure) or len(figure) > units.MAX_DIGITS:
            if figure[:1] == "-" and units.is_number(figure[1:]):
                raise Misread(f"p({figure}) lies outside 0 to 100", "write p(99)")
            raise Misread(f"p({figure}) has no number", "write p(99)")
        if not _in_range(figure):
            raise Misread(f"p({figure}) lies outside 0 to 100", "write p(99)")
        if "p(N)" in kinds:
            exact = _plain_decimal(figure)
            return f"p({exact})", exact
        text = "percentile"
    elif text in kinds and text != "p(N)":
        return text, None
    elif text not in AGGREGATIONS:
        bare = _BARE_PERCENTILE.fullmatch(text)
        near = _SYNONYMS.get(text.lower()) or nearest(text, AGGREGATIONS)
        near = f"p({bare[1]})" if bare and _in_range(bare[1]) else near
        raise Misread(
            f"unknown aggregation {text}",
            f"did you mean {near}?" if near else f"one of {', '.join(AGGREGATIONS)}",
        )
    raise Misread(f"{metric} has no {text}", f"write {example}")


def _in_range(figure: str) -> bool:
    return units.is_number(figure) and 0 <= Fraction(figure) <= 100


def _plain_decimal(figure: str) -> str:
    """99.90 and 099.9 are 99.9: equal percentiles are spelled alike."""
    integer, _, decimals = figure.partition(".")
    integer, decimals = integer.lstrip("0") or "0", decimals.rstrip("0")
    return f"{integer}.{decimals}" if decimals else integer
