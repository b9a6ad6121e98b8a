"""A lane that acts out a checking phase: every call is judged, counted and recorded.

Slower than the drive loop on purpose: it remembers no answer, so that each is compared in full and
its version stands in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from _timing import monotonic_ns
from _timing.clock import sleep_until
from _timing.drive import MEMO_FIELDS, MEMO_OBJECT, Lane, Plan, note_load
from _timing.recorder import CHECK
from stress.backend.allowance import Allowance
from stress.load.connections import Connector
from stress.load.findings import Findings
from stress.load.ring import COMMIT, EVERY_TENANT, INVALIDATE, LOAD, NO_VERSION, RESOLVE, STOP, Ring
from stress.load.stage import Stage
from stress.load.whose import Whose
from stress.target.answers import OUTCOME_MASK, Answers
from stress.target.loads import LoadWatch
from stress.target.protocol import Facts

SLEEP_SLICE_NS = 50_000_000
POLL_NS = 200_000


@dataclass(frozen=True)
class Hold:
    """Holds a call's first load: `wait` runs on its thread, after the statement, before it returns.

    within: whether the load lasts until it is let go. Otherwise it has ended with its statement:
    what the cache makes of a row that was read is no part of reading it.
    """

    wait: Callable[[], None]
    within: bool = False


class Actor:
    """One lane's hands: resolve, invalidate, borrow, and wait for an instant."""

    def __init__(
        self,
        stage: Stage,
        lane: Lane,
        ring: Ring,
        target: Any,
        facts: Facts,
        answers: Answers,
        tenant_ids: list[str],
        watch: LoadWatch,
        connector: Connector | None,
        findings: Findings,
        whose: Sequence[Whose],
        allowed: Allowance | None,
    ) -> None:
        self.process = lane.process
        self.thread = lane.thread
        self.position = lane.process * stage.threads + lane.thread
        self.lanes = stage.lanes
        self.threads = stage.threads
        self.tenant_ids = tenant_ids
        self.tenants = len(tenant_ids)
        self.ring = ring
        self.findings = findings
        self.whose = whose
        self._allowed = allowed
        self.mailbox = stage.mailboxes[lane.process]
        self._slab = stage.slab
        self._lane = lane
        self._target = target
        self._facts = facts
        self._answers = answers
        self._watch = watch
        self._connector = connector
        self._called_ns = 0
        self._hold: Hold | None = None
        self._keys = [np.array([index], np.int32) for index in range(self.tenants)]
        # No attribute is announced: the loop then recognises nothing and asks the judge each time.
        self._plan = Plan(target.resolve, tenant_ids, self._judge)
        self.connects = facts.connects
        self.can_invalidate = facts.offers_invalidate

    def lendable(self, index: int) -> int:
        """The tenant whose connection this worker may borrow in place of that one's."""
        if self._allowed is None:
            return index
        return self._allowed.of_worker(self.process, index, self.tenants)

    @property
    def stopping(self) -> bool:
        """Whether the run has been stopped."""
        return bool(self._slab.stopping)

    def resolve(self, index: int, hold: Hold | None = None) -> None:
        """One call of the target, judged, counted and recorded."""
        self._hold = hold
        self._watch.calling(index, self._on_load)
        self._called_ns = monotonic_ns()
        try:
            self._lane.run(self._plan, CHECK, self._keys[index], count=1, start_ns=self._called_ns)
        finally:
            self._watch.calling(index, None)

    def invalidate(self, index: int | None = None) -> None:
        """Tell the target to forget one tenant, or all."""
        tenant_id = None if index is None else self.tenant_ids[index]
        started = monotonic_ns()
        try:
            if tenant_id is None:
                self._target.invalidate_cache()
            else:
                self._target.invalidate_cache(tenant_id)
        except Exception as error:
            # One that raised has promised nothing.
            self.findings.failure(index or 0, error, monotonic_ns())
            return
        tenant = EVERY_TENANT if index is None else index
        self.ring.append(INVALIDATE, tenant, started, monotonic_ns())

    def stopped(self, process: int, index: int, started_ns: int, ended_ns: int) -> None:
        """A worker was stopped in a load of that tenant, and has been continued."""
        self.ring.append(STOP, index, started_ns, ended_ns, version=process)

    def committed(self, index: int, version: int, started_ns: int) -> None:
        """A control-plane write that this lane made has just been committed."""
        self.ring.append(COMMIT, index, started_ns, monotonic_ns(), version=version)

    @contextmanager
    def connection(self, index: int) -> Iterator[Any]:
        """Borrow a connection; counted as one call of the target."""
        assert self._connector is not None
        self._called_ns = monotonic_ns()
        self._watch.calling(index, self._on_load)
        try:
            with self._connector.open(self.tenant_ids[index]) as connection:
                self._watch.calling(index, None)
                yield connection
        finally:
            self._watch.calling(index, None)

    def wait_for(
        self, condition: Callable[[], bool], until_ns: int, poll_ns: int = POLL_NS
    ) -> bool:
        """Wait for what other lanes do; False where the instant passed or the run was stopped."""
        while not condition():
            now = monotonic_ns()
            if now >= until_ns or not self.sleep_until(min(now + poll_ns, until_ns)):
                return False
        return True

    def says(self, key: str) -> Any:
        """What the target's statistics say of itself; None where they do not."""
        if not self._facts.offers_stats:
            return None
        try:
            return dict(self._target.get_cache_stats()).get(key)
        except Exception:
            return None  # told when the statistics are reported

    def sleep_until(self, instant_ns: int) -> bool:
        """Sleep to an instant of the monotonic clock; False where the run was stopped meanwhile."""
        while not self.stopping:
            now = monotonic_ns()
            if now >= instant_ns:
                return True
            sleep_until(min(instant_ns, now + SLEEP_SLICE_NS))
        return False

    def _on_load(self, tenant: int, started_ns: int, ended_ns: int) -> None:
        hold, self._hold = self._hold, None
        if hold is not None and hold.within:
            hold.wait()
            ended_ns = monotonic_ns()
        self.ring.append(LOAD, tenant, started_ns, ended_ns, version=self._called_ns)
        note_load(self._slab, tenant, started_ns, ended_ns)
        if hold is not None and not hold.within:
            hold.wait()

    def _judge(
        self,
        index: int,
        answer: Any,
        error: BaseException | None,
        loads: int,
        started_ns: int,
        ended_ns: int,
    ) -> int:
        code = self._answers(index, answer, error, loads, started_ns, ended_ns)
        version = self._answers.version_seen(index)
        self.ring.append(
            RESOLVE,
            index,
            started_ns,
            ended_ns,
            version=version if type(version) is int else NO_VERSION,
            outcome=code & OUTCOME_MASK,
        )
        return code & ~(MEMO_OBJECT | MEMO_FIELDS)
