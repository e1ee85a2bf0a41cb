"""Each check of the doctor sees its illness, and says nothing about a healthy installation."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from attune_project import doctor
from common import ledger
from households.models import Grant
from tests.machine import REDIS_URL


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    """A `var/` of its own, as the application leaves it."""
    tmp_path.chmod(0o700)
    settings.VAR_DIR = tmp_path
    settings.QUEUE_DIR = tmp_path / "queue"
    settings.QUEUE_DIR.mkdir()
    return tmp_path


def wrong(check: doctor.Check) -> str:
    """All that a check finds wrong, as one text."""
    return " ".join(finding.wrong for finding in check())


class TestFiles:
    def test_a_private_folder_is_well(self, var: Path) -> None:
        (var / "keys.env").touch(0o600)
        assert wrong(doctor.check_files) == ""

    @pytest.mark.parametrize("name", ["keys.env", "attune.sqlite3", "attune.sqlite3-wal"])
    def test_a_file_that_others_can_read_is_named(self, var: Path, name: str) -> None:
        (var / name).touch()
        (var / name).chmod(0o644)
        assert str(var / name) in wrong(doctor.check_files)

    def test_a_folder_that_is_not_there_cannot_be_written(self, var: Path, settings: Any) -> None:
        settings.VAR_DIR = var / "nowhere"
        assert "cannot be written" in wrong(doctor.check_files)


class TestAddresses:
    def test_a_link_that_nothing_answers_is_named(self, settings: Any) -> None:
        settings.SITE_URL = "https://elsewhere.example"
        settings.ALLOWED_HOSTS = ["attune.example"]
        assert "elsewhere.example" in wrong(doctor.check_addresses)

    def test_production_wants_https(self, settings: Any) -> None:
        settings.PRODUCTION = True
        settings.SITE_URL = "http://attune.example"
        settings.ALLOWED_HOSTS = ["attune.example"]
        assert "https" in wrong(doctor.check_addresses)


@pytest.mark.django_db
class TestCoaches:
    @pytest.fixture(autouse=True)
    def _evening(self, now: datetime) -> Iterator[None]:
        with time_machine.travel(now, tick=False):
            yield

    def test_says_that_coach_mode_is_closed_and_how_many_see_nothing_for_it(
        self, give: Callable[..., Grant], settings: Any
    ) -> None:
        assert wrong(doctor.check_coaching) == ""
        settings.PRODUCTION = True  # where an example is none
        assert "Coach mode is closed" in wrong(doctor.check_coaching)
        assert [finding.serious for finding in doctor.check_coaching()] == [False]
        settings.PRODUCTION = False
        give()
        settings.PRODUCTION = True
        (finding,) = doctor.check_coaching()
        assert finding.serious
        assert "show nothing meanwhile: 1." in finding.wrong

    def test_asks_to_look_again_after_a_year(self, settings: Any) -> None:
        with time_machine.travel("2027-11-03"):
            assert "last checked on 2026-11-01" in wrong(doctor.check_coaching)


@pytest.mark.django_db
class TestDatabase:
    def test_a_prepared_one_is_well_but_for_what_tests_do_without(self) -> None:
        found = wrong(doctor.check_database)
        # The tests' database has no cache table, and on SQLite it is in memory, where there is no journal.
        for known in (
            "The table of the cache is missing.",
            "SQLite says journal_mode is 'memory', not 'wal'.",
        ):
            found = found.replace(known, "")
        assert found.strip() == ""

    def test_a_migration_that_was_not_applied_is_counted(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        assert "1 migrations have not been applied" in wrong(doctor.check_database)

    def test_the_built_in_content_is_there(self) -> None:
        assert wrong(doctor.check_content) == ""


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="it has no clock of its own")
class TestTime:
    """Leases are in this machine's time: a database that is further off hands a mail to two senders."""

    @pytest.mark.parametrize(
        ("seconds", "told"), [(-90, True), (-30, False), (0, False), (30, False), (90, True)]
    )
    def test_a_database_whose_clock_is_a_minute_away_is_a_finding(self, seconds: int, told: bool) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
            found = list(doctor.check_time())
        assert ["database's clock" in finding.wrong for finding in found] == [True] * told
        assert all(finding.serious for finding in found)


class TestQueue:
    def test_a_fresh_message_is_well(self, var: Path) -> None:
        (var / "queue" / "1.msg").touch()
        assert wrong(doctor.check_queue) == ""

    def test_messages_that_nobody_fetches_are_counted(self, var: Path) -> None:
        for number in range(2):
            path = var / "queue" / f"{number}.msg"
            path.touch()
            os.utime(path, (time.time() - 3600,) * 2)
        assert "2 messages wait" in wrong(doctor.check_queue)

    def test_a_redis_that_is_away_is_named(self, settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert "Redis does not answer" in wrong(doctor.check_queue)

    @pytest.mark.redis
    def test_a_redis_that_answers_is_well(self, settings: Any) -> None:
        settings.REDIS_URL = REDIS_URL
        assert wrong(doctor.check_queue) == ""


class TestErasure:
    def test_whoever_should_be_gone_for_a_day_is_counted(self, parent: User) -> None:
        assert wrong(doctor.check_erasure) == ""
        User.objects.update(erase_at=timezone.now() - timedelta(days=2))
        assert "1 person should be erased by now" in wrong(doctor.check_erasure)

    def test_notes_that_never_reach_the_ledger_are_counted(self, db: None) -> None:
        ledger.note("membership_ended", "some-id", timezone.now() - timedelta(hours=1))
        assert "1 notes wait" in wrong(doctor.check_erasure)

    def test_a_ledger_that_others_can_read_is_named(self, db: None, settings: Any) -> None:
        settings.ERASURE_LEDGER.touch()
        settings.ERASURE_LEDGER.chmod(0o644)
        assert str(settings.ERASURE_LEDGER) in wrong(doctor.check_erasure)

    def test_one_that_cannot_be_written_is_named(self, db: None, settings: Any) -> None:
        settings.ERASURE_LEDGER = settings.ERASURE_LEDGER.parent / "away" / "ledger.jsonl"
        assert "cannot be written" in wrong(doctor.check_erasure)


class TestMail:
    def test_production_without_a_mail_server_is_named(self, settings: Any) -> None:
        settings.PRODUCTION = True
        settings.DEFAULT_FROM_EMAIL = "Attune <hello@attune.invalid>"
        found = wrong(doctor.check_mail)
        assert "no real sender" in found
        assert "not sent anywhere" in found

    def test_a_mail_server_that_is_away_is_named(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        assert "does not answer" in wrong(doctor.check_mail)


class TestCommand:
    def test_a_check_that_breaks_off_is_a_finding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def breaks() -> doctor.Findings:
            raise RuntimeError("no such thing")
            yield

        monkeypatch.setattr(doctor, "CHECKS", {"Odd": breaks})
        [(name, [finding])] = doctor.examine()
        assert (name, finding.serious) == ("Odd", True)
        assert "no such thing" in finding.wrong

    @pytest.mark.parametrize(("serious", "code"), [(True, 1), (False, None)])
    def test_ends_with_code_1_only_for_what_has_to_be_mended(
        self, monkeypatch: pytest.MonkeyPatch, serious: bool, code: int | None
    ) -> None:
        finding = doctor.Finding("It is odd.", "Mend it so.", serious=serious)
        monkeypatch.setattr(doctor, "CHECKS", {"Odd": lambda: iter([finding]), "Well": lambda: iter([])})
        out, found = StringIO(), None
        try:
            call_command("doctor", stdout=out)
        except SystemExit as ended:
            found = ended.code
        assert found == code
        assert "It is odd." in out.getvalue()
        assert "Mend it so." in out.getvalue()
        assert "ok     Well" in out.getvalue()
