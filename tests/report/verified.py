"""Hand-made results of a verification: with the seed's checklist, passing and failing."""

from __future__ import annotations

from msgspec.structs import replace

from stress.report.result import Check, ChecklistLine, CheckStatus, Result, Verdict
from tests.report.passed import passing

LINES: tuple[tuple[str, str], ...] = (
    ("Cache hits < 1ms", "avg 1.10 µs, 1,598 hits"),
    ("Cache misses < 50ms", "avg 1.31 ms, 10 cold loads"),
    ("Cache hit rate > 90% (after warmup)", "99.87%, 1,598 of 1,600"),
    ("Cache speedup > 20x", "1,180×"),
    ("Average < 50ms", "2.76 µs, 1,600 requests"),
    ("p95 < 50ms", "1.16 µs"),
    ("p99 < 100ms", "8.40 µs"),
    ("> 100 requests/second", "216,000/s (heavy)"),
    (
        "No degradation under load",
        "61,300/s light, 118,000/s medium, 216,000/s heavy; hit p50 682, 684, 685 ns",
    ),
    ("Cache expires after TTL", "40 of 40 entries; oldest 1.998 s, TTL 2 s"),
    ("Expired entries trigger refresh", "40 expiries, 40 loads"),
    ("No stale connections", "40 connections after a rotation, 0 of the old role"),
    ("No data corruption", "84,210 answers: 0 torn, 0 invented"),
    ("Correct database per tenant", "84,210 answers, 0 wrong"),
    ("Cache consistency maintained", "212 invalidations, all seen"),
    ("Each tenant gets correct database", "10 of 10 tenants"),
    ("No cross-tenant access", "84,210 answers, 0 wrong; 400 sessions clean"),
    ("Isolation maintained under load", "21,000 under 80 threads, 0 wrong"),
)

NO_CONNECT = "the target's answers offer no connect()"
NO_STATS = "the target offers no get_cache_stats()"


def _check(name: str, status: CheckStatus = "pass", **more: object) -> Check:
    values = {"examined": 84_210, "violations": 0, "evidence": "84,210 answers", **more}
    return Check(id=name, status=status, **values)  # type: ignore[arg-type]


def verified() -> Result:
    """`stress verify`, everything tested and passed."""
    base = passing()
    scenario = {**base.scenario, "name": "verify", "requests": 1600, "steady_s": 1.0}
    names = ("isolation", "no_invention", "untorn", "read_after_invalidate", "clean_session")
    return replace(
        base,
        scenario=scenario,
        checklist=[
            ChecklistLine(line=line, status="pass", evidence=evidence) for line, evidence in LINES
        ],
        checks=[_check(name) for name in names],
        caveats=[],
        measured_s=47.3,
    )


def unverified() -> Result:
    """One check failed, and a target that offers neither connections nor statistics."""
    base = verified()
    changed: dict[str, tuple[CheckStatus, str]] = {
        "No stale connections": ("not_tested", NO_CONNECT),
        "Cache consistency maintained": (
            "fail",
            "read_after_invalidate: 1 of 212 invalidations not seen",
        ),
        "No cross-tenant access": (
            "not_tested",
            "84,210 answers, 0 wrong, but no connect(): clean_session could not be tested",
        ),
    }
    untested = {
        "stale_connection": NO_CONNECT,
        "clean_session": NO_CONNECT,
        "connection_leak": NO_CONNECT,
        "counter_identity": NO_STATS,
        "eviction": "the target states no capacity",
    }
    return replace(
        base,
        verdict=Verdict(
            status="fail",
            exit_code=91,
            reasons=[
                "1 violation: read_after_invalidate. A tenant's old database was served after its "
                "invalidation had returned."
            ],
        ),
        scenario={**base.scenario, "target": "mypkg:factory"},
        checklist=[
            replace(
                line,
                status=changed.get(line.line, (line.status, ""))[0],
                evidence=changed.get(line.line, ("", line.evidence))[1],
            )
            for line in base.checklist
        ],
        checks=[
            _check("isolation"),
            _check("no_invention"),
            _check("untorn"),
            _check(
                "read_after_invalidate",
                "fail",
                examined=212,
                violations=1,
                evidence="212 invalidations, 58 during a load",
                notes=["the old row was served 620 µs after the invalidation had returned"],
            ),
            *(
                _check(name, "not_tested", examined=0, evidence="", reason=reason)
                for name, reason in untested.items()
            ),
        ],
    )
