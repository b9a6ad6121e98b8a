"""What a forked worker does before anything of the target runs in it, and where its threads are."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType

from stress.load.mailbox import Mailbox

PR_SET_PDEATHSIG = 1
DUMP_STACKS = signal.SIGUSR1


def set_up(parent_pid: int, mailbox: Mailbox) -> None:
    """Die with the parent, leave Ctrl-C to it, write no core, tell the stacks when asked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signal.signal(DUMP_STACKS, lambda _number, _frame: mailbox.post("stacks", text=stacks()))
    # The parent's objects are shared pages until a collection touches them.
    gc.freeze()


def stacks() -> str:
    """Every thread's stack, file names without their folders."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        parts.append(f"{names.get(ident, ident)}: {_stack(frame)}")
    return "\n".join(sorted(parts))


def _stack(frame: FrameType) -> str:
    frames = traceback.extract_stack(frame)[-4:]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno} in {f.name}" for f in reversed(frames))
