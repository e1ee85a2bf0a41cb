"""Proving again who one is, before what cannot be taken back: nobody passes who does not, and nobody is shut out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from households.models import Child, Invitation
from tests.conftest import NOW
from tests.frontend.test_second_step import add_app, add_passkey, app_code
from tests.soft_passkey import SoftPasskey

PASSWORD = "seven quiet geese at dawn"
BY_CODE = "/account/reauthenticate/code/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Any:
    settings.RATE_LIMIT_FACTOR = 1000
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    """Somebody with neither a password nor a second step."""
    return client_of(parent)


def newest_code() -> str:
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found.group()


# What a thief of an unlocked phone would go for. An address that is asked for, and what is sent there.
GUARDED = {
    "token": ("/account/tokens/", {"name": "A key", "scope": "read", "days": "5"}),
    "invitation": ("/household/invitations/", {"email": "guest@example.org", "role": "helper"}),
    "address": ("/account/email/", {"action_add": "", "email": "thief@example.org"}),
    "password": ("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD}),
    "passkey": ("/account/passkeys/add/", {"name": "Mine", "credential": "{}"}),
    "app": ("/account/app/add/", {"code": "123456"}),
    "recovery codes": ("/account/recovery-codes/new/", {}),
    "other devices": ("/account/sessions/end-others/", {}),
    "one device": ("/account/sessions/end/", {"device": "1"}),
}


class TestGuarded:
    """Everything on the list asks, of whoever is signed in and however little they have set up."""

    @pytest.mark.parametrize("what", GUARDED)
    def test_asks_once_the_sign_in_is_five_minutes_old(
        self, browser: Client, parent: User, clock: Any, what: str
    ) -> None:
        address, fields = GUARDED[what]
        clock.shift(300)
        answer = browser.post(address, fields)
        assert answer["Location"].startswith(f"{BY_CODE}?next=")
        assert not ApiToken.objects.exists()
        assert not Invitation.objects.exists()
        assert not Authenticator.objects.exists()
        assert mail.outbox == []
        parent.refresh_from_db()
        assert not parent.has_usable_password()

    @pytest.mark.parametrize("what", GUARDED)
    def test_does_not_ask_right_after_signing_in(self, browser: Client, clock: Any, what: str) -> None:
        address, fields = GUARDED[what]
        clock.shift(299)
        answer = browser.post(address, fields)
        assert "reauthenticate" not in answer.headers.get("Location", "")

    def test_a_password_never_lies_in_the_session_meanwhile(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        browser.post(*GUARDED["password"])
        assert PASSWORD not in str([session.get_decoded() for session in Session.objects.all()])
        assert browser.get("/account/password/set/")["Location"].startswith(BY_CODE)


class TestByMailedCode:
    """For whoever has neither a password nor a second step."""

    def ask(self, browser: Client) -> str:
        """Asks for a code, after something that needs one; the address of the form."""
        answer = browser.post(*GUARDED["token"])
        browser.post(answer["Location"], {"send": ""})
        return str(answer["Location"])

    def test_leads_on_to_what_was_wanted(self, browser: Client, parent: User, clock: Any) -> None:
        clock.shift(301)
        form = self.ask(browser)
        (sent,) = mail.outbox
        assert (sent.subject, sent.to) == ("Your code", [parent.email])
        page = browser.post(form, {"code": newest_code()})
        assert "attune_" in page.content.decode(), "the request goes on as it was sent"
        assert ApiToken.objects.get().name == "A key"

    def test_looking_at_the_page_sends_nothing(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        page = browser.get(BY_CODE)
        assert "Send me a code" in page.content.decode()
        assert mail.outbox == []

    def test_counts_for_five_minutes(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        browser.post(self.ask(browser), {"code": newest_code()})
        clock.shift(299)
        assert browser.post(*GUARDED["token"]).status_code == 200
        clock.shift(1)
        assert browser.post(*GUARDED["token"]).status_code == 302

    def test_a_code_works_for_ten_minutes(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        form = self.ask(browser)
        clock.shift(601)
        browser.post(form, {"code": newest_code()})
        assert not ApiToken.objects.exists()

    def test_a_code_works_once(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        form, code = self.ask(browser), newest_code()
        browser.post(form, {"code": code})
        clock.shift(301)
        browser.post(*GUARDED["token"])
        browser.post(form, {"code": code})
        assert ApiToken.objects.count() == 1

    def test_three_wrong_ones_end_it(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        form, code = self.ask(browser), newest_code()
        for wrong in ("", "AAAA-AAAA", "😀" * 3000):
            browser.post(form, {"code": wrong})
        browser.post(form, {"code": code})
        assert not ApiToken.objects.exists()

    def test_a_new_code_ends_the_former(self, browser: Client, clock: Any) -> None:
        clock.shift(301)
        form, former = self.ask(browser), newest_code()
        browser.post(form, {"send": ""})
        browser.post(form, {"code": former})
        assert not ApiToken.objects.exists()
        browser.post(form, {"code": newest_code()})
        assert ApiToken.objects.exists()

    def test_a_code_opens_nothing_in_another_session_and_for_nothing_else(
        self, browser: Client, client_of: Callable[[User], Client], parent: User, clock: Any
    ) -> None:
        other = client_of(parent)
        clock.shift(301)
        self.ask(browser)
        code = newest_code()
        other.post(*GUARDED["token"])
        other.post(BY_CODE, {"code": code})
        stranger = Client()
        stranger.post(reverse("account_request_login_code"), {"email": parent.email})
        stranger.post(reverse("account_confirm_login_code"), {"code": code})
        assert "_auth_user_id" not in stranger.session
        assert not ApiToken.objects.exists()

    def test_nobody_is_sent_more_than_a_few(self, browser: Client, settings: Any, clock: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 1
        clock.shift(301)
        answers = [browser.post(BY_CODE, {"send": ""}).status_code for _ in range(12)]
        assert answers == [302] * 10 + [429] * 2
        assert len(mail.outbox) == 10


class TestTheWay:
    """A second step alone proves it for whoever set one up; else a password; else a mailed code."""

    def asked_by(self, browser: Client) -> str:
        return str(browser.post(*GUARDED["token"])["Location"]).partition("?")[0]

    def test_is_the_password_of_somebody_without_a_second_step(
        self, client_of: Callable[[User], Client], parent: User, clock: Any
    ) -> None:
        parent.set_password(PASSWORD)
        parent.save()
        browser = client_of(parent)
        clock.shift(301)
        assert self.asked_by(browser) == "/account/reauthenticate/"
        assert browser.get(BY_CODE)["Location"] == "/account/reauthenticate/"

    def test_is_the_second_step_and_never_the_password_beside_it(
        self, client_of: Callable[[User], Client], parent: User, clock: Any
    ) -> None:
        parent.set_password(PASSWORD)
        parent.save()
        browser = client_of(parent)
        secret = add_app(browser)
        clock.shift(301)
        assert self.asked_by(browser) == "/account/reauthenticate/second-step/"
        browser.post("/account/reauthenticate/", {"password": PASSWORD})
        assert self.asked_by(browser) == "/account/reauthenticate/second-step/"
        browser.post("/account/reauthenticate/second-step/?next=/account/tokens/", {"code": app_code(secret)})
        assert ApiToken.objects.exists()

    def test_is_the_passkey_of_somebody_who_has_one(self, browser: Client, clock: Any) -> None:
        passkey = SoftPasskey()
        add_passkey(browser, passkey)
        clock.shift(301)
        assert self.asked_by(browser) == "/account/reauthenticate/passkey/"
        page = browser.get("/account/reauthenticate/passkey/")
        assert "Use a code instead" in page.content.decode()
        answer = passkey.get(page.context["js_data"]["request_options"])
        browser.post("/account/reauthenticate/passkey/?next=/account/tokens/", {"credential": answer})
        assert ApiToken.objects.exists()

    def test_a_passkey_that_does_not_open_leads_back_to_the_question(
        self, browser: Client, clock: Any
    ) -> None:
        add_passkey(browser, SoftPasskey())
        clock.shift(301)
        address = browser.post(*GUARDED["token"])["Location"]
        options = browser.get(address).context["js_data"]["request_options"]
        answer = browser.post(address, {"credential": SoftPasskey(name="b").get(options)})
        assert answer["Location"] == address
        assert not ApiToken.objects.exists()

    def test_an_account_that_was_just_opened_need_not_prove_it_again(self, client: Client) -> None:
        answer = client.post(reverse("account_signup"), {"email": "new@example.org"})
        client.post(answer["Location"], {"code": newest_code()})
        assert client.post(*GUARDED["token"]).status_code == 200

    def test_is_not_skipped_with_another_persons_proof(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User, clock: Any
    ) -> None:
        clock.shift(301)
        session = browser.session
        session.update(
            {
                "account_authentication_methods": [{"method": "password", "at": NOW.timestamp() + 301}],
                "account_authentication_methods_user": str(co_parent.pk),
            }
        )
        session.save()
        assert self.asked_by(browser) == BY_CODE


class TestLongAgo:
    def test_a_session_of_weeks_still_asks(self, browser: Client, clock: Any) -> None:
        for _day in range(20):
            clock.shift(timedelta(days=1))
            browser.get(reverse("security"))
        assert browser.post(*GUARDED["token"])["Location"].startswith(BY_CODE)
