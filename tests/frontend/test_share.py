"""Words shared to the app from another one: on the sheet, in no address, and saved only by a tap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from households.models import Child
from observations.models import Observation
from observations.rules import NOTE_MAX

pytestmark = pytest.mark.django_db
SHARED = {"title": "A story", "text": "He said: boat, boat.", "url": "https://example.org/boat"}


def share(client: Client, words: dict[str, str], says: str = "none") -> Any:
    headers = {"Sec-Fetch-Site": says} if says else {}
    return client.post("/log/share/", words, headers=headers)


class TestShare:
    @pytest.fixture
    def browser(self, client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
        return client_of(parent)

    def test_shows_the_sheet_with_the_words_as_a_note_and_saves_nothing(self, browser: Client) -> None:
        page = share(browser, SHARED)
        assert page.status_code == 200
        assert page.context["note"] == "A story\nHe said: boat, boat.\nhttps://example.org/boat"
        assert b"He said: boat, boat." in page.content
        assert page["Cache-Control"] == "no-store"
        assert not Observation.objects.exists()
        assert not any("boat" in str(row.get_decoded()) for row in Session.objects.all())

    def test_one_tap_then_saves_the_moment_with_them(self, browser: Client) -> None:
        page = share(browser, {"text": "He said: boat."})
        sheet = {name: page.context[name] for name in ("moment_id", "note")}
        saved = browser.post("/log/", {**sheet, "child": page.context["chosen_child"], "tone": "in_tune"})
        assert saved.status_code == 303
        assert Observation.objects.get().note == "He said: boat."

    def test_with_both_children_each_has_them(self, browser: Client, second_child: Child) -> None:
        page = share(browser, {"text": "They laughed."})
        browser.post(
            "/log/",
            {
                "moment_id": page.context["moment_id"],
                "note": "They laughed.",
                "child": "all",
                "tone": "in_tune",
            },
        )
        assert [row.note for row in Observation.objects.all()] == ["They laughed."] * 2

    def test_the_same_words_twice_are_said_once(self, browser: Client) -> None:
        page = share(browser, {"title": "", "text": "https://example.org/a", "url": "https://example.org/a"})
        assert page.context["note"] == "https://example.org/a"

    def test_too_much_is_shown_whole_and_said(self, browser: Client) -> None:
        words = "a" * (NOTE_MAX + 1)
        page = share(browser, {"text": words})
        assert words in page.content.decode()
        assert b"longer than a note can be" in page.content
        refused = browser.post(
            "/log/",
            {
                "moment_id": page.context["moment_id"],
                "note": words,
                "child": page.context["chosen_child"],
                "tone": "in_tune",
            },
        )
        assert refused.status_code == 422
        assert words in refused.content.decode()
        assert not Observation.objects.exists()

    def test_a_book_is_turned_away(self, browser: Client) -> None:
        assert share(browser, {"text": "a" * 1024 * 1024}).status_code == 413

    @pytest.mark.parametrize("says", ["", "cross-site", "same-site"])
    def test_no_other_page_fills_the_sheet(self, browser: Client, says: str) -> None:
        page = share(browser, SHARED, says)
        assert page.status_code == 403
        assert b"boat" not in page.content

    def test_signed_out_it_is_not_kept_and_that_is_said(self, client: Client) -> None:
        page = share(client, SHARED)
        assert page.status_code == 200
        assert b"What you shared was not kept here" in page.content
        assert b"boat" not in page.content
        assert not client.cookies
        assert not Session.objects.exists()
