"""A backup is restored: every row is back as it was, and what was erased or withdrawn since stays so.

On SQLite the dump is a copy of the file, as docs/operations.md says; on PostgreSQL it is `pg_dump` and `pg_restore`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.machine import POSTGRES_URL

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "attune_restore_drill"

# A program of its own for each step, as an operator's hand does it: no step knows what another holds in memory.
LIVE = """
import uuid
from datetime import UTC, date, datetime, timedelta
from accounts.models import User
from accounts.services import create_token, end_token
from households.models import Child, Membership
from households.services import accept_grant, add_child, create_household, load_briefings, offer_grant
from attune_project.demo.coach import BRIEFINGS
from observations.services import record_moment
now = datetime.now(UTC) - timedelta(days=2)  # the commands read the clock, and purge what was deleted a week ago
people = {name: User.objects.create_user(f"{name}@example.org", display_name=name) for name in ("a", "b", "c")}
a, b, c = people.values()
home = create_household(actor_id=a.pk, name="Attic", timezone="UTC", now=now)
Membership.objects.create(household=home, user=b, role="guardian", joined_at=now)
child = add_child(actor_id=a.pk, household_id=home.public_id, nickname="Pip", birth_month=date(2022, 5, 1), now=now)
for author in (a, b):
    for number in range(20):
        record_moment(actor_id=author.pk, moment_id=uuid.uuid4(), child_id=child.public_id, tone="in_tune",
                      details={"note": f"Note {number}", "visibility": "household"}, now=now)
read = load_briefings(directory=BRIEFINGS, now=now)[0].briefing.label
grant, token = offer_grant(actor_id=a.pk, household_id=home.public_id, coach_email=c.email,
                           scope="ratings_and_notes", child_ids=[child.public_id], briefing=read, now=now)
accept_grant(actor_id=c.pk, token=token, email=c.email, now=now)
create_token(actor_id=a.pk, name="Key", now=now)
"""

SINCE = """
from datetime import UTC, datetime, timedelta
from accounts.models import ApiToken, User
from accounts.services import ask_to_be_erased, end_token, erase_due
from households.models import Grant
from households.services import withdraw_grant
from observations.models import Observation
from observations.services import delete_moment, edit_moment
now = datetime.now(UTC) - timedelta(days=1)
a, b = User.objects.get(email="a@example.org"), User.objects.get(email="b@example.org")
first, second, *_ = Observation.objects.filter(author=a).order_by("pk")
delete_moment(actor_id=a.pk, moment_id=first.public_id, now=now)
edit_moment(actor_id=a.pk, moment_id=second.public_id, details={"visibility": "private"}, now=now)
withdraw_grant(actor_id=a.pk, grant_id=Grant.objects.get().public_id, now=now)
end_token(actor_id=a.pk, digest=ApiToken.objects.get().digest)
ask_to_be_erased(actor_id=b.pk, confirmation="erase", now=now)
assert erase_due(now=now + timedelta(days=7)) == 1
"""

AFTER = """
import json
from accounts.models import ApiToken, User
from common.traces import count_traces
from households.models import Grant
from observations.models import Observation
print(json.dumps({
    "people": list(User.objects.order_by("email").values_list("email", flat=True)),
    "authors": Observation.objects.values("author").distinct().count(),
    "readable": Observation.objects.exclude(author__email="a@example.org").count(),
    "moments": Observation.objects.filter(deleted_at=None).count(),
    "private": Observation.objects.filter(visibility="private").count(),
    "grants": Grant.objects.filter(withdrawn_at=None).count(),
    "tokens": ApiToken.objects.count(),
    "notes": sorted({row.note for row in Observation.objects.all()})[:2],
    "named": count_traces(person_id=0, names=["b@example.org"]),
}))
"""

ROWS = """
import hashlib, json
from django.apps import apps
sums = {}
for model in apps.get_models(include_auto_created=True):
    digest, count = hashlib.sha256(), 0
    for row in model._default_manager.order_by("pk").values_list():
        digest.update(repr([bytes(v) if isinstance(v, memoryview) else v for v in row]).encode())
        count += 1
    sums[model._meta.label] = (count, digest.hexdigest())
print(json.dumps(sums))
"""


class Installation:
    """One of its own, in a folder of its own."""

    def __init__(self, var: Path, database: str) -> None:
        self.env = {
            **os.environ,
            "ATTUNE_MODE": "local",
            "DATABASE_URL": database,
            "REDIS_URL": "",
            "VAR_DIR": str(var),
            "ERASURE_LEDGER": str(var / "elsewhere.jsonl"),
        }

    def manage(self, *command: str, said: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.env,
            input=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, program: str) -> str:
        return self.manage("shell", "--no-imports", "-c", program)

    def prepare(self) -> None:
        self.manage("migrate", "-v0")
        self.manage("load_library")
        self.run(LIVE)

    def reapply(self) -> None:
        """Twice, for somebody will."""
        first, second = self.manage("reapply_ledger"), self.manage("reapply_ledger")
        assert "What was erased stays erased." in first
        counted = [line.split(maxsplit=1) for line in first.splitlines() if line.startswith(" ")]
        changed = {what: int(count) for count, what in counted}
        assert changed["person_erased"] == changed["moment_deleted"] == changed["moment_private"] == 1
        assert changed["grant_ended"] == changed["token_ended"] == 1
        again = [line.split(maxsplit=1) for line in second.splitlines() if line.startswith(" ")]
        # Whoever holds something of before loads everything anew, each time.
        assert {what for count, what in again if int(count)} == {"feeds started anew"}

    def check(self) -> None:
        found = json.loads(self.run(AFTER))
        assert found.pop("notes") == ["Note 0", "Note 1"]
        assert found == {
            "people": ["a@example.org", "c@example.org"],
            "authors": 1,
            "readable": 0,
            "moments": 19,
            "private": 1,
            "grants": 0,
            "tokens": 0,
            "named": {},
        }


@pytest.mark.once
@pytest.mark.timeout(600)
def test_on_sqlite_by_a_copy_of_the_file(tmp_path: Path) -> None:
    """The ledger is outside the copy, and so are the keys."""
    house = Installation(tmp_path, f"sqlite:///{tmp_path}/attune.sqlite3")
    house.prepare()
    before = house.run(ROWS)
    backup = "import sqlite3; sqlite3.connect({!r}).backup(sqlite3.connect({!r}))"
    live, dump = str(tmp_path / "attune.sqlite3"), str(tmp_path / "dump.sqlite3")
    subprocess.run([sys.executable, "-c", backup.format(live, dump)], check=True)
    house.run(SINCE)
    for file in tmp_path.glob("attune.sqlite3*"):
        file.unlink()
    shutil.copy(dump, live)
    assert house.run(ROWS) == before
    house.reapply()
    house.check()
    assert hashlib.sha256(Path(dump).read_bytes()).hexdigest()


@pytest.fixture
def empty_cluster() -> Iterator[str]:
    """A database on the test server that nobody else uses."""
    url = urlsplit(POSTGRES_URL)._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(
        urlsplit(POSTGRES_URL)._replace(path="/postgres").geturl(), autocommit=True
    ) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE}")
        yield url
        server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.mark.drill
@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_on_postgresql_by_dump_and_restore(tmp_path: Path, empty_cluster: str) -> None:
    assert shutil.which("pg_dump"), "this drill needs pg_dump and pg_restore"
    house = Installation(tmp_path, empty_cluster)
    house.prepare()
    before = house.run(ROWS)
    dump = str(tmp_path / "attune.dump")
    subprocess.run(["pg_dump", "--format=custom", "--file", dump, empty_cluster], check=True)
    house.run(SINCE)
    with psycopg.connect(empty_cluster, autocommit=True) as database:
        database.execute("DROP SCHEMA public CASCADE")
        database.execute("CREATE SCHEMA public")
    subprocess.run(["pg_restore", "--no-owner", "--dbname", empty_cluster, dump], check=True)
    assert house.run(ROWS) == before
    house.reapply()
    house.check()
