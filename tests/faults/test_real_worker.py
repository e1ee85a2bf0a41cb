"""The whole delivery on real servers: PostgreSQL, Redis, a Celery worker of its own, a mail server that answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from common.dates import local_day
from tests.machine import POSTGRES_URL, REDIS_URL
from tests.servers import Mailbox, open_mailbox, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, "manage.py"]


@pytest.fixture
def database() -> Iterator[str]:
    """An empty PostgreSQL database that goes away with the test."""
    name = f"attune_worker_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as box:
        yield box


@pytest.fixture
def installation(database: str, mailbox: Mailbox, tmp_path: Path) -> dict[str, str]:
    """The environment of an installation on real servers, with the demonstration family in it."""
    env = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "DATABASE_URL": database,
        "REDIS_URL": REDIS_URL,
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "PYTHONWARNINGS": "default",
    }
    for command in (["migrate", "--verbosity", "0"], ["load_library"], ["seed_demo"]):
        subprocess.run([*MANAGE, *command], cwd=ROOT, env=env, check=True, capture_output=True, timeout=120)
    return env


@pytest.fixture
def worker(installation: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    celery = [sys.executable, "-m", "celery", "-A", "attune_project.celery"]
    options = ["--queues", "schedule,compile,mail,push", "--concurrency", "2", "--loglevel", "INFO"]
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [*celery, "worker", *options], cwd=ROOT, env=installation, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            assert wait_until(lambda: b"ready." in log.read_bytes(), 60), log.read_text()
            yield running
        finally:
            running.terminate()
            running.wait(30)


def close_the_week_yesterday(database: str) -> None:
    """Let the family's weeks begin on yesterday's day of the week: the last one has closed, its mail is due."""
    closed_on = local_day(datetime.now(UTC), "Europe/Lisbon") - timedelta(days=1)
    with psycopg.connect(database, autocommit=True) as rows:
        for table in ("digest", "reflection", "digestweek"):
            rows.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(f"reflections_{table}")))
        rows.execute("UPDATE households_household SET week_starts_on = %s", [closed_on.weekday()])


def nudge(task: str, env: dict[str, str]) -> None:
    code = f"from reflections import tasks; tasks.{task}.apply_async(queue='schedule')"
    subprocess.run(
        [*MANAGE, "shell", "-v", "0", "-c", code],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        timeout=60,
    )


def count(rows: psycopg.Connection[tuple[int]], status: str) -> int:
    found = rows.execute("SELECT count(*) FROM reflections_digest WHERE status = %s", [status]).fetchone()
    return found[0] if found else 0


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.usefixtures("worker")
class TestDeliveryByARealWorker:
    def test_a_nudge_compiles_and_sends_the_week_once(
        self, installation: dict[str, str], mailbox: Mailbox, database: str
    ) -> None:
        close_the_week_yesterday(database)
        nudge("plan", installation)
        with psycopg.connect(database, autocommit=True) as rows:
            assert wait_until(lambda: count(rows, "planned") == 2, 30)
        nudge("plan", installation)
        mail = mailbox.wait_for("mira@example.org", subject="Your week", seconds=60)
        assert mail["List-Unsubscribe"].startswith("<http")
        nudge("plan", installation)
        with psycopg.connect(database, autocommit=True) as rows:
            assert wait_until(lambda: count(rows, "sent") == 2, 30)
        ids = [str(message["Message-ID"]) for message in mailbox.messages]
        assert sorted({str(message["To"]) for message in mailbox.messages}) == [
            "jon@example.org",
            "mira@example.org",
        ]
        assert len(ids) == len(set(ids)) == 2
