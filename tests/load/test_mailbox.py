"""The mailbox between a worker and the controller."""

from __future__ import annotations

import mmap
import os
import signal

from stress.load.mailbox import Mailbox


def test_messages_come_back_in_their_order_and_by_kind() -> None:
    mailbox = Mailbox(memoryview(bytearray(1024)))
    mailbox.post("proof", tenant="a")
    mailbox.post("failure", type="ValueError")
    mailbox.post("proof", tenant="ü")
    assert [m["tenant"] for m in mailbox.messages("proof")] == ["a", "ü"]
    assert [m["kind"] for m in mailbox.messages()] == ["proof", "failure", "proof"]


def test_a_message_that_does_not_fit_is_refused_whole() -> None:
    mailbox = Mailbox(memoryview(bytearray(128)))
    assert mailbox.post("a", text="x" * 40)
    assert not mailbox.post("b", text="y" * 200)
    assert mailbox.post("c", text="z")
    assert [m["kind"] for m in mailbox.messages()] == ["a", "c"]


def test_what_a_killed_worker_had_posted_stays_readable() -> None:
    memory = memoryview(mmap.mmap(-1, 4096))
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        Mailbox(memory).post("failure", type="OSError")
        os.write(writing, b"x")
        signal.pause()
        os._exit(0)
    os.read(reading, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)
    assert [m["type"] for m in Mailbox(memory).messages("failure")] == ["OSError"]
