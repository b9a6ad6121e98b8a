"""The Verification Checklist: 18 lines, and what stands behind each.

    1-8    the built-in thresholds; they hold in light, medium and heavy alike; the evidence is
           heavy's
    9      heavy's requests per CPU-second are at least 80 % of light's, and its own hit mean at
           most 1.25 times light's, both in the steady part
    10-18  checks

A line is FAIL when anything behind it fails, NOT TESTED when something it needs is not tested and
nothing fails, and else PASS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stress.load.outcomes import UNKNOWN
from stress.report.numbers import duration, percent, rate
from stress.report.result import Check, ChecklistLine, CheckStatus, Result, ThresholdResult

LOADS = ("light", "medium", "heavy")
KEPT_RATE = 0.80
OWN_TIME_GROWTH = 1.25

TARGETS = (
    ("Cache hits < 1ms", "resolve{outcome:hit}:avg<1ms"),
    ("Cache misses < 50ms", "resolve{outcome:miss}:avg<50ms"),
    ("Cache hit rate > 90% (after warmup)", "hit_rate:value>90%"),
    ("Cache speedup > 20x", "cache_speedup:value>20"),
    ("Average < 50ms", "resolve:avg<50ms"),
    ("p95 < 50ms", "resolve:p(95)<50ms"),
    ("p99 < 100ms", "resolve:p(99)<100ms"),
    ("> 100 requests/second", "throughput:rate>100/s"),
)
DEGRADATION = "No degradation under load"


@dataclass(frozen=True)
class Behind:
    """What a line rests on. `needed` must be tested; `also` can fail the line, and no more."""

    line: str
    needed: tuple[str, ...]
    also: tuple[str, ...] = ()


CHECKED = (
    Behind("Cache expires after TTL", ("expiry",), ("no_early_expiry",)),
    Behind("Expired entries trigger refresh", ("no_early_expiry",), ("expiry",)),
    Behind("No stale connections", ("stale_connection",)),
    Behind("No data corruption", ("untorn", "no_invention")),
    Behind("Correct database per tenant", ("isolation",)),
    Behind(
        "Cache consistency maintained",
        ("read_after_invalidate", "counter_identity"),
        ("monotonic_reads", "bounded_staleness"),
    ),
    Behind("Each tenant gets correct database", ("isolation",)),
    Behind("No cross-tenant access", ("isolation", "clean_session")),
)
ISOLATION_UNDER_LOAD = "Isolation maintained under load"


def lines(results: Mapping[str, Result], checks: Sequence[Check]) -> list[ChecklistLine]:
    """All lines in their order. results: by the name of the profile or phase."""
    by_id = {check.id: check for check in checks}
    found = [_target(results, *one) for one in TARGETS]
    found.append(_degradation(results))
    found += [_checked(one, by_id) for one in CHECKED]
    found.append(_isolation_in(results.get("heavy")))
    return found


def _target(results: Mapping[str, Result], line: str, expression: str) -> ChecklistLine:
    judged = {
        name: threshold
        for name in LOADS
        if name in results and (threshold := _threshold(results[name], expression)) is not None
    }
    if not judged:
        ran = any(name in results for name in LOADS)
        evidence = UNKNOWN if ran else "no load profile ran"
        return ChecklistLine(line=line, status="not_tested", evidence=evidence)
    missed = [name for name, threshold in judged.items() if threshold.ok is False]
    unjudged = [name for name, threshold in judged.items() if threshold.ok is None]
    status: CheckStatus = "fail" if missed else "not_tested" if unjudged else "pass"
    name = (missed or unjudged or list(judged))[-1]
    evidence = _figure(judged[name])
    if name != "heavy":
        evidence += f" ({name})"
    return ChecklistLine(line=line, status=status, evidence=evidence)


def _threshold(result: Result, expression: str) -> ThresholdResult | None:
    """The threshold of that series; a user's takes the place of the built-in one."""
    series = expression.replace(">", "<").partition("<")[0]
    for threshold in result.thresholds:
        if threshold.expression.startswith(series):
            return threshold
    return None


def _figure(threshold: ThresholdResult) -> str:
    if threshold.actual is None:
        return threshold.note or "not evaluated"
    unit, actual = threshold.unit, threshold.actual
    if unit == "ns":
        told = duration(round(actual))
    elif unit == "fraction":
        told = percent(actual, 2)
    elif unit == "1/s":
        told = rate(actual)
    else:
        told = f"{float(f'{actual:.3g}'):,.0f}×"
    told = f"at most {told}" if threshold.by_max else told
    return f"{told}, cold block" if threshold.phase == "cold" else told


def _degradation(results: Mapping[str, Result]) -> ChecklistLine:
    """Steady parts are compared by CPU time: by the clock three profiles measure the machine."""
    light, heavy = results.get("light"), results.get("heavy")
    rates = {
        name: results[name].steady.requests_per_cpu_s  # type: ignore[union-attr]
        for name in LOADS
        if name in results and results[name].steady is not None
    }
    if light is None or heavy is None or not rates.get("light") or not rates.get("heavy"):
        return ChecklistLine(
            line=DEGRADATION, status="not_tested", evidence="light and heavy have no steady part"
        )
    own_light = light.waiting.own_mean_ns if light.waiting else None
    own_heavy = heavy.waiting.own_mean_ns if heavy.waiting else None
    kept = float(rates["heavy"] or 0) >= KEPT_RATE * float(rates["light"] or 1)
    grown = bool(own_light and own_heavy and own_heavy > OWN_TIME_GROWTH * own_light)
    told = ", ".join(f"{rate(float(kept or 0))} {name}" for name, kept in rates.items())
    evidence = f"per CPU-second {told}"
    if own_light and own_heavy:
        own = (duration(round(own_light)), duration(round(own_heavy)))
        evidence += f"; own hit time {own[0]} light, {own[1]} heavy"
    return ChecklistLine(
        line=DEGRADATION, status="pass" if kept and not grown else "fail", evidence=evidence
    )


def _checked(behind: Behind, by_id: Mapping[str, Check]) -> ChecklistLine:
    needed = [by_id[check_id] for check_id in behind.needed]
    every = [*needed, *(by_id[check_id] for check_id in behind.also)]
    failed = [check for check in every if check.status == "fail"]
    untested = [check for check in needed if check.status == "not_tested"]
    if failed:
        told = "; ".join(f"{check.id}: {check.evidence}" for check in failed)
        return ChecklistLine(line=behind.line, status="fail", evidence=told)
    if untested:
        told = "; ".join(f"{check.id}: {check.reason}" for check in untested)
        return ChecklistLine(line=behind.line, status="not_tested", evidence=told)
    told = "; ".join(check.evidence for check in needed)
    return ChecklistLine(line=behind.line, status="pass", evidence=told)


def _isolation_in(heavy: Result | None) -> ChecklistLine:
    check = None
    if heavy is not None:
        check = next((one for one in heavy.checks if one.id == "isolation"), None)
    if heavy is None or check is None or check.status == "not_tested":
        reason = check.reason if check is not None and check.reason else "heavy was not run"
        return ChecklistLine(line=ISOLATION_UNDER_LOAD, status="not_tested", evidence=reason)
    threads = heavy.scenario["procs"] * heavy.scenario["threads"]
    return ChecklistLine(
        line=ISOLATION_UNDER_LOAD,
        status=check.status,
        evidence=f"{check.examined:,} answers under {threads:,} threads, "
        f"{check.violations:,} wrong",
    )
