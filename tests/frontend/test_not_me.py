"""Whoever gets mail about an account that is not theirs can say so: once, from the mail, without signing in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import ReturnedMail, User
from accounts.rules import Change
from accounts.selectors import list_mailable_ids
from accounts.services import disown_address, note_returned_mail, tell_of_change
from accounts.tokens import not_me_token
from common.errors import NotVisible
from households.models import Child, Household
from reflections.tokens import unsubscribe_token

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/not-me/[\w.=-]+/")


@pytest.fixture
def link(parent: User) -> str:
    return f"/not-me/{not_me_token(user_id=parent.public_id, email=parent.email)}/"


def bare(answer: Any) -> str:
    """The page without the token of its form, which is another one each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def is_mailed(user: User) -> bool:
    return list_mailable_ids(user_ids=[user.pk]) == {user.pk}


class TestTheLink:
    def test_looking_asks_and_changes_nothing(self, client: Client, parent: User, link: str) -> None:
        page = client.get(link).content.decode()
        assert "Is this mail not for you?" in page
        assert parent.email not in page
        assert parent.called not in page
        assert is_mailed(parent)

    def test_saying_so_stops_the_weekly_mail_to_that_address(
        self, client: Client, parent: User, co_parent: User, link: str
    ) -> None:
        assert "No weekly mail goes to this address" in client.post(link).content.decode()
        assert not is_mailed(parent)
        assert is_mailed(co_parent)

    def test_twice_is_once(self, client: Client, link: str) -> None:
        first, second = client.post(link), client.post(link)
        assert first.content == second.content
        assert ReturnedMail.objects.count() == 1

    def test_a_form_from_elsewhere_is_refused(self, parent: User, link: str) -> None:
        assert Client(enforce_csrf_checks=True).post(link).status_code == 403
        assert is_mailed(parent)

    def test_signing_in_by_a_mailed_code_goes_on(
        self, client: Client, parent: User, link: str, settings: Any
    ) -> None:
        settings.RATE_LIMIT_FACTOR = 1000
        client.post(link)
        client.post(reverse("account_request_login_code"), {"email": parent.email})
        code = re.findall(r"(?m)^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[-1].body)[0]
        client.post(reverse("account_confirm_login_code"), {"code": code})
        assert client.get(reverse("security")).status_code == 200

    def test_of_a_former_address_says_nothing_of_the_one_there_is(
        self, client: Client, parent: User, link: str
    ) -> None:
        User.objects.filter(pk=parent.pk).update(email="new@example.org")
        parent.emailaddress_set.update(email="new@example.org")
        told = client.post(link)
        assert told.status_code == 200
        assert is_mailed(parent)
        assert not ReturnedMail.objects.exists()

    def test_tells_nobody_whether_there_is_such_an_account_still(
        self, client: Client, parent: User, link: str
    ) -> None:
        there = [bare(client.get(link)), bare(client.post(link))]
        parent.delete()
        assert [bare(client.get(link)), bare(client.post(link))] == there

    def test_one_made_for_another_purpose_opens_nothing(
        self, client: Client, parent: User, link: str, now: datetime
    ) -> None:
        token = link.split("/")[2]
        forged = (unsubscribe_token(user_id=parent.public_id), token[:-1], token + "A", "x", "x.y", "." * 300)
        for wrong in forged:
            assert client.get(f"/not-me/{wrong}/").status_code == 404
            assert client.post(f"/not-me/{wrong}/").status_code == 404
            with pytest.raises(NotVisible):
                disown_address(token=wrong, now=now)
        assert client.post(f"/unsubscribe/{token}/").status_code == 404
        assert is_mailed(parent)

    def test_is_counted(self, client: Client, link: str, parent: User) -> None:
        answers = [client.post(link).status_code for _time in range(61)]
        assert set(answers[:60]) == {200}
        assert answers[60] == 429


class TestTheMails:
    def test_a_notice_carries_it(self, client: Client, parent: User, now: datetime) -> None:
        tell_of_change(user_id=parent.pk, change=Change.KEY_MADE, now=now)
        client.post(LINK.findall(mail.outbox[0].body)[0])
        assert not is_mailed(parent)

    def test_so_does_a_code(self, client: Client, parent: User, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 1000
        client.post(reverse("account_request_login_code"), {"email": parent.email})
        Client().post(LINK.findall(mail.outbox[0].body)[0])
        assert not is_mailed(parent)

    def test_where_there_is_no_account_there_is_nothing_to_disown(
        self, client: Client, settings: Any
    ) -> None:
        settings.RATE_LIMIT_FACTOR = 1000
        client.post(reverse("account_request_login_code"), {"email": "nobody@example.org"})
        assert "/not-me/" not in mail.outbox[0].body

    def test_a_process_without_the_key_makes_none(self, parent: User, now: datetime, settings: Any) -> None:
        settings.UNSUBSCRIBE_KEY = ""
        tell_of_change(user_id=parent.pk, change=Change.KEY_MADE, now=now)
        assert "/not-me/" not in mail.outbox[0].body


class TestItsOwner:
    @pytest.fixture
    def browser(
        self, client_of: Callable[[User], Client], parent: User, household: Household, child: Child, link: str
    ) -> Client:
        Client().post(link)
        return client_of(parent)

    def test_is_told_in_the_app_and_can_say_that_it_is_theirs(self, browser: Client, parent: User) -> None:
        assert "Somebody says your address is not yours" in browser.get("/").content.decode()
        browser.post(reverse("mail-again"))
        assert is_mailed(parent)
        assert "Somebody says" not in browser.get("/").content.decode()

    def test_needs_a_proof_for_that(
        self, browser: Client, parent: User, sign_in_was_long_ago: Callable[[Client], None]
    ) -> None:
        sign_in_was_long_ago(browser)
        assert reverse("account_reauthenticate_by_code") in browser.post(reverse("mail-again"))["Location"]
        assert not is_mailed(parent)

    def test_needs_none_after_a_mail_that_just_came_back(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        sign_in_was_long_ago: Callable[[Client], None],
        now: datetime,
    ) -> None:
        note_returned_mail(email=co_parent.email, kind="hard", now=now)
        browser = client_of(co_parent)
        sign_in_was_long_ago(browser)
        browser.post(reverse("mail-again"))
        assert is_mailed(co_parent)

    def test_a_bounce_after_it_changes_nothing(self, browser: Client, parent: User, now: datetime) -> None:
        stopped = User.objects.get(pk=parent.pk).mail_stopped_at
        note_returned_mail(email=parent.email, kind="hard", now=now + timedelta(days=1))
        assert User.objects.get(pk=parent.pk).mail_stopped_at == stopped
