"""What a child of fork does before anything else: it takes nothing over that is its parent's."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def in_child(method: Callable[[], None]) -> None:
    """Have a bound method called in each child of fork, for as long as its object lives.

    There is one thread then, and a lock that another one held in the parent is held for ever: the
    method replaces locks instead of taking them.
    """
    reference = weakref.WeakMethod(method)

    def call() -> None:
        bound = reference()
        if bound is not None:
            bound()

    os.register_at_fork(after_in_child=call)
