"""What a session tests: imported where it may be, probed once, built anew for each measurement."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from stress.errors import TargetError
from stress.ground import Ground
from stress.load.interrupts import Interrupts
from stress.scenario.scenario import Scenario
from stress.target import spec
from stress.target.context import Context
from stress.target.loads import LoadWatch
from stress.target.probe import probe
from stress.target.protocol import Facts
from stress.target.understood import environment_of, recipe_of, with_options


class Subject:
    """facts: what the probe found out; None before `open`."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._recipe = recipe_of(scenario)
        self._named: Any = None
        self._loads: LoadWatch | None = None
        self.facts: Facts | None = None

    @property
    def where(self) -> str:
        """How an error line names it."""
        return self._recipe.where

    def locate(self) -> None:
        """UsageError where there is no such file or module; nothing is imported."""
        spec.locate(self._recipe.spec)

    def open(self, ground: Ground, interrupts: Interrupts, stack: ExitStack) -> Facts:
        """Probe it in a child. What must be undone at the end goes onto the stack.

        The environment and the hooks that see loads come before anything of it is imported. Our
        own answers say what they did: nothing listens then.
        """
        context = ground.context(None, self._scenario, 1)
        if not self._recipe.ours:
            stack.enter_context(environment_of(context.control_plane_url, context.encryption_key))
            self._loads = LoadWatch(context.control_plane_url, context.table.table).install()
            stack.callback(self._loads.remove)
        facts = probe(
            self._recipe,
            context,
            ground.first_sound_tenant,
            ground.redact,
            ground.backend.after_fork_in_child,
            interrupts,
            self._loads,
        )
        if facts.build == "parent":
            self._named = self._recipe.named()
        if self._scenario.operation == "query" and not facts.connects:
            what = "the target's answers offer no connect()"
            raise TargetError("--operation query", what, "leave it out, or give them one")
        self.facts = with_options(facts, self._scenario)
        return self.facts

    def built(self, context: Context) -> Any:
        """A target of this process: of the parent before the fork, or of a worker."""
        named = self._named if self._named is not None else self._recipe.named()
        return self._recipe.make(named, context).target

    def listening(self, context: Context, *, in_phase: bool) -> LoadWatch | None:
        """What sees loads in a worker; for our own resolver in phases alone."""
        if self._loads is None and in_phase:
            return LoadWatch(context.control_plane_url, context.table.table).install()
        return self._loads
