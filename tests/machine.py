"""Which servers and browsers this machine offers to the tests, and where."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
import redis

POSTGRES_URL: Final = os.environ.get(
    "ATTUNE_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
REDIS_URL: Final = os.environ.get("ATTUNE_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS: Final = 2


@cache
def missing(marker: str) -> str:
    """Why tests with this marker cannot run here; empty when they can."""
    return NEEDS[marker]()


def chromium() -> str:
    """The path of a Chromium, or the empty string."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), "")


def _without_postgres() -> str:
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=PATIENCE_SECONDS).close()
    except psycopg.OperationalError:
        return "PostgreSQL does not answer; ATTUNE_TEST_POSTGRES_URL says where it is"
    return ""


def postgres_log() -> Path:
    """Where Debian's PostgreSQL writes its log."""
    with psycopg.connect(POSTGRES_URL, connect_timeout=PATIENCE_SECONDS) as server:
        found = server.execute("SHOW cluster_name").fetchone()
    return Path(f"/var/log/postgresql/postgresql-{found[0].replace('/', '-') if found else ''}.log")


def _without_postgres_log() -> str:
    if absent := missing("postgres"):
        return absent
    if not os.access(postgres_log(), os.R_OK):
        return "PostgreSQL's log cannot be read here"
    with psycopg.connect(POSTGRES_URL, connect_timeout=PATIENCE_SECONDS) as server:
        found = server.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return "" if found and found[0] else "this role may not choose what PostgreSQL logs"


def _without_redis() -> str:
    server = redis.Redis.from_url(REDIS_URL, socket_connect_timeout=PATIENCE_SECONDS)
    try:
        server.ping()
    except redis.RedisError:
        return "Redis does not answer; ATTUNE_TEST_REDIS_URL says where it is"
    finally:
        server.close()
    return ""


def _without_browser() -> str:
    return "" if chromium() else "Chromium is not installed"


NEEDS: Final[Mapping[str, Callable[[], str]]] = {
    "postgres": _without_postgres,
    "postgres_log": _without_postgres_log,
    "redis": _without_redis,
    "browser": _without_browser,
}
