"""The seed's load profiles: how many requests, by how many threads, and what for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """A named load; `threads` is per process, `requests` the total over all processes."""

    name: str
    requests: int
    threads: int
    purpose: str

    @property
    def summary(self) -> str:
        """One line for the help."""
        return f"{self.requests:,} requests, {self.threads} threads: {self.purpose}"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("light", 100, 5, "baseline"),
        Profile("medium", 500, 10, "normal load"),
        Profile("heavy", 1000, 20, "stress"),
    )
}
