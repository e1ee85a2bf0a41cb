"""`manage.py up` as a person starts it, killed and interrupted as life does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
UNSET = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "ALLOWED_HOSTS")
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One installation for all starts: the first one prepares it, the others find it prepared."""
    return tmp_path_factory.mktemp("up")


class Running:
    """One `manage.py up`."""

    def __init__(self, var: Path, port: int) -> None:
        self.port = port
        self.log = var / f"up-{port}.log"
        env = {name: value for name, value in os.environ.items() if name not in UNSET}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--bind", f"127.0.0.1:{port}"],
                cwd=ROOT,
                env={**env, "VAR_DIR": str(var), "STATIC_ROOT": str(ROOT / "var" / "static")},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def wait_until(self, check: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        until = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)

    def children(self) -> list[int]:
        """The processes below this one, their own children included."""
        found = [self.process.pid]
        for pid in found:
            path = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in path.read_text().split()] if path.exists() else []
        return found[1:]


@pytest.fixture
def up(var: Path) -> Iterator[Running]:
    running = Running(var, free_port())
    running.wait_until(lambda: "Ctrl-C stops it." in running.said() or running.process.poll() is not None)
    assert running.process.poll() is None, running.said()
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(20)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.once
@pytest.mark.timeout(180)
class TestUp:
    def test_prints_the_address_only_when_it_answers(self, up: Running) -> None:
        assert f"Attune is running: http://localhost:{up.port}/\n" in up.said(), (
            "a name, or no passkey can be made"
        )
        for name in ("localhost", "127.0.0.1"):
            with urllib.request.urlopen(f"http://{name}:{up.port}/healthz", timeout=10) as answer:
                assert answer.status == 200

    def test_no_other_machine_can_reach_it(self, up: Running) -> None:
        listening = (
            Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
        )
        ends = [
            line.split()[1] for line in listening if f":{up.port:04X} " in line and line.split()[3] == "0A"
        ]
        assert ends == [f"0100007F:{up.port:04X}"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stops_within_ten_seconds_and_leaves_nothing(self, up: Running, number: int) -> None:
        children = up.children()
        up.wait_until(lambda: len(up.children()) >= 4)  # web and its worker, worker and its schedule
        up.process.send_signal(number)
        assert up.process.wait(10) == 0, up.said()
        assert all(is_gone(pid) for pid in children), up.said()

    def test_a_killed_worker_ends_all_of_it(self, up: Running) -> None:
        up.wait_until(lambda: len(up.children()) >= 4)
        children = up.children()
        worker = next(pid for pid in children if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(worker, signal.SIGKILL)
        assert up.process.wait(15) == 1, up.said()
        assert "worker ended with code -9" in up.said()
        up.wait_until(lambda: all(is_gone(pid) for pid in children), seconds=5)

    def test_a_taken_port_is_said_before_anything_starts(self, up: Running, var: Path) -> None:
        second = Running(var, up.port)
        assert second.process.wait(30) == 1
        assert f"PORT={up.port + 1}" in second.said()
        assert second.said().count("\n") == 1, "a sentence is enough"
