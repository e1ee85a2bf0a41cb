"""The doctor sees keys that protect nothing, and people whose words do not open."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from allauth.usersessions.models import UserSession

from accounts.models import User
from attune_project.findings import Check, Finding
from attune_project.key_checks import check_person_keys, check_push, check_secrets
from common.models import PersonKey
from common.person_keys import destroy_person_key
from reminders.models import PushAddress

OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("k-old", "k-new"))


def wrong(check: Check) -> str:
    return " ".join(finding.wrong for finding in check())


class TestSecrets:
    def test_generated_ones_are_well(self) -> None:
        assert wrong(check_secrets) == ""

    def test_a_short_one_is_named(self, settings: Any) -> None:
        settings.SECRET_KEY = "short"
        assert "SECRET_KEY is short" in wrong(check_secrets)

    def test_two_that_are_one_are_named(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_KEY = settings.SECRET_KEY
        assert "are the same" in wrong(check_secrets)

    def test_a_former_one_is_mentioned_and_a_short_one_has_to_go(self, settings: Any) -> None:
        settings.SECRET_KEY_FALLBACKS = ["f" * 60]
        assert [finding.serious for finding in check_secrets()] == [False]
        settings.SECRET_KEY_FALLBACKS = ["f" * 60, "short"]
        assert [finding.serious for finding in check_secrets()] == [True, False]

    @pytest.mark.parametrize("key", ["", "2026a", "2026a:dG9vIHNob3J0", "2026a:not base64"])
    def test_a_field_key_that_cannot_seal_is_named(self, settings: Any, key: str) -> None:
        settings.FIELD_KEYS = [key]
        assert "FIELD_KEYS" in wrong(check_secrets)

    @pytest.mark.parametrize("key", [bytes(32), b"ab" * 16, b"correct-horse-correct-horse-horse"[:32]])
    def test_a_field_key_that_is_not_random_is_named(self, settings: Any, key: bytes) -> None:
        settings.FIELD_KEYS = [NEW, f"k-weak:{base64.b64encode(key).decode()}"]
        assert wrong(check_secrets) == "The field key 'k-weak' is not random."

    def test_one_key_with_two_names_is_named(self, settings: Any) -> None:
        settings.FIELD_KEYS = [NEW, f"k-again:{NEW.partition(':')[2]}"]
        assert "'k-new' and 'k-again' are one key" in wrong(check_secrets)


class TestPush:
    @pytest.mark.django_db
    def test_says_nothing_where_reminders_can_be_sent(self, settings: Any) -> None:
        settings.PUSH_CONTACT = "mailto:operator@example.org"
        assert wrong(check_push) == ""

    @pytest.mark.django_db
    def test_names_devices_that_nothing_reaches_any_more(
        self, parent: User, client_of: Callable[[User], Any], settings: Any, now: datetime
    ) -> None:
        settings.PUSH_CONTACT = "mailto:operator@example.org"
        client_of(parent)
        PushAddress.objects.create(
            user=parent, session=UserSession.objects.get(), digest="d", key_name="another", bound_at=now
        )
        assert "1 devices take reminders for another PUSH_KEY" in wrong(check_push)

    @pytest.mark.django_db
    def test_names_a_contact_that_push_services_turn_away(self, settings: Any) -> None:
        settings.PUSH_CONTACT = "operator@example.org"
        assert "PUSH_CONTACT" in wrong(check_push)

    def test_mentions_that_production_sends_none(self, settings: Any) -> None:
        settings.WEB_PUSH = False
        assert wrong(check_push) == ""
        settings.PRODUCTION = True
        assert [finding.serious for finding in check_push()] == [False]


class TestPersonKeys:
    @pytest.fixture
    def noted(self, settings: Any, record: Callable[..., Any]) -> Any:
        settings.FIELD_KEYS = [OLD]
        return record(details={"note": "words"})

    def found(self) -> list[Finding]:
        return list(check_person_keys())

    def test_keys_that_open_are_well(self, noted: Any) -> None:
        assert self.found() == []

    def test_keys_on_a_former_field_key_are_mentioned(self, noted: Any, settings: Any) -> None:
        settings.FIELD_KEYS = [NEW, OLD]
        [finding] = self.found()
        assert (finding.wrong, finding.serious) == (
            "1 people's keys are not on the field key 'k-new'.",
            False,
        )

    def test_a_key_that_does_not_open_is_told_by_its_owners_id(self, noted: Any, settings: Any) -> None:
        settings.FIELD_KEYS = [NEW]
        assert self.found()[0].serious
        assert self.found()[0].wrong.endswith(f"Users: {noted.author_id}")

    @pytest.mark.parametrize("gone", ["lost", "destroyed"])
    def test_words_without_a_key_are_counted(self, noted: Any, gone: str) -> None:
        if gone == "lost":
            PersonKey.objects.all().delete()
        else:
            destroy_person_key(owner_id=noted.author_id)
        [finding] = self.found()
        assert finding.wrong.startswith("1 rows of observations.Observation.note_sealed belong")
        assert finding.serious
