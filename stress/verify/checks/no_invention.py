"""no_invention: every answer was committed to the control plane at some time.

Holds when the version and the fields of each answer are those of a committed row of that tenant.
"""

from __future__ import annotations

from stress.report.result import Check
from stress.verify.checks.fields import judge_fields
from stress.verify.evidence import Evidence
from stress.verify.witness import Meaning

ID = "no_invention"
MEANING = Meaning(
    rule="Version and fields of an answer are those of a row that was committed for this tenant.",
    effect="The application connects to a database, or as a user, that nobody configured.",
    likely="A record was built from several rows, or read while it was being written.",
)


def check(evidence: Evidence) -> Check:
    """Judge every compared answer."""
    return judge_fields(evidence, ID, evidence.invented, MEANING)
