"""Saying no to an invitation through two browsers, with an account and without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.selectors import is_blocked
from accounts.services import block_sender
from households.models import Child, Household, Membership

pytestmark = pytest.mark.usefixtures("that_evening")
JOIN, DECLINE, BLOCK = "/household/join/", "/household/join/decline/", "/household/join/block/"


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def guest(make_user: Callable[..., User]) -> User:
    return make_user("guest")


def invite(browser: Client, email: str = "guest@example.org") -> str:
    answer = browser.post(reverse("household-invitations"), {"email": email, "role": "guardian"})
    assert answer.status_code == 303
    browser.get(answer["Location"])  # the message is read
    return re.search(r"https?://[^/\s]+(/household/invitations/\S+)", mail.outbox[-2].body)[
        1
    ]  # a notice to the sender is last


def waiting(browser: Client) -> str:
    """The sender's page, without what is fresh in every answer."""
    page = browser.get(reverse("household-invitations")).content.decode()
    assert "guest@example.org" in page
    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken": |nonce=)[^>]*', "", page)


class TestDeclining:
    @pytest.mark.parametrize("signed_in", [True, False])
    def test_one_tap_is_enough_and_the_sender_sees_no_difference(
        self,
        browser: Client,
        client: Client,
        client_of: Callable[[User], Client],
        guest: User,
        signed_in: bool,
    ) -> None:
        link = invite(browser)
        before = waiting(browser)
        other = client_of(guest) if signed_in else client
        assert DECLINE in other.get(link, follow=True).content.decode()
        done = other.post(DECLINE, follow=True)
        assert "You said no." in done.content.decode()
        assert waiting(browser) == before
        assert client_of(guest).get(link, follow=True).status_code == 404
        assert not Membership.objects.filter(user=guest).exists()

    def test_the_browser_keeps_nothing_of_it(self, browser: Client, client: Client) -> None:
        client.get(invite(browser))
        client.post(DECLINE)
        assert "invitation" not in client.session
        assert client.post(DECLINE).status_code == 404
        assert client.get(JOIN).status_code == 404

    def test_looking_declines_nothing(self, browser: Client, client: Client) -> None:
        client.get(invite(browser))
        for address in (DECLINE, BLOCK):
            assert client.get(address).status_code == 405


class TestBlocking:
    @pytest.mark.parametrize("signed_in", [True, False])
    def test_no_more_mail_comes_and_the_sender_sees_no_difference(
        self,
        browser: Client,
        client: Client,
        client_of: Callable[[User], Client],
        guest: User,
        parent: User,
        signed_in: bool,
    ) -> None:
        link = invite(browser)
        before = waiting(browser)
        other = client_of(guest) if signed_in else client
        assert BLOCK in other.get(link, follow=True).content.decode()
        assert "They are not told." in other.post(BLOCK, follow=True).content.decode()
        assert waiting(browser) == before
        assert is_blocked(email=guest.email, sender_id=parent.pk)
        mail.outbox.clear()
        answer = browser.post(reverse("household-invitations"), {"email": guest.email, "role": "helper"})
        assert (answer.status_code, answer["Location"]) == (303, reverse("household-invitations"))
        assert [sent.to for sent in mail.outbox] == [[parent.email]], "a notice, as for every invitation"
        assert "The invitation is on its way." in waiting(browser)

    def test_what_a_blocked_sender_is_answered_is_what_everybody_is(
        self, browser: Client, parent: User, guest: User, now: datetime
    ) -> None:
        block_sender(email=guest.email, sender_id=parent.pk, known_as=parent.email, now=now)
        fields = {"role": "helper"}
        answers = [
            browser.post(reverse("household-invitations"), {**fields, "email": address})
            for address in (guest.email, "other@example.org")
        ]
        assert {(one.status_code, one["Location"], one.content) for one in answers} == {
            (303, reverse("household-invitations"), b"")
        }
        assert set(answers[0].headers) == set(answers[1].headers)
        page = browser.get(reverse("household-invitations")).content.decode()
        rows = re.findall(r"<li><div class=\"row\">.*?</li>", page, re.DOTALL)
        plain = {re.sub(r"guest@|other@|[0-9a-f-]{36}|value=\"\w+\"", "", row) for row in rows}
        assert (len(rows), len(plain)) == (2, 1)

    def test_a_link_that_was_on_its_way_opens_nothing(
        self, browser: Client, client_of: Callable[[User], Client], guest: User, client: Client
    ) -> None:
        first, second = invite(browser), invite(browser)
        client.get(first)
        client.post(BLOCK)
        page = client_of(guest).get(second, follow=True)
        assert page.status_code == 404
        assert reverse("blocked") in page.content.decode()

    @pytest.mark.parametrize("address", [DECLINE, BLOCK])
    def test_the_answer_tells_nobody_which_links_work(
        self, browser: Client, client: Client, address: str
    ) -> None:
        answers = set()
        for link in (invite(browser), f"/household/invitations/{'x' * 43}/"):
            client.get(link)
            done = client.post(address)
            answers.add((done.status_code, done["Location"], done.content))
        assert len(answers) == 1

    def test_somebody_who_lives_there_is_led_to_the_door(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User, household: Household
    ) -> None:
        page = client_of(co_parent).get(invite(browser, co_parent.email), follow=True).content.decode()
        assert f"{reverse('household-leave')}?home={household.public_id}" in page
        assert BLOCK in page


class TestTheList:
    @pytest.fixture
    def blocked(self, parent: User, guest: User, now: datetime) -> User:
        block_sender(email=parent.email, sender_id=guest.pk, known_as="guest@example.org", now=now)
        return guest

    def test_shows_how_the_reader_knew_them_and_nothing_since(self, browser: Client, blocked: User) -> None:
        User.objects.filter(pk=blocked.pk).update(email="new@example.org", display_name="New name")
        page = browser.get(reverse("blocked")).content.decode()
        assert "guest@example.org" in page
        assert "18 November 2026" in page or "November 18, 2026" in page
        assert "new@example.org" not in page
        assert "New name" not in page

    def test_is_each_ones_own(
        self, client_of: Callable[[User], Client], co_parent: User, browser: Client, blocked: User
    ) -> None:
        other = client_of(co_parent)
        assert "guest@example.org" not in other.get(reverse("blocked")).content.decode()
        assert other.post(reverse("blocked-end"), {"sender": blocked.public_id}).status_code == 404
        assert browser.post(reverse("blocked-end"), {"sender": blocked.public_id}).status_code == 303

    def test_one_tap_takes_it_back(self, browser: Client, blocked: User, parent: User) -> None:
        done = browser.post(reverse("blocked-end"), {"sender": blocked.public_id}, follow=True)
        assert "They can write to you again." in done.content.decode()
        assert not is_blocked(email=parent.email, sender_id=blocked.pk)

    @pytest.mark.parametrize("sender", ["", "x", "'; --", "00000000-0000-4000-8000-000000000000"])
    def test_what_names_nobody_is_not_there(self, browser: Client, sender: str) -> None:
        assert browser.post(reverse("blocked-end"), {"sender": sender}).status_code == 404

    def test_a_name_is_text(self, browser: Client, parent: User, guest: User, now: datetime) -> None:
        block_sender(email=parent.email, sender_id=guest.pk, known_as="<img src=x>", now=now)
        page = browser.get(reverse("blocked")).content.decode()
        assert "<img" not in page
        assert "&lt;img src=x&gt;" in page
