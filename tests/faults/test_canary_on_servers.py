"""A parent's words are not in PostgreSQL's log, however much it writes there, and not in Redis."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from psycopg import sql

from tests.guards.test_canary import NAMES, WORDS, found_in
from tests.machine import POSTGRES_URL, REDIS_URL, postgres_log

ROOT = Path(__file__).resolve().parent.parent.parent
PLANTED = {"planted": "canaryplanted7f3a9c"}

# Everything that the canary of the guards writes, in a process that talks to real servers; then every nudge of the
# schedule is given, and no worker is there to take it.
WRITES = """
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
import pytest, time_machine
from attune_project.celery import app
from tests.conftest import NOW, load_content
from tests.guards.canary_words import write_the_rest
from tests.guards.matrix_world import Who, build_world
from tests.guards.test_canary import write_everywhere, write_for_oneself
app.autodiscover_tasks(force=True)
with time_machine.travel(NOW, tick=False), pytest.MonkeyPatch.context() as patch:
    load_content()
    world = build_world(NOW)
    browser = world.client(Who.AUTHOR, raise_request_exception=False)
    list(write_everywhere(browser, world.children["pip"], NOW, patch))
    list(write_the_rest(world, browser))
    list(write_for_oneself(world))
    for entry in app.conf.beat_schedule.values():
        app.tasks[entry["task"]]()
"""


class Servers:
    """A database that logs every statement with its values, and an empty Redis database."""

    def __init__(self, name: str) -> None:
        self.postgres = urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        self.redis = urlsplit(REDIS_URL)._replace(path="/14").geturl()
        self._log = postgres_log()
        self._from = self._log.stat().st_size

    def logged(self) -> bytes:
        with self._log.open("rb") as log:
            log.seek(self._from)
            return log.read()

    def kept_in_redis(self) -> bytes:
        """All names and all values, each as it is."""
        kept = []
        with redis.Redis.from_url(self.redis) as server:
            for key in server.scan_iter():
                read = {
                    b"string": server.get,
                    b"list": lambda name: server.lrange(name, 0, -1),
                    b"hash": server.hgetall,
                    b"set": server.smembers,
                    b"zset": lambda name: server.zrange(name, 0, -1, withscores=True),
                }[server.type(key)]
                kept.append(repr((key, read(key))).encode())
        return b"\n".join(kept)


@pytest.fixture
def servers() -> Iterator[Servers]:
    name = f"attune_canary_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for setting, value in (
            ("log_statement", "all"),
            ("log_min_messages", "info"),
            ("log_min_error_statement", "info"),
            ("log_error_verbosity", "verbose"),
        ):
            statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)))
        found = Servers(name)
        with redis.Redis.from_url(found.redis) as server:
            server.flushdb()
        try:
            yield found
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            with redis.Redis.from_url(found.redis) as server:
                server.flushdb()


@pytest.mark.once
@pytest.mark.postgres_log
@pytest.mark.redis
@pytest.mark.timeout(400)
class TestServers:
    def test_the_search_sees_a_statement_and_a_key(self, servers: Servers) -> None:
        with psycopg.connect(servers.postgres, autocommit=True) as server:
            server.execute("SELECT %s::text", [PLANTED["planted"]])
        with redis.Redis.from_url(servers.redis) as keys:
            keys.rpush("queue", PLANTED["planted"])
        assert found_in(servers.logged(), PLANTED) == set(PLANTED)
        assert found_in(servers.kept_in_redis(), PLANTED) == set(PLANTED)

    def test_neither_keeps_a_word(self, servers: Servers, tmp_path: Path) -> None:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "attune_project.settings",
            "DATABASE_URL": servers.postgres,
            "REDIS_URL": servers.redis,
            "VAR_DIR": str(tmp_path),
            "STATIC_ROOT": str(ROOT / "var" / "static"),
        }
        for command in (["manage.py", "migrate", "-v0"], ["-c", WRITES]):
            done = subprocess.run(
                [sys.executable, *command],
                cwd=ROOT,
                env=env,
                check=False,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stderr[-3000:]
        logged, kept = servers.logged(), servers.kept_in_redis()
        assert b'INSERT INTO "observations_observation"' in logged
        assert b"reflections.tasks.plan_chunk" in kept
        assert found_in(logged, WORDS) == set()
        assert found_in(kept, WORDS | NAMES) == set()
        assert b"example.org" not in kept
