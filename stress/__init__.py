"""A load tester that verifies a tenant database-connection cache while it measures it.

`import stress` is cheap: what it offers is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stress.scenario.scenario import Scenario
    from stress.scenario.thresholds import Threshold

    __version__: str

__all__ = ["Scenario", "Threshold", "__version__"]

_HOMES = {"Scenario": "stress.scenario.scenario", "Threshold": "stress.scenario.thresholds"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        try:
            return metadata.version("tenant-stress")
        except metadata.PackageNotFoundError:  # a checkout that was never installed
            return "(not installed)"
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'stress' has no attribute {name!r}")
