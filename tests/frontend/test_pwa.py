"""What makes the pages an app, and what a phone may keep of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import User
from households.models import Child, Household

STATIC = Path(__file__).parents[2] / "frontend" / "static"


def worker(client: Client) -> str:
    return client.get("/sw.js").content.decode()


def manifest_of(client: Client, *, plain: bool = False) -> dict[str, Any]:
    headers = {"X-Look": "plain"} if plain else {}
    found: dict[str, Any] = json.loads(client.get("/manifest.webmanifest", headers=headers).content)
    return found


def file_at(address: str) -> bytes:
    name = re.sub(r"\.[0-9a-f]{12}(?=\.)", "", address.removeprefix("/static/"))
    return (STATIC / name).read_bytes()


class TestManifest:
    def test_opens_on_the_log_sheet_and_offers_two_places_and_the_three_tones(self, client: Client) -> None:
        answer = client.get("/manifest.webmanifest")
        assert answer["Content-Type"] == "application/manifest+json"
        manifest = json.loads(answer.content)
        assert (manifest["start_url"], manifest["scope"]) == ("/log/", "/")
        assert [(shortcut["name"], shortcut["url"]) for shortcut in manifest["shortcuts"]] == [
            ("Log a moment", "/log/"),
            ("This week", "/reflections/"),
            ("We came back", "/log/?tone=came_back"),
            ("We were in tune", "/log/?tone=in_tune"),
            ("We missed each other", "/log/?tone=missed"),
        ]

    @pytest.mark.parametrize("plain", [True, False])
    def test_has_an_icon_for_every_purpose_as_large_as_it_says(self, client: Client, plain: bool) -> None:
        manifest = manifest_of(client, plain=plain)
        purposes = {(icon.get("purpose", "any"), icon["sizes"]) for icon in manifest["icons"]}
        assert purposes == {
            ("any", "192x192"),
            ("any", "512x512"),
            ("maskable", "512x512"),
            ("monochrome", "96x96"),
            ("monochrome", "512x512"),
        }
        for icon in manifest["icons"]:
            raw = file_at(icon["src"])
            width, height = (int.from_bytes(raw[at : at + 4]) for at in (16, 20))  # PNG, 11.2.2
            assert f"{width}x{height}" == icon["sizes"]

    def test_shows_real_pages_as_large_as_it_says_and_small_to_fetch(self, client: Client) -> None:
        shots = manifest_of(client)["screenshots"]
        assert [shot["form_factor"] for shot in shots].count("narrow") == 2
        assert [shot["form_factor"] for shot in shots].count("wide") == 1
        for shot in shots:
            raw = file_at(shot["src"])
            assert (raw[:4], raw[8:16]) == (b"RIFF", b"WEBPVP8X")
            width, height = (
                1 + int.from_bytes(raw[at : at + 3], "little") for at in (24, 27)
            )  # RFC 9649, 2.7
            assert f"{width}x{height}" == shot["sizes"]
            assert len(raw) < 60 * 1024
            assert shot["label"]

    def test_has_its_colours_in_both_themes_as_every_page_has(self, client: Client) -> None:
        manifest = manifest_of(client)
        page = client.get("/offline/").content.decode()
        dark = manifest["color_scheme_dark"]["theme_color"]
        for scheme, colour in (("light", manifest["theme_color"]), ("dark", dark)):
            assert f'media="(prefers-color-scheme: {scheme})" content="{colour}"' in page

    def test_takes_what_is_shared_in_a_body_and_never_in_an_address(self, client: Client) -> None:
        target = manifest_of(client)["share_target"]
        assert (target["action"], target["method"]) == ("/log/share/", "POST")
        assert target["enctype"] == "multipart/form-data"

    def test_of_a_plain_phone_names_and_shows_nothing(self, client: Client) -> None:
        manifest = manifest_of(client, plain=True)
        assert [shortcut["name"] for shortcut in manifest["shortcuts"]] == ["New note", "This week"]
        assert "screenshots" not in manifest
        assert "attune" not in json.dumps(manifest).lower()

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
        # Switching reminders on, a coach's list and printing a card of A6 need a connection anyhow.
        assert own - names == {"js/reminders.js", "js/caseload.js", "css/a6.css"}
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
