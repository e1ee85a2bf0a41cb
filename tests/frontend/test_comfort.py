"""The comfort card in a browser: drafted, changed, sent as a link, read by somebody who never signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Child
from observations.models import Observation
from reflections.models import CardLink, ComfortCard
from reflections.services import end_card_link

pytestmark = pytest.mark.usefixtures("that_evening")
FORM = {"called": "", "hard": "", "helps": "Sit with me.", "back": "", "also": "", "revision": "0"}


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def written(browser: Client, child: Child) -> ComfortCard:
    browser.post(reverse("card-edit", args=[child.public_id]), {**FORM, "called": "Pipsqueak"})
    return ComfortCard.objects.get()


@pytest.fixture
def address(browser: Client, written: ComfortCard, child: Child) -> str:
    """Where a link leads, as the page says it once."""
    answer = browser.post(reverse("card-links", args=[child.public_id]), {"for_whom": "nursery", "days": "7"})
    found = re.search(r"<code>http://[^/]+(/card/[\w-]{43}/)</code>", answer.content.decode())
    assert found
    return found[1]


class TestWriting:
    def test_a_new_card_begins_with_the_draft_and_says_where_it_comes_from(
        self, browser: Client, child: Child, record: Callable[..., Observation]
    ) -> None:
        for _ in range(2):
            record(details={"contexts": ["hurt_ill"], "cues": ["came_close"]})
        page = browser.get(reverse("card-edit", args=[child.public_id])).content.decode()
        form, _heading, drafted = page.partition("Where the draft comes from")
        assert "Come close, and get down to eye level." in form
        assert "card.helps.came_close" in drafted
        assert "You ticked “Came close, got down to their level” in 2 moments of comfort" in drafted
        assert len(re.findall(r'href="/moments/[0-9a-f-]{36}/"', drafted)) == 4
        assert not ComfortCard.objects.exists()

    def test_no_name_stands_on_it_unless_it_is_put_there(self, browser: Client, child: Child) -> None:
        page = browser.get(reverse("card-edit", args=[child.public_id]))
        assert page.context["form"].initial["called"] == ""

    def test_it_is_kept_and_shown(self, browser: Client, written: ComfortCard, child: Child) -> None:
        page = browser.get(reverse("card", args=[child.public_id])).content.decode()
        assert "How Pipsqueak likes to be comforted" in page
        assert "Sit with me." in page

    def test_what_does_not_fit_is_said_and_nothing_typed_is_lost(self, browser: Client, child: Child) -> None:
        many = "\n".join("abcdefgh")
        answer = browser.post(
            reverse("card-edit", args=[child.public_id]), {**FORM, "hard": many, "also": "Blue rabbit"}
        )
        assert answer.status_code == 422
        assert "A card has room for 7 lines here." in answer.content.decode()
        assert "Blue rabbit" in answer.content.decode()

    def test_two_windows_do_not_overwrite_each_other_unseen(
        self, browser: Client, written: ComfortCard, child: Child
    ) -> None:
        edit = reverse("card-edit", args=[child.public_id])
        late = browser.post(edit, {**FORM, "helps": "From the other window"})
        assert late.status_code == 422
        assert "From the other window" in late.content.decode()
        revision = re.search(r'name="revision" value="(\d+)"', late.content.decode())
        assert revision
        assert browser.post(edit, {**FORM, "helps": "Seen", "revision": revision[1]}).status_code == 303
        assert ComfortCard.objects.get().words.helps == "Seen"

    def test_deleting_it_takes_every_link_along(
        self, browser: Client, address: str, child: Child, client: Client
    ) -> None:
        browser.post(reverse("card-delete", args=[child.public_id]))
        assert client.get(address).status_code == 404

    def test_the_list_says_which_child_has_one(self, browser: Client, written: ComfortCard) -> None:
        assert "your card of 18 November 2026" in browser.get(reverse("cards")).content.decode()


class TestLinks:
    def test_the_address_is_shown_once(self, browser: Client, address: str, child: Child) -> None:
        again = browser.get(reverse("card-links", args=[child.public_id])).content.decode()
        assert address not in again
        assert "Nursery or school" in again
        assert "until 25 November 2026" in again

    def test_it_is_the_sites_own_and_never_that_of_the_request(
        self, browser: Client, written: ComfortCard, child: Child, settings: Any
    ) -> None:
        settings.SITE_URL = "https://attune.example"
        answer = browser.post(
            reverse("card-links", args=[child.public_id]), {"for_whom": "nursery", "days": "1"}
        )
        assert "<code>https://attune.example/card/" in answer.content.decode()

    def test_ending_one_is_a_tap(self, browser: Client, address: str, client: Client) -> None:
        link = CardLink.objects.get()
        assert browser.post(reverse("card-link-end", args=[link.public_id])).status_code == 303
        assert client.get(address).status_code == 404

    def test_making_one_asks_who_is_there(
        self,
        browser: Client,
        written: ComfortCard,
        child: Child,
        sign_in_was_long_ago: Callable[[Client], None],
    ) -> None:
        sign_in_was_long_ago(browser)
        answer = browser.post(
            reverse("card-links", args=[child.public_id]), {"for_whom": "nursery", "days": "7"}
        )
        assert "/account/reauthenticate/" in answer["Location"]
        assert not CardLink.objects.exists()


class TestBehindALink:
    def test_it_shows_the_card_and_names_nobody(
        self, client: Client, address: str, parent: User, child: Child
    ) -> None:
        page = client.get(address).content.decode()
        assert "How Pipsqueak likes to be comforted" in page
        for name in (parent.display_name, child.nickname + "<", "The attic", parent.email, "Attune"):
            assert name not in page
        assert "<title>A note</title>" in page
        assert "<script" not in page
        assert "manifest" not in page

    def test_without_a_name_there_is_none(
        self, browser: Client, client: Client, address: str, child: Child
    ) -> None:
        edit = reverse("card-edit", args=[child.public_id])
        browser.post(edit, {**FORM, "revision": "1"})
        page = client.get(address).content.decode()
        assert "How this child likes to be comforted" in page
        assert "Pip" not in page

    def test_it_is_kept_nowhere_and_leads_nowhere(self, client: Client, address: str) -> None:
        answer = client.get(address)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert not answer.cookies
        assert re.findall(r'href="(?!/static/)([^"]+)"', answer.content.decode()) == ["?paper=a6"]

    def test_what_is_over_and_what_never_was_are_the_same_to_the_byte(
        self, client: Client, address: str, parent: User, now: datetime
    ) -> None:
        never = client.get("/card/" + "x" * 43 + "/")
        with time_machine.travel(now + timedelta(days=8), tick=False):
            expired = client.get(address)
        end_card_link(actor_id=parent.pk, link_id=CardLink.objects.get().public_id, now=now)
        ended = client.get(address)
        odd = [client.get(f"/card/{token}/") for token in ("x", "%F0%9F%90%87", "x" * 900)]
        assert never.status_code == 404
        answers = [never, expired, ended, *odd]
        assert len({(answer.status_code, answer.content, str(answer.headers)) for answer in answers}) == 1
        assert not any(answer.cookies for answer in answers)

    def test_only_looking_is_possible(self, client: Client, address: str) -> None:
        assert client.post(address).status_code == 405
        assert client.head(address).status_code == 200

    def test_guessing_is_limited(self, client: Client, settings: Any, db: None) -> None:
        settings.RATE_LIMIT_FACTOR = 1
        answers = [client.get(f"/card/guess{number}/").status_code for number in range(61)]
        assert (answers[:60], answers[60]) == ([404] * 60, 429)

    @pytest.mark.parametrize(("query", "paper"), [("", "a4"), ("?paper=a6", "a6"), ("?paper=x", "a4")])
    def test_the_paper_can_be_chosen(self, client: Client, address: str, query: str, paper: str) -> None:
        assert f'data-paper="{paper}"' in client.get(address + query).content.decode()
