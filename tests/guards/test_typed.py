"""What is typed is kept by the app, sealed, and by no browser: it would write words down in the clear (ADR 19)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.guards.matrix import DOORS
from tests.guards.matrix_visit import path_of
from tests.guards.matrix_world import Who, World

# These a browser may remember: they are about the person who signs in, and their password manager wants to know them.
ABOUT_ONESELF = {
    "username",
    "email",
    "current-password",
    "new-password",
    "one-time-code",
    "nickname",
    "webauthn",
}
ONE_LINE = {"text", "search", "email", "url", "tel", ""}


class Fields(HTMLParser):
    """The fields of a document in which something can be typed that a browser would keep."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.kept: list[str] = []
        self._form_says = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form_says = said.get("autocomplete", "")
        typed = tag == "textarea" or (tag == "input" and said.get("type", "") in ONE_LINE)
        says = set((said.get("autocomplete") or self._form_says).split())
        if typed and "off" not in says and (tag == "textarea" or not says & ABOUT_ONESELF):
            self.kept.append(f"{tag} {said.get('name')}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form_says = ""


class TestTheCheck:
    @pytest.mark.parametrize(
        ("markup", "kept"),
        [
            ("<textarea name=note></textarea>", ["textarea note"]),
            ("<textarea name=note autocomplete=email></textarea>", ["textarea note"]),
            ("<input name=nickname>", ["input nickname"]),
            ("<form autocomplete=off></form><input name=x type=search>", ["input x"]),
            ("<form autocomplete=off><textarea name=note></textarea></form>", []),
            ("<input type=email autocomplete='username webauthn' name=login>", []),
            ("<input type=radio name=tone><input type=hidden name=id>", []),
        ],
    )
    def test_it_sees_what_a_browser_would_keep(self, markup: str, kept: list[str]) -> None:
        assert Fields(markup).kept == kept


@pytest.mark.django_db
class TestEveryPage:
    @pytest.mark.parametrize("who", [Who.AUTHOR, Who.ANONYMOUS])
    def test_has_no_field_that_a_browser_keeps(self, world: World, who: Who) -> None:
        browser, wrong, fields = world.client(who), {}, 0
        for route, rule in DOORS.items():
            if "GET" in rule.doors and not route.startswith(("/api/", "/dev/")):
                page = browser.get(path_of(route, world.things.get(rule.kind, [None])[0]))
                if page.headers.get("Content-Type", "").startswith("text/html"):
                    document = page.content.decode()
                    fields += document.count("<textarea") + document.count("<input")
                    if kept := Fields(document).kept:
                        wrong[route] = kept
        assert wrong == {}
        assert fields > (40 if who is Who.AUTHOR else 8)

    def test_nor_have_those_that_no_plain_visit_shows(self, world: World) -> None:
        """Words shared from another app, words that waited, and the sheet that the phone keeps inside a template."""
        browser = world.client(Who.AUTHOR)
        draft = next(
            one for one in world.things["draft"] if one.author == Who.AUTHOR and one.state == "deleted"
        )
        pages = [
            browser.post("/log/share/", {"text": "They laughed."}, headers={"Sec-Fetch-Site": "none"}),
            browser.get(f"/moments/drafts/{draft.ids['draft_id']}/"),
            browser.get("/log/offline/"),
        ]
        for page in pages:
            document = page.content.decode()
            assert 'name="note"' in document
            assert Fields(document).kept == []
            # Ticks and times tell as well: these forms are kept out of it whole.
            forms = re.findall(r"<form[^>]*>(?:(?!</form>).)*name=\"note\"", document, re.DOTALL)
            assert [form for form in forms if 'autocomplete="off"' not in form.partition(">")[0]] == []
