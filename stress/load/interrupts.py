"""Ctrl-C and SIGTERM: the first asks the run to end and report, the second ends it at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_INTERRUPTED = 130
NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class Interrupted(BaseException):
    """Raised where nothing is measured yet; a BaseException, so that nothing holds it up."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class Interrupts:
    """The handlers of one run; a context manager that puts the former ones back.

    Outside `deferred()` the first signal raises Interrupted in the main thread; inside it only sets
    `asked`, which the crew's loop reads. leave: called before the second one ends the process.
    """

    def __init__(
        self, announce: Callable[[str], None], leave: Callable[[], None] = lambda: None
    ) -> None:
        self.asked: str | None = None
        self._announce = announce
        self._leave = leave
        self._deferring = False
        self._former: dict[int, object] = {}

    def __enter__(self) -> Interrupts:
        for number in NAMES:
            self._former[number] = signal.signal(number, self._handle)
        self._former_hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        sys.unraisablehook = self._former_hook

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        """A signal that came inside a finalizer raises nothing; `asked` is read soon enough."""
        if not isinstance(unraisable.exc_value, Interrupted):
            self._former_hook(unraisable)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """A part that reads `asked` itself. A signal that came before it raises here."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        by = NAMES[signal.Signals(number)]
        if self.asked is not None:
            # Workers die with this process, and the warden removes the server.
            self._leave()
            os._exit(EXIT_INTERRUPTED)
        self.asked = by
        self._announce("stopping: finishing requests in flight, report follows (again: at once)")
        if not self._deferring:
            raise Interrupted(by)
