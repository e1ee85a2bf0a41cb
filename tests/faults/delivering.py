"""An installation that sends weekly mails, all of it real and its own: workers, Redis, PostgreSQL, a mail server."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from celery import Celery
from kombu.exceptions import OperationalError
from psycopg import sql

from tests.servers import Mailbox, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
TICK_SECONDS = 5
CELERY = [sys.executable, "-m", "celery", "-A", "attune_project.celery", "worker"]
OPTIONS = [
    "--queues",
    "schedule,compile,mail",
    "--concurrency",
    "2",
    "--loglevel",
    "INFO",
    "--without-mingle",
]


@dataclass
class Installation:
    """Members whose mail is due, the worker that sends it, and the mail server that takes it."""

    env: dict[str, str]
    mailbox: Mailbox
    folder: Path
    worker: subprocess.Popen[bytes] | None = None
    starts: int = 0
    kills: int = 0
    trouble: list[str] = field(default_factory=list)

    # --- Worker --------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """A worker in a process group of its own, and wait until it listens."""
        self.starts += 1
        log = self.folder / f"worker-{self.starts}.log"
        with log.open("wb") as out:
            self.worker = subprocess.Popen(
                [*CELERY, *OPTIONS], cwd=ROOT, env=self.env, stdout=out, stderr=out, start_new_session=True
            )
        assert wait_until(lambda: b"ready." in log.read_bytes(), START_SECONDS), log.read_text()

    def kill_a_child(self) -> None:
        """SIGKILL for one of the processes that work; the parent stays and makes a new one."""
        assert self.worker is not None
        children = Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children").read_text().split()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(random.choice(children)), signal.SIGKILL)
                self.kills += 1

    def kill_all(self) -> None:
        """SIGKILL for the worker with all its processes, as when a machine loses its power."""
        assert self.worker is not None
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()
        self.kills += 1

    def stop(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            try:
                self.worker.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.worker.pid, signal.SIGKILL)

    def worker_is_idle(self) -> bool:
        """Whether no message about a mail waits: a tick every few seconds would say the same again and again."""
        with redis.Redis.from_url(self.env["REDIS_URL"]) as broker, contextlib.suppress(redis.RedisError):
            return broker.llen("mail") == 0
        return False

    def nudge(self) -> None:
        """One tick of the planner. What a broker that is away does not take, the next tick says again."""
        app = Celery(broker=self.env["REDIS_URL"])
        app.conf.broker_transport_options = {"socket_connect_timeout": 2, "max_retries": 1}
        try:
            app.send_task("reflections.tasks.plan", queue="schedule", retry=False)
        except (OperationalError, redis.RedisError, OSError) as error:
            self.trouble.append(type(error).__name__)
        finally:
            app.close()

    # --- What came of it -----------------------------------------------------------------------------------------
    def states(self) -> Counter[str]:
        rows = self.ask("SELECT status, count(*) FROM reflections_digest GROUP BY status")
        return Counter(dict(rows))

    def ask(self, question: str) -> list[Any]:
        try:
            with psycopg.connect(self.env["DATABASE_URL"], autocommit=True, connect_timeout=5) as rows:
                answer = rows.execute(question)
                return answer.fetchall() if answer.description else []
        except psycopg.OperationalError as error:
            self.trouble.append(type(error).__name__)
            return []

    def let_leases_end(self) -> None:
        """As if the five minutes of each lease were over."""
        self.ask(
            "UPDATE reflections_digest SET next_at = now(), lease_until = now() WHERE status = 'sending'"
        )

    def tick_until_sent(self, members: int, *, seconds: float, leases: bool = False) -> bool:
        """Nudge as the schedule would, until every mail is sent; *leases* end at once instead of after their time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.states() == {"sent": members}:
                return True
            if leases:
                self.let_leases_end()
            if self.worker_is_idle():
                self.nudge()
            time.sleep(TICK_SECONDS)
        return self.states() == {"sent": members}

    def copies(self) -> dict[str, list[bytes]]:
        """What arrived, by Message-ID."""
        found: dict[str, list[bytes]] = {}
        for raw, message in zip(self.mailbox.raw, self.mailbox.messages, strict=True):
            found.setdefault(str(message["Message-ID"]), []).append(raw)
        return found


@contextlib.contextmanager
def installation(
    members: int,
    folder: Path,
    mailbox: Mailbox,
    *,
    database: str,
    broker: str,
    a_second: float = 20,
    load: Sequence[str] = (),
) -> Iterator[Installation]:
    """An installation with so many due mails; it sends that many in a second at most. *load* is for `digest_load`."""
    env = {
        **os.environ,
        "VAR_DIR": str(folder),
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "RETURN_ADDRESS": "bounces@example.org",
        "DIGESTS_PER_SECOND": str(a_second),
        "PYTHONWARNINGS": "default",
    }
    command = [sys.executable, "-m", "tests.faults.digest_load", str(members), *load]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, timeout=600)
    with redis.Redis.from_url(broker) as empty:
        empty.flushdb()  # what an earlier drill left behind is about other mails
    found = Installation(env, mailbox, folder)
    try:
        yield found
    finally:
        found.stop()


# --- Servers of one's own ----------------------------------------------------------------------------------------
@contextlib.contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    from urllib.parse import urlsplit

    name = f"attune_faults_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server_url, autocommit=True) as server:  # the first one did not live through a crash
        server.execute(drop)


class OwnRedis:
    """A Redis that forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_here() -> bool:
        return shutil.which("redis-server") is not None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        assert wait_until(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


class OwnPostgres:
    """A PostgreSQL cluster in a folder, under the user that the machine's own runs under."""

    def __init__(self) -> None:
        # Not in the folder of the test: that is its user's alone, and PostgreSQL refuses to run as root.
        self.port, self.data = free_port(), Path(tempfile.mkdtemp(prefix="attune-cluster-"))
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")

    @staticmethod
    def tool(name: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1]) if found else (shutil.which(name) or "")

    @classmethod
    def is_here(cls) -> bool:
        return bool(cls.tool("initdb")) and (os.geteuid() != 0 or shutil.which("runuser") is not None)

    def _run(self, name: str, *arguments: str) -> None:
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_owner, self.tool(name), "-D", str(self.data), *arguments]
        # Not captured by pipes: the server that it starts would hold them open.
        nowhere = subprocess.DEVNULL
        subprocess.run(command, check=True, cwd="/", stdout=nowhere, stderr=nowhere, timeout=300)

    def create(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust")
        self.control("start")

    def control(self, verb: str, *arguments: str) -> None:
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", verb, "-w", "-t", "120", "-o", options, *arguments)

    def remove(self) -> None:
        self.control("stop", "-m", "immediate")
        shutil.rmtree(self.data, ignore_errors=True)
