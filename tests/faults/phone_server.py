"""A real server for phones to send to: gunicorn with two workers on a PostgreSQL database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.machine import POSTGRES_URL
from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PREPARE = """
import json, uuid
from datetime import date, datetime, timedelta, timezone as tz
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from accounts.models import User
from checklists.services import load_library
from households.models import Membership
from households.services import add_child, create_household
now = timezone.now()
load_library(now=now)
people = []
for name in ("sender", "other"):
    user = User.objects.create_user(f"{name}@example.org", timezone="Europe/Lisbon")
    home = create_household(actor_id=user.pk, name="The attic", timezone="Europe/Lisbon", now=now)
    born = date(2022, 5, 1)
    child = add_child(
        actor_id=user.pk, household_id=home.public_id, nickname="Pip", birth_month=born, now=now
    )
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    people.append({"session": session.session_key, "child": str(child.public_id)})
print(json.dumps(people))
"""
COUNT = """
import json
from observations.models import Draft, Observation, RecordLink, SyncOp
notes = list(Observation.objects.order_by("pk").values_list("public_id", "revision"))
print(json.dumps({
    "moments": len(notes), "edited_once": sum(rev == 2 for _id, rev in notes),
    "operations": SyncOp.objects.count(), "drafts": Draft.objects.count(), "links": RecordLink.objects.count(),
}))
"""


class Server:
    def __init__(self, database: str, var: Path, *, redis: str = "") -> None:
        self.port = free_port()
        self.env = {
            **os.environ,
            "DATABASE_URL": database,
            "VAR_DIR": str(var),
            "STATIC_ROOT": str(ROOT / "var" / "static"),
            "LOG_LEVEL": "ERROR",
            "RATE_LIMIT_FACTOR": "1000",
            "REDIS_URL": redis,
        }
        self.running: subprocess.Popen[bytes] | None = None
        self.log: Path | None = None  # where its standard error goes; None for that of the tests

    def shell(self, program: str) -> str:
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", program]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip().splitlines()[-1]

    def migrate(self) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=self.env, check=True
        )

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "attune_project.wsgi", "--workers", "2"]
        command += ["--bind", f"127.0.0.1:{self.port}", "--log-level", "critical", "--timeout", "60"]
        with self.log.open("wb") if self.log else nullcontext() as log:
            self.running = subprocess.Popen(command, cwd=ROOT, env=self.env, stderr=log)
        assert wait_until(self.answers, 60), "the server does not come up"

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def workers(self) -> list[int]:
        assert self.running is not None
        path = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill_a_worker(self, which: int) -> bool:
        found = self.workers()
        if not found:
            return False
        try:
            os.kill(found[which % len(found)], signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def memory(self) -> int:
        """The resident bytes of all workers."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        if self.running is not None:
            self.running.terminate()
            self.running.wait(60)


@contextmanager
def phone_server(var: Path) -> Iterator[Server]:
    name = f"attune_phones_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        server = Server(urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl(), var)
        try:
            server.migrate()
            yield server
        finally:
            server.stop()
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def pages(database: str, var: Path, *, redis: str = "") -> Iterator[tuple[Server, str]]:
    """The web server of an installation that there is already, and the session of somebody with a household."""
    server = Server(database, var, redis=redis)
    who: list[dict[str, Any]] = json.loads(server.shell(PREPARE))
    server.start()
    try:
        yield server, who[0]["session"]
    finally:
        server.stop()


class Wire:
    """What a phone's browser does, over a real connection; looks like Django's test client to `tests.phone.Phone`."""

    def __init__(self, port: int, session: str) -> None:
        self.address, self.session, self.csrf = f"http://127.0.0.1:{port}", session, ""

    def get(self, path: str, query: Any = None) -> Any:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: str, *, content_type: str, headers: dict[str, str] | None = None) -> Any:
        return self._ask("POST", path, body.encode(), {"Content-Type": content_type, **(headers or {})})

    def open(self, request: urllib.request.Request) -> Any:
        return urllib.request.urlopen(request, timeout=60)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        headers["Cookie"] = f"session={self.session}; csrf={self.csrf}"
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=headers)
        with self.open(request) as response:
            for cookie in response.headers.get_all("Set-Cookie") or ():
                if cookie.startswith("csrf="):
                    self.csrf = cookie.split(";")[0].removeprefix("csrf=")
            return Answered(response.status, response.read())


class PlainWire(Wire):
    """The same, taking every answer as it is: a redirect is one, and so is an error."""

    def open(self, request: urllib.request.Request) -> Any:
        return _AS_IT_IS.open(request, timeout=60)


class _AsItIs(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response


_AS_IT_IS = urllib.request.build_opener(_AsItIs)


class Answered:
    def __init__(self, status: int, content: bytes) -> None:
        self.status_code, self.content = status, content

    def json(self) -> Any:
        return json.loads(self.content)
