"""Which control plane a run uses: DATABASE_URL and ENCRYPTION_KEY choose a given one."""

from __future__ import annotations

from collections.abc import Mapping

from stress.errors import UsageError

VARIABLES = ("DATABASE_URL", "ENCRYPTION_KEY")


def refuse_given(environment: Mapping[str, str]) -> list[UsageError]:
    """A line for each mistake; empty where the embedded server is meant.

    Never a silent change of backend: half a configuration, an empty secret, and a control plane
    that cannot be used yet are all said.
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
    if missing:
        return []
    return [
        UsageError(
            "DATABASE_URL",
            "your own control plane is not supported yet",
            "unset DATABASE_URL ENCRYPTION_KEY",
        )
    ]
