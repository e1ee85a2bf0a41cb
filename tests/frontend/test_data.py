"""The pages of one's own data: taking it along, having it erased, and coming back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import ERASURE_DELAY
from accounts.services import erase_due
from observations.models import Observation

PASSWORD = "a quiet cup of tea"
ERASE = {"confirmation": "erase"}


@pytest.fixture(autouse=True)
def _quick_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, that_evening: None) -> Client:
    return client_of(parent)


def sign_in(user: User) -> tuple[Client, Any]:
    """With a password, as somebody does who comes back."""
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    browser = Client()
    return browser, browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


class TestExport:
    def test_the_file_comes_as_an_attachment_that_nobody_keeps(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        record(details={"note": "Mine."})
        response = browser.post(reverse("data-export"))
        assert response.streaming
        assert response["Content-Type"] == "application/zip"
        assert response["Content-Disposition"] == f'attachment; filename="notes-{now:%Y-%m-%d}.zip"'
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"
        archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
        assert b"Mine." in archive.read("json/moments.json")

    def test_its_owner_is_told_and_nobody_else(
        self, browser: Client, parent: User, co_parent: User, mailoutbox: list[Any]
    ) -> None:
        browser.post(reverse("data-export"))
        assert [mail.to for mail in mailoutbox] == [[parent.email]]

    def test_looking_starts_nothing(self, browser: Client) -> None:
        assert browser.get(reverse("data")).status_code == 200
        assert browser.get(reverse("data-export")).status_code == 405

    @pytest.mark.parametrize("door", ["data-export", "data-erase"])
    def test_whoever_signed_in_long_ago_proves_it_first(
        self, browser: Client, parent: User, sign_in_was_long_ago: Callable[[Client], None], door: str
    ) -> None:
        sign_in_was_long_ago(browser)
        response = browser.post(reverse(door), ERASE)
        assert "/reauthenticate" in response["Location"]
        parent.refresh_from_db()
        assert parent.erase_at is None

    def test_somebody_without_a_household_has_data_too(
        self, client_of: Callable[[User], Client], make_user: Callable[..., User]
    ) -> None:
        browser = client_of(make_user("nemo"))
        assert browser.get(reverse("data")).status_code == 200
        assert browser.post(reverse("data-export")).getvalue()[:2] == b"PK"


class TestErasing:
    def test_the_export_is_offered_first(self, browser: Client) -> None:
        page = browser.get(reverse("data-erase")).content.decode()
        assert page.index(reverse("data-export")) < page.index('name="confirmation"')

    def test_without_the_word_nothing_happens(self, browser: Client, parent: User) -> None:
        response = browser.post(reverse("data-erase"), {"confirmation": "yes"})
        assert response.status_code == 422
        parent.refresh_from_db()
        assert parent.erase_at is None

    def test_with_it_everything_is_hidden_and_everybody_signed_out(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        parent: User,
        mailoutbox: list[Any],
        now: datetime,
    ) -> None:
        phone = client_of(parent)
        response = browser.post(reverse("data-erase"), ERASE)
        assert (response.status_code, response["Location"]) == (303, reverse("erasure-goodbye"))
        parent.refresh_from_db()
        assert parent.erase_at == now + ERASURE_DELAY
        [notice] = mailoutbox
        assert notice.to == [parent.email]
        assert "25 November" in notice.body
        for device in (browser, phone):
            assert device.get(reverse("data"))["Location"].startswith(reverse("account_login"))
            assert device.get("/api/v1/me/").status_code == 401
        assert browser.get(reverse("erasure-goodbye")).status_code == 200

    def test_signing_in_calls_it_off_and_says_so(self, browser: Client, parent: User, now: datetime) -> None:
        browser.post(reverse("data-erase"), ERASE)
        with time_machine.travel(now + timedelta(days=6, hours=23), tick=False):
            back, response = sign_in(parent)
            assert response["Location"] == reverse("erasure-taken-back")
            assert back.get(response["Location"]).status_code == 200
        parent.refresh_from_db()
        assert parent.erase_at is None
        assert erase_due(now=now + timedelta(days=30)) == 0

    def test_an_ordinary_sign_in_says_nothing(self, that_evening: None, parent: User) -> None:
        _browser, response = sign_in(parent)
        assert response["Location"] == "/"

    def test_after_seven_days_nobody_can_sign_in(self, browser: Client, parent: User, now: datetime) -> None:
        browser.post(reverse("data-erase"), ERASE)
        with time_machine.travel(now + ERASURE_DELAY + timedelta(minutes=1), tick=False):
            assert erase_due(now=now + ERASURE_DELAY) == 1
            _browser, response = sign_in(parent)
        assert response.status_code in (200, 422)
        assert not User.objects.exists()


class TestApi:
    ADDRESS = "/api/v1/export/"

    def test_describes_the_file_and_makes_it(
        self, browser: Client, record: Callable[..., Observation]
    ) -> None:
        record(details={"note": "Mine."})
        described = browser.get(self.ADDRESS).json()
        assert {"moments", "thoughts", "account"} <= {table["name"] for table in described["tables"]}
        made = browser.post(self.ADDRESS, headers={"Accept": "application/zip"})
        assert made["Content-Disposition"].startswith("attachment")
        names = set(zipfile.ZipFile(io.BytesIO(made.getvalue())).namelist())
        assert {f"json/{table['name']}.json" for table in described["tables"]} < names

    def test_wants_a_fresh_proof(
        self, browser: Client, sign_in_was_long_ago: Callable[[Client], None]
    ) -> None:
        sign_in_was_long_ago(browser)
        refused = browser.post(self.ADDRESS, headers={"Accept": "application/zip"})
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
