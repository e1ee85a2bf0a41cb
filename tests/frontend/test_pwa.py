"""What makes the pages an app, and what a phone may keep of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import User
from households.models import Child, Household

STATIC = Path(__file__).parents[2] / "frontend" / "static"


def worker(client: Client) -> str:
    return client.get("/sw.js").content.decode()


class TestManifest:
    def test_opens_on_the_log_sheet_and_offers_the_three_tones(self, client: Client) -> None:
        answer = client.get("/manifest.webmanifest")
        assert answer["Content-Type"] == "application/manifest+json"
        manifest = json.loads(answer.content)
        assert (manifest["start_url"], manifest["scope"]) == ("/log/", "/")
        assert [shortcut["url"] for shortcut in manifest["shortcuts"]] == [
            f"/log/?tone={tone}" for tone in ("in_tune", "missed", "came_back")
        ]
        assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
        assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])

    @pytest.mark.django_db
    def test_is_the_same_for_a_member_who_did_not_choose_otherwise(
        self, client: Client, client_of: Callable[[User], Client], parent: User, household: Household
    ) -> None:
        assert (
            client_of(parent).get("/manifest.webmanifest").content
            == client.get("/manifest.webmanifest").content
        )

    def test_is_asked_for_with_the_persons_own_cookies_and_stored_nowhere(self, client: Client) -> None:
        page = client.get("/offline/").content.decode()
        assert '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in page
        assert client.get("/manifest.webmanifest")["Cache-Control"] == "no-store"


@pytest.mark.django_db
class TestServiceWorker:
    def test_is_asked_for_anew_each_time_and_rules_the_whole_site(self, client: Client) -> None:
        answer = client.get("/sw.js")
        assert answer["Content-Type"].startswith("text/javascript")
        assert answer["Cache-Control"] == "no-cache"
        assert answer["Service-Worker-Allowed"] == "/"

    def test_keeps_every_style_and_script_of_the_pages_and_the_pages_for_strangers(
        self, client: Client
    ) -> None:
        kept = set(re.findall(r'"(/[^"]*)"', worker(client).partition(".map(")[0]))
        names = {re.sub(r"\.[0-9a-f]{12}(?=\.)", "", address.removeprefix("/static/")) for address in kept}
        own = {str(path.relative_to(STATIC)) for path in [*STATIC.rglob("*.js"), *STATIC.rglob("*.css")]}
        assert own <= names
        assert all(finders.find(name) for name in names)
        pages = re.search(r"const PAGES = (\[.*?\]);", worker(client))
        assert pages
        assert json.loads(pages[1]) == ["/help/", "/offline/", "/waiting/", "/log/offline/"]

    def test_puts_nothing_into_a_cache_but_its_allow_list(self, client: Client) -> None:
        text = worker(client)
        assert len(re.findall(r"caches\.open\(\w+\)\)\.put\(", text)) == text.count("caches.open") == 1
        assert "cache.add" not in text
        assert 'credentials: "omit"' in text

    def test_changes_with_the_help_texts(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        before = worker(client)
        assert before == worker(client)
        monkeypatch.setattr("frontend.views.pwa.get_help", lambda language: "other words")
        assert worker(client) != before


class TestOffline:
    @pytest.mark.django_db
    def test_holds_nothing_of_a_family(
        self, client_of: Callable[[User], Client], parent: User, household: Household, child: Child
    ) -> None:
        page = client_of(parent).get("/offline/").content.decode()
        for word in (household.name, child.nickname, parent.display_name, parent.email):
            assert word not in page

    def test_needs_no_sign_in_and_no_database(self, client: Client) -> None:
        assert client.get("/offline/").status_code == 200
