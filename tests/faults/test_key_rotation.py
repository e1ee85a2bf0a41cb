"""A new field key while people read and write: nobody meets a text that does not open, and no key is left behind."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from accounts.models import User
from common.person_keys import count_on_old_keys, rewrap
from observations.models import Observation
from observations.sync import count_keys_on_old_keys, rewrap_keys
from tests.machine import POSTGRES_URL
from tests.phone import Phone

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = 1_000  # with ten notes each
FORMER, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("k-former", "k-new"))
SECRETS = [letter * 30 + "0123456789abcdefghij" for letter in "fn"]


class TestStepByStep:
    """Between any two steps of the walk, requests are answered by processes that know both keys, in either order."""

    def test_every_text_opens_at_every_step(
        self,
        make_user: Callable[..., User],
        join: Callable[..., Any],
        record: Callable[..., Observation],
        api_of: Callable[[User], Any],
        settings: Any,
    ) -> None:
        settings.FIELD_KEYS = [FORMER, NEW]
        family = [make_user(f"person{number}") for number in range(6)]
        for user in family:
            join(user)
        shared = {"visibility": "household"}
        for user in family[:3]:
            record(user, details={**shared, "note": f"words of {user.pk}"})
        after, seen = 0, []
        for user in family[3:]:
            settings.FIELD_KEYS = [NEW, FORMER]
            after = rewrap(limit=1, after=after).last_owner_id or after
            # A process that still seals with the former key takes somebody's first words.
            settings.FIELD_KEYS = [FORMER, NEW]
            record(user, details={**shared, "note": f"words of {user.pk}"})
            for keys in ([FORMER, NEW], [NEW, FORMER]):
                settings.FIELD_KEYS = keys
                items = api_of(family[0]).get("/api/v1/moments/").json()["items"]
                seen.append({item["note"] for item in items})
        assert [len(notes) for notes in seen] == [4, 4, 5, 5, 6, 6]
        assert None not in set().union(*seen)

        settings.FIELD_KEYS = [NEW, FORMER]
        while rewrap(limit=1).count:
            continue
        assert count_on_old_keys() == 0
        settings.FIELD_KEYS = [NEW]
        items = api_of(family[0]).get("/api/v1/moments/").json()["items"]
        assert {item["note"] for item in items} == {f"words of {user.pk}" for user in family}

    def test_a_phone_and_its_session_go_on_at_every_step(
        self, client_of: Callable[[User], Any], parent: User, child: Any, now: datetime, settings: Any
    ) -> None:
        """Its key lies under the field key as well, and its session under `SECRET_KEY`: both are replaced at once."""
        settings.FIELD_KEYS, settings.SECRET_KEY = [FORMER, NEW], SECRETS[0]
        settings.SECRET_KEY_FALLBACKS = [SECRETS[1]]
        started, said = Phone(client_of(parent)).start(), []

        def note() -> None:
            """Sealed before the walk began, sent now, and read again with all that came before it."""
            said.append(f"sealed, and sent as number {len(said)}")
            started.write("create", child=str(child.public_id), tone="in_tune", at=now, note=said[-1])
            assert [result["status"] for result in started.flush()] == ["applied"]
            items = started.client.get("/api/v1/moments/").json()["items"]
            assert {item["note"] for item in items} == {*said}

        def on_every_process() -> None:
            for keys, secrets in product(([FORMER, NEW], [NEW, FORMER]), (SECRETS, SECRETS[::-1])):
                settings.FIELD_KEYS = keys
                settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets[0], [secrets[1]]
                note()

        on_every_process()
        settings.FIELD_KEYS = [NEW, FORMER]
        assert rewrap(limit=100).count == 1
        on_every_process()
        assert rewrap_keys() == (1, 0)
        on_every_process()
        settings.FIELD_KEYS, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
            [NEW, FORMER],
            SECRETS[1],
            [SECRETS[0]],
        )
        note()
        assert (count_on_old_keys(), count_keys_on_old_keys()) == (0, 0)
        settings.FIELD_KEYS, settings.SECRET_KEY_FALLBACKS = [NEW], []
        note()


@pytest.fixture
def database() -> Iterator[str]:
    """An empty PostgreSQL database that goes away with the test."""
    name = f"attune_rotation_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Installation:
    """Processes on one database, each started with field keys of its own."""

    def __init__(self, database: str, var: Path) -> None:
        self.env = {
            **os.environ,
            "DATABASE_URL": database,
            "VAR_DIR": str(var),
            "STATIC_ROOT": str(ROOT / "var" / "static"),
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
        }

    def start(self, *words: str, keys: list[str]) -> subprocess.Popen[str]:
        secrets = SECRETS if keys[0] == FORMER else SECRETS[::-1]
        env = {
            **self.env,
            "FIELD_KEYS": ",".join(keys),
            "SECRET_KEY": secrets[0],
            "SECRET_KEY_FALLBACKS": secrets[1] if len(keys) > 1 else "",
        }
        command = [sys.executable, *words]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)

    def run(self, *words: str, keys: list[str]) -> tuple[int, str]:
        with self.start(*words, keys=keys) as running:
            said, _nothing = running.communicate(timeout=900)
        return running.returncode, said

    def rotate(self) -> tuple[int, str]:
        return self.run("manage.py", "rotate_field_keys", "--chunk", "20", keys=[NEW, FORMER])

    def load(self, role: str, *words: str, keys: list[str]) -> dict[str, int]:
        code, said = self.run("-m", "tests.faults.key_load", role, *words, keys=keys)
        assert code == 0, said
        return dict(json.loads(said))

    @contextmanager
    def fleet(self, *members: tuple[str, list[str]]) -> Iterator[list[dict[str, int]]]:
        """Readers and writers that are at it while the block runs; then what each of them saw."""
        seen: list[dict[str, int]] = []
        with ExitStack() as stack:
            started = [
                stack.enter_context(self.start("-m", "tests.faults.key_load", role, keys=keys))
                for role, keys in members
            ]
            for running in started:
                stack.callback(running.terminate)
            assert [running.stdout.readline() for running in started if running.stdout] == ["ready\n"] * len(
                members
            )
            yield seen
            for running in started:
                running.terminate()
                said, _nothing = running.communicate(timeout=120)
                seen.append(json.loads(said))


@pytest.mark.drill
@pytest.mark.postgres
@pytest.mark.timeout(1800)
def test_ten_thousand_notes_are_read_and_written_while_the_key_changes(database: str, tmp_path: Path) -> None:
    here = Installation(database, tmp_path)
    assert here.run("manage.py", "migrate", "--verbosity", "0", keys=[FORMER])[0] == 0
    assert here.load("fill", str(PEOPLE), keys=[FORMER]) == {"notes": PEOPLE * 10}

    # Half of the fleet was restarted with the new key in front; the other half only knows it.
    restarted, still_to_come = [NEW, FORMER], [FORMER, NEW]
    with here.fleet(
        *[(role, keys) for role in ("read", "write", "phone") for keys in (restarted, still_to_come)]
    ) as seen:
        moved = [int(here.rotate()[1].split()[0]) for _each in range(4)]
    print(f"while it changed: {seen}; keys moved by each walk: {moved}")
    assert moved[0] >= PEOPLE
    assert sum(one["errors"] for one in seen) == 0
    assert all(one["done"] for one in seen)

    # Then all of them were; what the second half sealed meanwhile is moved too.
    code, said = here.rotate()
    assert (code, ", 0 left" in said) == (0, True), said
    checked = here.load("check", keys=[NEW])
    print(f"with the new key alone: {checked}")
    assert (checked["shut"], checked["phone_keys_shut"]) == (0, 0)
    assert checked["notes"] > PEOPLE * 10
