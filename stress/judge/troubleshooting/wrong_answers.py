"""Thread-safety problems: answers that mix under concurrency; tenants that cannot be told apart."""

from __future__ import annotations

from stress.judge.cure import again
from stress.report.numbers import plural
from stress.report.result import Caveat, Check, Result

SHOWN = 3

# What a wrong answer of each check is.
WRONG = {"isolation": "another tenant's", "untorn": "mixed from two rows"}


def shared_state(result: Result) -> Caveat | None:
    """Wrong or torn answers, while several threads were calling."""
    threads = result.scenario["threads"]
    found = [check for check in result.checks if check.id in WRONG and check.status == "fail"]
    if threads <= 1 or not found:
        return None
    told = " and ".join(f"{_share(check)} {WRONG[check.id]}" for check in found)
    return Caveat(
        id="shared_state",
        message=f"{told}, with {threads} threads calling at once: calls may share state that only "
        "one of them should see.",
        cure=f"if this finds no wrong answer, they do: {again(result, threads=1)}",
    )


def _share(check: Check) -> str:
    were = "was" if check.violations == 1 else "were"
    return f"{check.violations:,} of {plural(check.examined, 'answer')} {were}"


def shared_database(result: Result) -> Caveat | None:
    """Tenants with one database and one user: nothing tells their answers apart."""
    classes = [one for one in result.environment.shared_databases or () if len(one) > 1]
    if not classes:
        return None
    tenants = sum(len(one) for one in classes)
    names = ", ".join(classes[0][:SHOWN]) + (", …" if len(classes[0]) > SHOWN else "")
    have = "have one database" if len(classes) == 1 else f"share {len(classes):,} databases"
    return Caveat(
        id="shared_database",
        message=f"{tenants:,} tenants {have} in common ({names}): isolation between them is NOT "
        "TESTED.",
        cure="give each tenant a database of its own, or without DATABASE_URL and ENCRYPTION_KEY: "
        f"{again(result)}",
    )
