"""The second Ctrl-C ends the process, and what was drawn is taken away before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, signal, sys
from stress.load.interrupts import Interrupts
def say(text): print(text, flush=True)
with Interrupts(say, lambda: say("left")) as interrupts, interrupts.deferred():
    os.kill(os.getpid(), signal.{first})
    say(interrupts.asked)
    os.kill(os.getpid(), signal.{second})
    say("still there")
"""


def run(first: str, second: str) -> tuple[int, list[str]]:
    program = PROGRAM.format(first=first, second=second)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_the_second_signal_leaves_at_once() -> None:
    stopping = "stopping: finishing requests in flight, report follows (again: at once)"
    assert run("SIGINT", "SIGINT") == (130, [stopping, "Ctrl-C", "left"])
    assert run("SIGTERM", "SIGINT") == (130, [stopping, "SIGTERM", "left"])
