"""Which control plane a run uses: DATABASE_URL and ENCRYPTION_KEY choose a given one."""

from __future__ import annotations

from collections.abc import Mapping

from stress.errors import UsageError

DATABASE_URL = "DATABASE_URL"
ENCRYPTION_KEY = "ENCRYPTION_KEY"
VARIABLES = (DATABASE_URL, ENCRYPTION_KEY)


def mistakes_of(environment: Mapping[str, str]) -> list[UsageError]:
    """A line for each mistake; whether the values are right is found out when they are used.

    Never a silent change of backend: half a configuration and an empty secret are both said.
    """
    found = {name: environment.get(name) for name in VARIABLES}
    mistakes = [
        UsageError(name, "set but empty", f"give it a value, or: unset {name}")
        for name, value in found.items()
        if value is not None and not value.strip()
    ]
    if mistakes:
        return mistakes
    missing = [name for name, value in found.items() if value is None]
    if len(missing) == 1:
        other = next(name for name in VARIABLES if name not in missing)
        cure = f"{other} needs it: export {missing[0]}=…"
        return [UsageError(missing[0], "not set", cure)]
    return []
