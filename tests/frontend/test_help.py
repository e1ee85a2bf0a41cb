"""Help is there for everybody, at once, and holds nothing of a family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from checklists.selectors import forget_content
from households.models import Child, Household


class TestHelp:
    def test_needs_no_sign_in_and_no_database(self, client: Client) -> None:
        # Without the database fixture any query fails this test.
        page = client.get(reverse("help"))
        assert page.status_code == 200
        assert "112" in page.content.decode()

    @pytest.mark.parametrize(
        ("country", "shown", "hidden"),
        [("PT", "112", "999"), ("gb", "999", "911"), ("US", "911", "999")],
    )
    def test_shows_the_numbers_of_the_chosen_country(
        self, client: Client, country: str, shown: str, hidden: str
    ) -> None:
        page = client.get(reverse("help"), {"country": country}).content.decode()
        theirs, folded_away, others = page.partition('<details class="fold">')
        assert f'href="tel:{shown}"' in theirs
        assert f'href="tel:{hidden}"' not in theirs
        assert f'<option value="{country.upper()}" selected>' in theirs
        # Offline there is only this copy: whoever is elsewhere finds the other numbers in it.
        assert folded_away
        assert f'href="tel:{hidden}"' in others

    @pytest.mark.parametrize(
        ("languages", "country"),
        [
            ("en-GB,en;q=0.9", "GB"),
            ("pt-pt", "PT"),
            ("zh-Hant-AU", "AU"),
            ("en", ""),
            ("en-ZZ", ""),
            ("", ""),
            ("-" * 5000, ""),
            ("<b>en-GB", "GB"),
        ],
    )
    def test_begins_with_the_country_that_the_browser_hints_at(
        self, client: Client, languages: str, country: str
    ) -> None:
        page = client.get(reverse("help"), headers={"Accept-Language": languages})
        assert page.context["help"].country == country

    def test_begins_with_the_country_of_a_members_zone(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        browser = client_of(parent)  # Europe/Lisbon
        assert (
            browser.get(reverse("help"), headers={"Accept-Language": "en-GB"}).context["help"].country == "PT"
        )
        everywhere = browser.get(reverse("help"), {"country": ""})
        assert everywhere.context["help"].country == ""

    def test_says_plainly_that_only_emergency_numbers_are_known(self, client: Client) -> None:
        page = client.get(reverse("help"), {"country": "PT"})
        assert page.context["help"].lines_note
        assert page.context["help"].lines_note in page.content.decode().replace("&#x27;", "'")

    def test_says_plainly_what_does_not_help_against_force(self, client: Client) -> None:
        page = client.get(reverse("help")).content.decode().replace("&#x27;", "'")
        card = page.partition('id="watched"')[2].partition("</section>")[0]
        for words in (
            "It is not a lock",
            "If someone makes you unlock it or show it, nothing in here can stop them",
            "it is not your fault",
            "It does not clear the browser's history, and it cannot hide that you have an account",
            "destroys it after seven days",
            "anyone who can sign in as you",
            "read, copied or photographed",
        ):
            assert words in card, words
        assert 'href="tel:' in card
        assert 'href="#watched"' in page

    def test_an_operator_without_any_line_gets_that_said(
        self, client: Client, settings, tmp_path: Path
    ) -> None:
        own = tmp_path / "lines.yaml"
        own.write_text("lines: []\n")
        settings.HELP_LINES_FILE = str(own)
        forget_content()
        try:
            page = client.get(reverse("help"))
        finally:
            del settings.HELP_LINES_FILE
            forget_content()
        assert page.status_code == 200
        assert "tel:" not in page.content.decode()
        assert page.context["help"].lines_note

    @pytest.mark.parametrize("country", ["", "zz", "x" * 3000, "<b>", "\ud800"])
    def test_a_country_without_lines_shows_those_of_all(self, client: Client, country: str) -> None:
        page = client.get(reverse("help"), query_params={"country": country.encode("utf-8", "replace")})
        assert page.status_code == 200
        assert 'href="tel:112"' in page.content.decode()

    def test_is_the_same_help_for_a_member_and_names_nobody(
        self, client_of: Callable[[User], Client], parent: User, household: Household, child: Child
    ) -> None:
        page = client_of(parent).get(reverse("help")).content.decode()
        for word in (household.name, child.nickname, parent.display_name, parent.email):
            assert word not in page


class TestPractices:
    @pytest.fixture
    def browser(self, client_of: Callable[[User], Client], parent: User) -> Client:
        return client_of(parent)

    def test_each_one_listed_opens(self, browser: Client) -> None:
        page = browser.get(reverse("practices"))
        found = page.context["practices"]
        assert len(found) == 8
        for item in found:
            practice = item["practice"]
            address = reverse("practice", args=[practice.slug])
            assert address in page.content.decode()
            assert practice.title in browser.get(address).content.decode().replace("&#x27;", "'")

    @pytest.mark.parametrize("slug", ["nope", "x" * 300, "-"])
    def test_an_unknown_one_is_not_found(self, browser: Client, slug: str) -> None:
        assert browser.get(f"/practices/{slug}/").status_code == 404

    def test_the_four_threads_stand_side_by_side(self, browser: Client) -> None:
        page = browser.get(reverse("threads"))
        assert [thread.key for thread in page.context["threads"]] == [
            "attention",
            "modulation",
            "nearness",
            "opening",
        ]
        assert len(page.context["prompts"]) == 3
