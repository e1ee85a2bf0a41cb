"""Notices of changes: to the old address and the new, in neutral words, and never at the price of the change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import Change
from accounts.services import tell_of_change
from tests.frontend.test_second_step import add_app, add_passkey
from tests.soft_passkey import SoftPasskey

PASSWORD = "seven quiet geese at dawn"
TEMPLATES = Path(__file__).resolve().parent.parent.parent / "frontend" / "templates"
# What a person behind one's back learns nothing from.
REVEALING = re.compile(r"\b(child|parent|moment|famil|household|coach|note|diary|reflect|Pip|attic)", re.I)
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, settings: Any) -> Client:
    settings.RATE_LIMIT_FACTOR = 1000
    client = client_of(parent)
    client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) Safari/604.1"
    client.defaults["REMOTE_ADDR"] = "203.0.113.7"
    return client


def change_address(browser: Client) -> None:
    browser.post(reverse("account_email"), {"action_add": "", "email": "new@example.org"})
    code = re.findall(r"(?m)^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body)[0]
    mail.outbox.clear()
    browser.post(reverse("account_email_verification_sent"), {"code": code})


def remove_passkey(browser: Client) -> None:
    add_passkey(browser, SoftPasskey())
    mail.outbox.clear()
    listed = browser.get(reverse("security")).context["ways"].passkeys
    browser.post(reverse("mfa_remove_webauthn", args=[listed[0].id]))


def remove_app(browser: Client) -> None:
    add_app(browser)
    mail.outbox.clear()
    browser.post(reverse("mfa_deactivate_totp"))


def new_codes(browser: Client) -> None:
    add_passkey(browser, SoftPasskey())
    mail.outbox.clear()
    browser.post(reverse("mfa_generate_recovery_codes"))


CHANGES: dict[str, tuple[Callable[[Client], Any], str]] = {
    "password": (
        lambda browser: browser.post(
            reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD}
        ),
        "Your account has a password now.",
    ),
    "address": (change_address, "The address of your account is no longer alice@example.org."),
    "passkey": (lambda browser: add_passkey(browser, SoftPasskey()), "A passkey was added"),
    "passkey off": (remove_passkey, "A passkey was taken off"),
    "app": (add_app, "now asks for a code of an app"),
    "app off": (remove_app, "no longer asks for a code of an app"),
    "codes": (new_codes, "New recovery codes were made"),
    "key": (
        lambda browser: browser.post(reverse("tokens"), {"name": "Mine", "scope": "read", "days": "5"}),
        "A new key to your account was made.",
    ),
}


class TestEveryChange:
    @pytest.mark.parametrize("what", CHANGES)
    def test_is_told_discreetly(
        self, browser: Client, parent: User, what: str, django_capture_on_commit_callbacks: Any
    ) -> None:
        change, words = CHANGES[what]
        with django_capture_on_commit_callbacks(execute=True):
            change(browser)
        told = [message for message in mail.outbox if words in message.body]
        expected = {"alice@example.org", *(["new@example.org"] if what == "address" else [])}
        assert {message.to[0] for message in told} == expected
        for message in told:
            body = message.body
            assert message.subject == "Your account"
            assert "With: Safari on iPhone" in body
            assert "sign out everywhere else" in body
            assert reverse("security") in body
            assert "203.0.113.7" not in str(message.message())
            assert not REVEALING.search(body)
            assert message.message()["Auto-Submitted"] == "auto-generated"

    def test_is_written_in_the_persons_own_zone(self, parent: User, now: datetime) -> None:
        User.objects.filter(pk=parent.pk).update(timezone="Asia/Tokyo")
        tell_of_change(user_id=parent.pk, change=Change.DATA_EXPORTED, now=now)
        assert "Nov. 19, 2026, 4:30 a.m." in mail.outbox[-1].body

    @pytest.mark.parametrize("change", Change)
    def test_has_its_words(self, parent: User, now: datetime, change: Change) -> None:
        tell_of_change(user_id=parent.pk, change=change, now=now)
        (sent,) = mail.outbox
        assert sent.subject == "Your account"
        assert not REVEALING.search(sent.body)
        assert "{" not in sent.body

    def test_says_on_which_day_an_account_will_be_gone(self, parent: User, now: datetime) -> None:
        tell_of_change(
            user_id=parent.pk, change=Change.ERASURE_ASKED, now=now, details={"day": "25 November"}
        )
        assert "on 25 November" in mail.outbox[-1].body

    def test_nobody_without_a_proved_address_is_written_to(self, parent: User, now: datetime) -> None:
        parent.emailaddress_set.update(verified=False)
        tell_of_change(user_id=parent.pk, change=Change.DATA_EXPORTED, now=now)
        assert mail.outbox == []

    def test_a_mail_server_that_is_away_undoes_no_change(
        self, browser: Client, parent: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        def away(*_: object, **__: object) -> None:
            raise ConnectionRefusedError("alice@example.org")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
        answer = browser.post(reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD})
        assert answer["Location"] == reverse("security")
        parent.refresh_from_db()
        assert parent.check_password(PASSWORD)
        assert f"to user {parent.pk}: ConnectionRefusedError" in caplog.text
        assert "alice@example.org" not in caplog.text


class TestTemplates:
    def test_every_notice_of_allauth_has_words_of_ours(self) -> None:
        import allauth

        theirs = Path(allauth.__file__).parent / "templates"
        notices = [
            path.relative_to(theirs)
            for path in theirs.glob("*/email/*_message.txt")
            if path.parts[-3] in ("account", "mfa") and "base_notification" in path.read_text("utf-8")
        ]
        assert len(notices) >= 10
        unused = {"email_confirm_message.txt"}  # sent with verification by link, which we have not
        assert [str(p) for p in notices if p.name not in unused and not (TEMPLATES / p).exists()] == []
