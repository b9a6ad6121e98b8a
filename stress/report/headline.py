"""What a result says in a few words, alike in every view: its word, its size, why, what was met."""

from __future__ import annotations

from collections.abc import Sequence

from stress.report import numbers
from stress.report.result import Check, CheckStatus, Result, ThresholdResult
from stress.report.spans import Span

WORDS = {"pass": "PASS", "fail": "FAIL", "invalid": "INVALID", "interrupted": "PARTIAL"}
ISOLATION, CORRECTNESS, INVALID, THRESHOLD, INTERRUPTED = 90, 91, 93, 99, 130
MAX_NAMED = 2

# Built in for every command and told elsewhere in the report; a row of its own only when missed.
_TOLD_ELSEWHERE = ("failed", "isolation_violations")


def word(result: Result) -> str:
    """PASS, FAIL, INVALID or PARTIAL."""
    return WORDS[result.verdict.status]


def figures_hold(result: Result) -> bool:
    """Whether times and rates may be shown. Counts and violations outlive an invalid run."""
    verdict = result.verdict
    return not (verdict.status == "invalid" or verdict.invalid or result.identities)


def lanes(result: Result) -> str:
    """`4 processes × 20 threads`"""
    scenario = result.scenario
    processes = numbers.plural(scenario["procs"], "process", "processes")
    return f"{processes} × {numbers.plural(scenario['threads'], 'thread')}"


def size(result: Result) -> list[str]:
    """Name, target if it is not ours, processes, threads, and how much was run."""
    scenario = result.scenario
    found = [str(scenario["name"]), lanes(result)]
    if scenario.get("target") not in (None, "resolver"):
        found.insert(1, str(scenario["target"]))
    return [*found, *_extent(result)]


def _extent(result: Result) -> list[str]:
    scenario, verdict = result.scenario, result.verdict
    if result.checklist:
        tenants = numbers.plural(scenario.get("tenants") or 0, "tenant")
        return [tenants, numbers.seconds(result.measured_s or None)]
    wanted, duration_s, steady_s = (
        scenario.get(key) for key in ("requests", "duration_s", "steady_s")
    )
    stopped_at = numbers.seconds(result.measured_s)
    if verdict.partial and not verdict.invalid and verdict.status != "invalid":
        return [progress(result), stopped(result)]
    if duration_s is not None:
        planned = numbers.planned(duration_s)
    else:
        planned = numbers.plural(wanted or 0, "request")
        if steady_s and not verdict.partial and not _counted_was_steady(result):
            planned += f", then {numbers.planned(steady_s)} steady"
    if verdict.partial:
        return [planned, f"stopped at {stopped_at}" if result.measured_s else "stopped early"]
    return [planned]


def stopped(result: Result) -> str:
    """What ended the run early: `stopped by Ctrl-C`, or the sentence that says it."""
    by = result.stopped_by or "the user"
    # A signal is named by one word; all else is a sentence of its own.
    return by if " " in by and by != "the user" else f"stopped by {by}"


def _counted_was_steady(result: Result) -> bool:
    return result.steady is not None and result.steady.is_counted_part


def progress(result: Result) -> str:
    """How far a stopped run came: `11.2 s of 30 s` or `224,000 of 600,000 requests`."""
    duration_s = result.scenario.get("duration_s")
    if duration_s is not None:
        return f"{numbers.seconds(result.measured_s)} of {numbers.planned(duration_s)}"
    done = numbers.count(result.requests.total)
    return f"{done} of {numbers.plural(result.requests.scheduled, 'request')}"


def ground(result: Result) -> list[str]:
    """What the run rests on: the backend and its tenants."""
    scenario = result.scenario
    tenants = scenario.get("tenants")
    found = [result.environment.backend]
    if tenants:
        keys = scenario.get("keys", "uniform")
        suffix = "" if keys == "uniform" else f", {keys}"
        found.append(numbers.plural(tenants, "tenant") + suffix)
    return found


def shown_targets(result: Result) -> list[ThresholdResult]:
    """The thresholds that have a row in the table of targets."""
    return [found for found in result.thresholds if not (found.ok and _elsewhere(found))]


def _elsewhere(found: ThresholdResult) -> bool:
    return found.built_in and found.expression.partition(":")[0] in _TOLD_ELSEWHERE


def met(result: Result) -> list[list[Span]]:
    """`8 of 8 targets met`, `7 checks pass, 20 not tested`, `1 caveat (below)`.

    Where there is a checklist: `Checklist: 15 PASS, 1 FAIL, 2 NOT TESTED`.
    """
    targets, verdict = shown_targets(result), result.verdict
    found: list[list[Span]] = []
    if result.checklist:
        lines = tallied([line.status for line in result.checklist])
        return [[Span("Checklist: "), *lines], *_caveats(result)]
    if verdict.partial or not figures_hold(result):
        found.append([Span("no target judged")])
    elif targets:
        good = sum(one.ok is True for one in targets)
        by_max = sum(one.by_max and one.ok is True for one in targets)
        text = f"{good:,} of {numbers.plural(len(targets), 'target')} met"
        text += f", {by_max:,} by the maximum" if by_max else ""
        found.append([Span(text, "" if good == len(targets) else "fail")])
    else:
        found.append([Span("no target set")])
    found.append(_checks(result.checks, so_far=verdict.partial))
    return [*found, *_caveats(result)]


def _caveats(result: Result) -> list[list[Span]]:
    if not result.caveats or not figures_hold(result):
        return []
    return [[Span(numbers.plural(len(result.caveats), "caveat"), "doubt"), Span(" (below)")]]


STATUS: dict[CheckStatus, Span] = {
    "pass": Span("PASS", "pass"),
    "fail": Span("FAIL", "fail"),
    "not_tested": Span("NOT TESTED", "doubt"),
}


def tallied(statuses: Sequence[CheckStatus]) -> list[Span]:
    """`15 PASS, 1 FAIL, 2 NOT TESTED`, without those that did not occur."""
    found: list[Span] = []
    for status, word in STATUS.items():
        number = statuses.count(status)
        if number:
            # A passing count is what a reader hopes for: it needs no colour.
            role = "" if status == "pass" else word.role
            found += [Span(", ")] if found else []
            found.append(Span(f"{number:,} {word.text}", role))
    return found


def _checks(checks: Sequence[Check], *, so_far: bool) -> list[Span]:
    count = {status: sum(c.status == status for c in checks) for status in ("pass", "fail")}
    untested = len(checks) - count["pass"] - count["fail"]
    violations = sum(check.violations for check in checks)
    if so_far and not count["fail"]:
        return [Span(f"{numbers.plural(violations, 'violation')} so far")]
    found = [
        Span(f"{numbers.plural(count['pass'], 'check')} " + ("passes", "pass")[count["pass"] != 1])
    ]
    if count["fail"]:
        fail = f"{count['fail']:,} " + ("fails" if count["fail"] == 1 else "fail")
        found += [Span(", "), Span(fail, "fail")]
    if untested:
        found += [Span(", "), Span(f"{untested:,} not tested", "doubt")]
    return found


def failed_checks(result: Result) -> list[Check]:
    """The checks that fail: isolation first, then by violations."""
    failed = [check for check in result.checks if check.status == "fail"]
    return sorted(failed, key=lambda check: (check.id != "isolation", -check.violations))


def why(result: Result) -> list[Span]:
    """The reasons, one span each; behind a violation also what else is wrong with the run."""
    verdict = result.verdict
    if verdict.status == "interrupted":
        return []
    if verdict.exit_code == THRESHOLD:
        missed = [_missed(found) for found in result.thresholds if found.ok is not True]
        return [Span(told, "fail") for told in missed + _beside_targets(result)]
    if verdict.exit_code not in (ISOLATION, CORRECTNESS):
        role = "fail" if verdict.status == "fail" else ""
        return [Span(reason, role) for reason in verdict.reasons]
    violations = len(failed_checks(result))
    also = "and PARTIAL: " if figures_hold(result) else "and INVALID: "
    return [
        Span(reason, "fail") if index < violations else Span(also + reason)
        for index, reason in enumerate(verdict.reasons)
    ]


def _beside_targets(result: Result) -> list[str]:
    """Reasons behind those of the targets, such as a check that was asked for and not tested."""
    missed = sum(one.ok is not True for one in result.thresholds)
    return result.verdict.reasons[missed:]


def last_line(result: Result) -> str:
    """The verdict again, with its exit code and the cause in a few words."""
    code = result.verdict.exit_code
    cause = _cause(result)
    return f"{word(result)} (exit {code})" + (f": {cause}" if cause else "")


def _cause(result: Result) -> str:
    code = result.verdict.exit_code
    if code in (ISOLATION, CORRECTNESS):
        failed = failed_checks(result)
        told = [f"{c.id}, {numbers.plural(c.violations, 'violation')}" for c in failed]
        return _first(told, "check")
    if code == THRESHOLD:
        missed = [missed_target(one) for one in result.thresholds if one.ok is not True]
        return _first(missed + _beside_targets(result), "target")
    if code == INTERRUPTED:
        return progress(result)
    if code == INVALID:
        if result.identities:
            return "the accounting of the run is broken"
        reason = result.stopped_by or (result.verdict.reasons or [""])[0]
        reason = reason.split(". ")[0].rstrip(".")
        return reason[:1].lower() + reason[1:]
    return result.verdict.reasons[0] if code and result.verdict.reasons else ""


def _first(told: list[str], noun: str) -> str:
    more = len(told) - MAX_NAMED
    text = "; ".join(told[:MAX_NAMED])
    return f"{text}; {numbers.plural(more, noun)} more" if more > 0 else text


def _missed(found: ThresholdResult) -> str:
    """`p99 missed its target: 231 ms, asked < 100 ms`"""
    if found.ok is None:
        why = found.note or "no samples"
        for lead in ("not judged: ", "not evaluated: "):
            why = why.removeprefix(lead)
        return f"{found.label} was not judged: {why}"
    actual = numbers.actual(found.actual, found.unit)
    return f"{found.label} missed its target: {actual}, asked {asked(found)}"


def missed_target(found: ThresholdResult) -> str:
    """`p99 231 ms, target < 100 ms`"""
    if found.ok is None:
        return f"{found.label} not judged"
    return f"{found.label} {numbers.actual(found.actual, found.unit)}, target {asked(found)}"


def asked(found: ThresholdResult) -> str:
    """What a threshold asks for: `< 100 ms`."""
    return f"{operator(found.expression)} {numbers.target(found.target, found.unit)}"


def operator(expression: str) -> str:
    """The comparison of an expression, as it is printed; its labels may hold such signs too."""
    condition = expression.rpartition("}")[2]
    start = min((condition.find(sign) for sign in "<>=!" if sign in condition), default=0)
    sign = condition[start : start + 2]
    found = sign if sign[1:] == "=" else sign[:1]
    return {"==": "=", "<=": "≤", ">=": "≥", "!=": "≠"}.get(found, found)
