"""Runs a few processes that belong together: they start together and end together.

Each child leads a process group of its own. A worker with an embedded scheduler leaves that scheduler behind when
it is killed, so a group is ended as a group, even when its leader is gone already.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

POLL_SECONDS = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """One child: what it is called in messages, and how it is started."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Starts programs, watches them, and stops all of them when one ends or a signal asks for it."""

    def __init__(self, *, grace_seconds: float = 8.0) -> None:
        self.grace_seconds = grace_seconds
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False

    def start(self, programs: Sequence[Program]) -> None:
        """Starts *programs*; signals from now on ask them to stop, once each."""
        for number in SIGNALS:
            signal.signal(number, self._remember)
        for program in programs:
            self.children[program.name] = subprocess.Popen(
                program.command, env={**os.environ, **program.env}, start_new_session=True
            )

    def _remember(self, number: int, frame: object) -> None:
        self.asked_to_stop = True

    def ended(self) -> dict[str, int]:
        """The exit code of each child that has ended by itself, by name; negative for a signal.

        The child is left unreaped: as long as it is, its group's number cannot pass to a stranger.
        """
        found = {}
        for name, child in self.children.items():
            state = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if state is not None:
                found[name] = state.si_status if state.si_code == os.CLD_EXITED else -state.si_status
        return found

    def watch(self) -> dict[str, int]:
        """Waits until somebody asks to stop or a child ends; the children that ended, with their exit codes."""
        while not self.asked_to_stop:
            if ended := self.ended():
                return ended
            time.sleep(POLL_SECONDS)
        return {}

    def stop(self) -> None:
        """Asks each leader to finish what it is at, then ends what is left of every group."""
        for name, child in self.children.items():
            if name not in self.ended():
                child.terminate()
        until = time.monotonic() + self.grace_seconds
        while len(self.ended()) < len(self.children) and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        for child in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.children.clear()
