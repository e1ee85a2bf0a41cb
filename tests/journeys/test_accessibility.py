"""axe finds nothing to mend on any page, light or dark, and no page is wider than the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.axe import complaints, violations

MISSING = "/no-such-page/"
SIGNED_OUT = [
    "/",
    "/account/login/",
    "/account/signup/",
    "/account/login/code/",
    "/account/password/reset/",
    "/help/",
    "/offline/",
    "/waiting/",
    "/log/offline/",
    "/goodbye/",
    MISSING,
]
SIGNED_IN = [
    "/",
    "/log/",
    "/moments/",
    "/moments/deleted/",
    "/moments/?text=nothing-holds-this",
    "/check/",
    "/reflections/",
    "/patterns/",
    "/patterns/?months=12",
    "/comfort/",
    "/practices/",
    "/practices/notice/",
    "/practices/threads/",
    "/household/",
    "/household/children/",
    "/household/members/",
    "/household/invitations/",
    "/household/data/",
    "/household/data/erase/",
    "/household/data/kept/",
    "/household/coaches/",
    "/household/access/",
    "/account/choices/",
    "/account/reminders/",
    "/log/?evening=1",
    "/account/tokens/",
    "/account/email/",
    "/account/password/change/",
    "/account/logout/",
]
# Some of these ask for a recent proof: they are looked at right after signing in, or another page would be.
OPENS_THE_ACCOUNT = [
    "/account/security/",
    "/account/sessions/",
    "/account/passkeys/add/",
    "/account/app/add/",
    "/account/recovery-codes/new/",
    "/account/blocked/",
]


PALE_IN_THE_DARK = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("@media (prefers-color-scheme: dark) { h1 { color: #333 } }");
  document.adoptedStyleSheets.push(sheet);
}"""


WIDE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("h1 { inline-size: 700px; max-inline-size: none }");
  document.adoptedStyleSheets.push(sheet);
}"""


def complaints_about(page: Page, path: str) -> list[str]:
    response = page.goto(path)
    assert response is not None
    assert response.ok or path == MISSING
    return complaints(page)


class TestAxe:
    def test_the_check_sees_a_violation(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone()
        page.goto("/")
        page.evaluate("document.body.append(document.createElement('img'))")
        assert violations(page)

    def test_the_check_sees_what_is_wrong_in_the_dark_alone(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone()
        page.goto("/")
        page.evaluate(PALE_IN_THE_DARK)
        assert [what.partition(":")[0] for what in complaints(page)] == ["dark"]

    def test_the_check_sees_a_page_that_is_too_wide(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone()
        page.goto("/")
        page.evaluate(WIDE)
        assert "wider than the phone" in complaints(page)

    def test_finds_nothing_on_pages_for_everybody(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone()
        found = {path: complaints_about(page, path) for path in SIGNED_OUT}
        assert {path: what for path, what in found.items() if what} == {}

    @pytest.mark.timeout(600)
    def test_finds_nothing_on_the_family_pages(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page)
        found = {path: complaints_about(page, path) for path in SIGNED_IN + one_of_each(page)}
        assert {path: what for path, what in found.items() if what} == {}

    def test_finds_nothing_on_the_pages_about_signing_in(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page)
        found = {}
        for path in OPENS_THE_ACCOUNT:
            found[path] = complaints_about(page, path)
            assert page.url.endswith(path)
        assert {path: what for path, what in found.items() if what} == {}

    def test_finds_nothing_on_the_coachs_pages(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page, "cleo@example.org")
        found = {path: complaints_about(page, path) for path in ("/coach/", *coachs_pages(page))}
        assert {path: what for path, what in found.items() if what} == {}


def coachs_pages(page: Page) -> list[str]:
    """A family, and a moment in it."""
    page.goto("/coach/")
    family = page.locator("a.case-main[href^='/coach/']").first.get_attribute("href")
    assert family
    page.goto(family)
    moment = page.locator("a.row[href*='/moments/']").first.get_attribute("href")
    assert moment
    return [family, moment]


def one_of_each(page: Page) -> list[str]:
    """A moment with its sheets, and the latest two weeks: their addresses differ in every installation."""
    page.goto("/moments/?tone=came_back")
    moment = page.locator("a.row[href^='/moments/']").first.get_attribute("href")
    page.goto("/household/coaches/")
    grant = page.get_by_role("link", name="Change").first.get_attribute("href")
    assert grant
    page.goto("/reflections/")
    weeks = [link.get_attribute("href") for link in page.locator("a[href^='/reflections/2']").all()[:2]]
    assert moment
    assert weeks
    return [
        moment,
        f"{moment}edit/",
        f"{moment}more/",
        f"{moment}history/",
        grant,
        *[week for week in weeks if week],
    ]
