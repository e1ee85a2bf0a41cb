"""Fifty guesses at once, on real servers with two processes of eight threads: exactly ten are looked at."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.machine import POSTGRES_URL
from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
AT_ONCE = 50
WINDOW_SECONDS = 600
EMAIL = "somebody@example.org"


@contextmanager
def postgres() -> Iterator[str]:
    name = f"attune_limits_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def serving(url: str, var: Path) -> Iterator[int]:
    """The application as in production but for https; its port."""
    port = free_port()
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "VAR_DIR": str(var),
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "REDIS_URL": "",
        "EMAIL_URL": "",
        "WEB_CONCURRENCY": "2",
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True, timeout=120
    )
    command = [sys.executable, "-m", "gunicorn", "-c", "python:attune_project.gunicorn"]
    with (var / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        assert wait_until(lambda: answers(port), 60), (var / "web.log").read_text()
        yield port
    finally:
        server.terminate()
        server.wait(20)


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz").status == 200
    except OSError:
        return False


def ask(
    port: int, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body or None, headers or {})
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def guesses(port: int) -> list[http.client.HTTPResponse]:
    """So many at the same moment, each claiming to come from somewhere else."""
    page = ask(port, "GET", "/account/login/")
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)  # type: ignore[attr-defined]
    assert found
    token = found[1].decode()

    def guess(number: int) -> http.client.HTTPResponse:
        form = {"login": EMAIL, "password": f"guess number {number}", "csrfmiddlewaretoken": token}
        invented = f"203.0.113.{number}"
        headers = {"X-Forwarded-For": invented, "X-Real-IP": invented, "Forwarded": f"for={invented}"}
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        return ask(port, "POST", "/account/login/", urlencode(form), {**kind, **headers})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(guess, range(AT_ONCE)))


def not_at_the_edge_of_a_window() -> None:
    left = WINDOW_SECONDS - time.time() % WINDOW_SECONDS
    if left < 40:
        time.sleep(left + 1)


@pytest.mark.timeout(300)
class TestFiftyAtOnce:
    def let_ten_through(self, url: str, var: Path) -> None:
        with serving(url, var) as port:
            not_at_the_edge_of_a_window()
            found = guesses(port)
            assert Counter(answer.status for answer in found) == {200: 10, 429: 40}, (
                var / "web.log"
            ).read_text()
            waits = {int(answer.headers["Retry-After"]) for answer in found if answer.status == 429}
            assert 0 < min(waits) <= max(waits) <= WINDOW_SECONDS
            assert {answer.status for answer in guesses(port)} == {429}

    @pytest.mark.once
    def test_ten_are_looked_at_on_sqlite(self, tmp_path: Path) -> None:
        self.let_ten_through(f"sqlite:///{tmp_path}/attune.sqlite3", tmp_path)

    @pytest.mark.postgres
    def test_ten_are_looked_at_on_postgresql(self, tmp_path: Path) -> None:
        with postgres() as url:
            self.let_ten_through(url, tmp_path)
