"""libpq's own environment variables, which would change connections that we spell out in full.

PGHOSTADDR in somebody's shell sends every connection of the run to that address, PGSSLMODE=require
makes the embedded server, which has no TLS, unreachable, PGOPTIONS changes its settings.
"""

from __future__ import annotations

import os

PREFIX = "PG"


def forget_variables() -> dict[str, str]:
    """Take them out of this process's environment; returns what `restore_variables` puts back."""
    return {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(PREFIX)}


def restore_variables(variables: dict[str, str]) -> None:
    """Put them back."""
    os.environ.update(variables)
