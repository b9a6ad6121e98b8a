"""untorn: all fields of one answer belong to one version.

Holds when no answer mixes the host, database, user or version of different committed rows.
"""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.fields import judge_fields
from stress.verify.evidence import Evidence
from stress.verify.witness import Meaning

ID = "untorn"
MEANING = Meaning(
    rule="All fields of one answer belong to one committed version.",
    effect="A new user on an old host, or the reverse: logins fail, or reach the wrong database.",
    likely="Fields are updated one by one in a shared record. Replace the record as a whole.",
)


def check(evidence: Evidence) -> Check:
    """Judge every compared answer."""
    return judge_fields(evidence, ID, evidence.torn, MEANING)
