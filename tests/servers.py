"""Servers that tests start for themselves: a mail server that keeps what it takes, free ports, running programs."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Mailbox:
    """A real SMTP server on a port of its own, and what it has accepted; it thinks about each for a while.

    `answers` is asked what to say to each mail; what it does not take with a 250 is not kept.
    """

    def __init__(self, *, thinks_for: float = 0) -> None:
        self.thinks_for = thinks_for
        self.answers: Callable[[Any], str] = lambda _envelope: "250 taken"
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.port = free_port()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd calls it)
        await asyncio.sleep(self.thinks_for)
        answer = self.answers(envelope)
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return answer

    def wait_for(self, to: str, *, subject: str = "", seconds: float = 30) -> EmailMessage:
        """The latest mail to this address whose subject holds *subject*."""
        found: list[EmailMessage] = []

        def has_come() -> bool:
            found[:] = [m for m in self.messages if to in str(m["to"]) and subject in str(m["subject"])]
            return bool(found)

        assert wait_until(has_come, seconds), f"no mail to {to}: {[str(m['subject']) for m in self.messages]}"
        return found[-1]


@contextmanager
def open_mailbox(*, thinks_for: float = 0) -> Iterator[Mailbox]:
    box = Mailbox(thinks_for=thinks_for)
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether it happened before the time was over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.1)
    return happened()


@contextmanager
def meanwhile(work: Callable[[], object], *, every: float = 0.5) -> Iterator[None]:
    """Does that over and over in a thread of its own, with so many seconds in between."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(every):
            work()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
