"""Programs that belong together start together and end together, whatever one of them does."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from attune_project.supervisor import Program, Supervisor

pytestmark = pytest.mark.once

SLEEPS = "import time; time.sleep(60)"
# Leaves a child of its own behind, as a killed worker leaves its scheduler.
HAS_CHILD = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""
IGNORES_TERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    made = Supervisor(grace_seconds=1.0)
    yield made
    made.stop()
    for number, handler in kept.items():
        signal.signal(number, handler)


def program(name: str, code: str, *args: str) -> Program:
    return Program(name, [sys.executable, "-c", code, *args])


def is_alive(pid: int) -> bool:
    """Whether a process runs under this number; a zombie waiting for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(check, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.02)
    return False


class TestWatch:
    def test_says_which_program_ended_and_how(self, supervisor):
        supervisor.start([program("web", SLEEPS), program("worker", "raise SystemExit(3)")])
        assert supervisor.watch() == {"worker": 3}

    def test_a_killed_program_is_told_from_one_that_failed(self, supervisor):
        supervisor.start([program("web", SLEEPS)])
        supervisor.children["web"].send_signal(signal.SIGKILL)
        assert supervisor.watch() == {"web": -signal.SIGKILL}

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_returns_empty_when_a_signal_asks_to_stop(self, supervisor, number):
        supervisor.start([program("web", SLEEPS)])
        os.kill(os.getpid(), number)
        assert supervisor.watch() == {}


class TestStop:
    def test_ends_every_program(self, supervisor):
        supervisor.start([program("web", SLEEPS), program("worker", SLEEPS)])
        pids = [child.pid for child in supervisor.children.values()]
        supervisor.stop()
        assert not any(is_alive(pid) for pid in pids)

    def test_ends_what_a_killed_leader_left_behind(self, supervisor, tmp_path):
        noted = tmp_path / "pid"
        supervisor.start([program("worker", HAS_CHILD, str(noted))])
        assert wait_until(lambda: noted.exists() and noted.read_text())
        orphan = int(noted.read_text())
        supervisor.children["worker"].send_signal(signal.SIGKILL)
        assert supervisor.watch() == {"worker": -signal.SIGKILL}
        assert is_alive(orphan), "this test has lost what it is about: nothing was left behind"
        supervisor.stop()
        assert wait_until(lambda: not is_alive(orphan))

    def test_does_not_wait_longer_than_its_grace(self, supervisor):
        supervisor.start([program("web", IGNORES_TERM)])
        time.sleep(0.3)
        began = time.monotonic()
        supervisor.stop()
        assert time.monotonic() - began < 3
