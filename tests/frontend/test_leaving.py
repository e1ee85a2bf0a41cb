"""Signing out, and what the browser is told to forget with it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Household

CLEARS = "Clear-Site-Data"


@pytest.mark.django_db
class TestSigningOut:
    @pytest.fixture
    def browser(self, client_of: Callable[[User], Client], parent: User, household: Household) -> Client:
        return client_of(parent)

    def test_ends_the_session_and_clears_what_the_browser_keeps(self, browser: Client) -> None:
        answer = browser.post(reverse("account_logout"))
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert answer[CLEARS] == '"cache", "storage"'
        assert Session.objects.count() == 0
        assert browser.get(reverse("moments")).status_code == 302

    def test_keeps_cookies_out_of_it(self, browser: Client) -> None:
        """The one with the neutral look has to outlive the session; the session's own is taken back by name."""
        answer = browser.post(reverse("account_logout"))
        assert "cookies" not in answer[CLEARS]
        assert answer.cookies["session"]["max-age"] == 0

    @pytest.mark.parametrize(
        ("pending", "said", "cleared"),
        [
            ("", "", '"cache", "storage"'),
            ("0.k3Fq9a", "", '"cache", "storage"'),
            ("2.k3Fq9a", "", '"cache"'),
            ("0.k3Fq9a~1.x8Yz0b", "", '"cache"'),  # of somebody else on this phone
            ("2.k3Fq9a", "kept", '"cache"'),
            ("0.k3Fq9a", "kept", '"cache"'),
            ("0.k3Fq9a", "sent", '"cache", "storage"'),
            ("0.k3Fq9a", "deleted", '"cache", "storage"'),
            ("0.k3Fq9a~1.x8Yz0b", "sent", '"cache"'),
            ("0.k3Fq9a~1.x8Yz0b", "deleted", '"cache"'),
            ("2.k3Fq9a", "deleted", '"cache"'),
            ("2.k3Fq9a", "anything", '"cache"'),
            ("many", "", '"cache", "storage"'),
        ],
    )
    def test_leaves_sealed_words_that_wait_unless_they_were_given_up(
        self, browser: Client, settings, pending: str, said: str, cleared: str
    ) -> None:
        browser.cookies[settings.PENDING_COOKIE_NAME] = pending
        answer = browser.post(reverse("account_logout"), {"waiting": said} if said else {})
        assert answer[CLEARS] == cleared

    def test_takes_the_key_of_the_kit_back(self, browser: Client, settings) -> None:
        """With storage or without: where a worker signs out, no page is left that could."""
        browser.cookies[settings.PENDING_COOKIE_NAME] = "2.k3Fq9a"
        browser.cookies[settings.KIT_COOKIE_NAME] = "k3Fq9a.key"
        answer = browser.post(reverse("account_logout"))
        assert (answer.cookies[settings.KIT_COOKIE_NAME].value, answer.cookies["kit-key"]["max-age"]) == (
            "",
            0,
        )

    def test_asking_first_clears_nothing(self, browser: Client) -> None:
        assert CLEARS not in browser.get(reverse("account_logout"))

    def test_a_session_that_ran_out_clears_nothing(self, browser: Client, client: Client) -> None:
        """Words that wait to be sent would be lost with it: the next sign-in sends them."""
        Session.objects.all().delete()
        for answer in (
            browser.get(reverse("moments")),
            browser.post(reverse("log"), {}),
            browser.get("/api/v1/me/"),
            browser.post(reverse("account_logout")),
            client.post(reverse("account_logout")),
        ):
            assert CLEARS not in answer

    def test_a_refused_one_clears_nothing_and_ends_nothing(self, parent: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert CLEARS not in browser.post(reverse("account_logout"))
        assert Session.objects.count() == 1


class TestTheDoor:
    @pytest.mark.parametrize("address", ["/", "/help/", "/offline/", "/account/login/", "/no-such-page/"])
    def test_is_on_pages_for_everybody_and_leads_where_the_operator_says(
        self, client: Client, db: None, settings, address: str
    ) -> None:
        settings.QUICK_EXIT_URL = "https://news.example/"
        page = client.get(address).content.decode()
        assert 'href="https://news.example/" rel="noreferrer nofollow" data-quick-exit' in page
        assert "data-sign-out" not in page

    def test_knows_how_to_sign_out_where_no_form_is(
        self, client_of: Callable[[User], Client], parent: User, household: Household
    ) -> None:
        page = client_of(parent).get("/offline/").content.decode()
        assert "<form" not in page
        assert 'data-sign-out="/account/logout/"' in page
        assert re.search(r"""hx-headers='{"X-CSRFToken": "\w{64}"}'""", page)
