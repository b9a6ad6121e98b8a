"""Forked processes that a test leads step by step: nothing is left to luck or to sleeping."""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# How long a step may take on a busy machine before the test fails instead of hanging.
PATIENCE_S = 30.0


class Line:
    """One end of a pair of pipes that carries pickled objects both ways."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def say(self, thing: Any = None) -> None:
        data = pickle.dumps(thing)
        os.write(self._outgoing, struct.pack("<I", len(data)) + data)

    def hear(self, timeout_s: float = PATIENCE_S) -> Any:
        (length,) = struct.unpack("<I", self._read(4, timeout_s))
        return pickle.loads(self._read(length, timeout_s))

    def hears_nothing(self, for_s: float = 0.1) -> bool:
        return not select.select([self._incoming], [], [], for_s)[0]

    def _read(self, length: int, timeout_s: float) -> bytes:
        data = b""
        while len(data) < length:
            if not select.select([self._incoming], [], [], timeout_s)[0]:
                raise TimeoutError(f"nothing heard for {timeout_s} s")
            piece = os.read(self._incoming, length - len(data))
            if not piece:
                raise EOFError("the other side has ended")
            data += piece
        return data

    def close(self) -> None:
        os.close(self._incoming)
        os.close(self._outgoing)


class Child:
    """A forked process running `work(line)`; what it raises is raised by `join`."""

    def __init__(self, work: Callable[[Line], Any]) -> None:
        to_child, from_parent = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(work, Line(to_child[0], from_parent[1]))
        self._line = Line(from_parent[0], to_child[1])
        os.close(to_child[0])
        os.close(from_parent[1])
        self.say, self.hear = self._line.say, self._line.hear
        self.hears_nothing = self._line.hears_nothing
        self._ended = False

    def _run(self, work: Callable[[Line], Any], line: Line) -> None:
        code = 1
        try:
            line.say(("ended", work(line)))
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Stop it, and wait until it stands still."""
        self.send(signal.SIGSTOP)
        self.stands_still()

    def stands_still(self) -> None:
        """Wait until it has stopped (by whomever)."""
        assert os.WIFSTOPPED(os.waitpid(self.pid, os.WUNTRACED)[1])

    def go_on(self) -> None:
        self.send(signal.SIGCONT)

    def kill(self, *, reap: bool = True) -> None:
        """Kill it; unreaped it stays a zombie until `close`."""
        self.send(signal.SIGKILL)
        if reap:
            self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit status as waitpid gives it."""
        status = os.waitpid(self.pid, 0)[1]
        self._ended = True
        return status

    def join(self) -> Any:
        """What `work` returned."""
        word, result = self.hear()
        assert word == "ended"
        assert self.wait() == 0
        return result

    def close(self) -> None:
        if not self._ended:
            self.send(signal.SIGKILL)
            self.wait()
        self._line.close()


@contextmanager
def children(*works: Callable[[Line], Any]) -> Iterator[list[Child]]:
    """Children running the given work, none of which outlives the block."""
    alive: list[Child] = []
    try:
        for work in works:
            alive.append(Child(work))
        yield alive
    finally:
        for child in alive:
            child.close()


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Results of `work(0)` … `work(count - 1)`, a thread each; errors as results."""
    results: list[Any] = [None] * count

    def run(index: int) -> None:
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return results
