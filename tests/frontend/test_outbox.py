"""What pages tell the outbox on the phone, and what the pages hold that the phone keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from checklists.rules import Tone
from checklists.selectors import get_content, get_help
from frontend.outbox import count_pending, shared_script
from frontend.templatetags.attune import tone_label
from households.models import Child, Household
from observations.models import Observation
from observations.sync import account_of

SHELLS = ["/offline/", "/waiting/", "/log/offline/"]


class TestWhatAPageTells:
    @pytest.mark.django_db
    def test_is_whose_it_is(
        self, client_of: Callable[[User], Client], parent: User, household: Household, child: Child
    ) -> None:
        page = client_of(parent).get("/").content.decode()
        assert (
            f'<meta name="outbox" data-cookie="pending" data-account="{account_of(parent.public_id)}">'
            in page
        )
        assert str(parent.public_id) not in page

    @pytest.mark.django_db
    def test_is_nothing_of_anybody_while_nobody_is_signed_in(self, client: Client) -> None:
        page = client.get("/account/login/").content.decode()
        assert '<meta name="outbox" data-cookie="pending">' in page

    def test_is_that_the_phone_keeps_this_page(self, client: Client, db: None) -> None:
        for address in SHELLS:
            assert (
                '<meta name="outbox" data-cookie="pending" data-shell>'
                in client.get(address).content.decode()
            )


class TestThePagesOfThePhone:
    @pytest.mark.parametrize("address", SHELLS)
    def test_need_no_sign_in_and_set_no_cookie(self, client: Client, db: None, address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.cookies == {}
        assert 'csrfmiddlewaretoken" value' not in answer.content.decode()

    @pytest.mark.django_db
    def test_hold_nothing_of_a_family_whoever_asks(
        self, client_of: Callable[[User], Client], parent: User, household: Household, child: Child
    ) -> None:
        browser = client_of(parent)
        for address in SHELLS:
            page = browser.get(address).content.decode()
            for word in (household.name, child.nickname, parent.display_name, parent.email):
                assert word not in page, address

    @pytest.mark.django_db
    def test_have_the_whole_sheet(self, client: Client) -> None:
        page = unescape(client.get("/log/offline/").content.decode())
        content = get_content("en")
        assert all(tone_label(tone) in page for tone in Tone)
        for labelled in (*content.cues, *content.options):
            assert labelled.label in page
        names = set(re.findall(r'name="([a-z_]+)"', page))
        assert {
            "when",
            "picked",
            "contexts",
            "cues",
            "feelings",
            "note",
            "repairs",
            "visibility",
            "rating_self",
        } <= names

    @pytest.mark.parametrize("address", SHELLS)
    def test_go_by_the_neutral_name_on_a_discreet_phone(self, client: Client, db: None, address: str) -> None:
        page = client.get(address, headers={"X-Look": "plain"}).content.decode()
        assert "<title>Notes</title>" in page
        assert 'id="cover"' in page
        assert "Attune" not in page


class TestTheCookie:
    @pytest.mark.parametrize(
        ("value", "count"),
        [
            ("", 0),
            ("3.k3Fq9a", 3),
            ("0.k3Fq9a~4.x8Yz0b", 4),
            ("2._3F-9_~4.-8Y_0-", 6),  # a tag is base64url
            ("12.a-_b1c~4.x8Yz0b", 16),
            ("x", 0),
            ("99999.k", 0),
            ("-1.k", 0),
        ],
    )
    def test_is_read_as_how_many_wait(self, settings, value: str, count: int) -> None:
        request = RequestFactory().get("/")
        request.COOKIES[settings.PENDING_COOKIE_NAME] = value
        assert count_pending(request) == count


class TestTheWorkersPart:
    def test_is_the_modules_without_their_imports(self) -> None:
        script = shared_script()
        assert not re.search(r"^(import|export) ", script, re.MULTILINE)
        for name in ("class Outbox", "class Phone", "function flush", "function bootstrap"):
            assert name in script

    def test_stands_in_the_worker(self, client: Client, db: None) -> None:
        assert shared_script() in client.get("/sw.js").content.decode()


@pytest.mark.django_db
class TestAfterSaving:
    def test_help_is_offered_where_the_words_came_through_the_phone(
        self,
        client_of: Callable[[User], Client],
        parent: User,
        record: Callable[..., Observation],
        child: Child,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("frontend.soft_card.needs_soft_card", lambda **_asked: True)
        browser, address = client_of(parent), reverse("moment", args=[record().public_id])
        card = get_help("en").cards["soft"].title
        assert card not in unescape(browser.get(address).content.decode())
        assert card in unescape(browser.get(f"{address}?kept").content.decode())


class TestTheKeyOfTheKit:
    def test_lasts_as_long_as_a_session_that_nobody_uses(self, settings) -> None:
        path = finders.find("js/outbox/here.js")
        assert isinstance(path, str)
        (seconds,) = re.findall(r"KEY_FOR = ([0-9_]+);", Path(path).read_text("utf-8"))
        assert int(seconds) == settings.SESSION_COOKIE_AGE

    def test_is_called_the_same_in_pages_and_in_the_worker(self, client: Client, db: None, settings) -> None:
        assert settings.PENDING_COOKIE_NAME.replace("pending", "kit-key") == settings.KIT_COOKIE_NAME
        assert f'cookieStore?.delete("{settings.KIT_COOKIE_NAME}")' in unescape(
            client.get("/sw.js").content.decode().replace("\\u002D", "-")
        )
