"""Leaving: the quick exit blanks first and waits for nothing, and nothing of a family comes back with a step back."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.journeys.conftest import LAUNCH, App
from tests.journeys.elsewhere import Elsewhere
from tests.journeys.reports import Reports
from tests.servers import wait_until

OF_THE_FAMILY = re.compile(r"We were in tune|We missed each other|We came back|blue door|Your weeks")


def leave_by_the_door(page: Page) -> None:
    page.get_by_role("link", name="Leave this page quickly").click()


def leave_by_the_footer(page: Page) -> None:
    page.get_by_role("link", name="Leave quickly", exact=True).click()


def leave_by_keys(page: Page) -> None:
    for _press in range(3):
        page.keyboard.press("Shift")


WAYS: list[Callable[[Page], None]] = [leave_by_the_door, leave_by_the_footer, leave_by_keys]


def session_of(context: BrowserContext) -> str:
    return next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "session")


def opens_family_pages(app: App, session: str) -> bool:
    request = urllib.request.Request(f"{app.url}/moments/", headers={"Cookie": f"session={session}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return not answer.url.startswith(f"{app.url}/account/login/")


class TestQuickExit:
    @pytest.mark.parametrize("way", WAYS)
    def test_leads_elsewhere_and_ends_the_session_on_the_server(
        self,
        phone: Page,
        sign_in: Callable[..., None],
        app: App,
        elsewhere: Elsewhere,
        way: Callable[[Page], None],
    ) -> None:
        sign_in(phone)
        phone.goto("/moments/")
        session = session_of(phone.context)
        assert opens_family_pages(app, session)
        elsewhere.referrers.clear()
        way(phone)
        expect(phone.get_by_role("heading", name="Rain later")).to_be_visible()
        assert wait_until(lambda: not opens_family_pages(app, session), 5)
        assert elsewhere.referrers == [None]

    def test_blanks_leaves_and_signs_out_before_anything_else_can_happen(
        self, phone: Page, sign_in: Callable[..., None]
    ) -> None:
        """All in the one turn of the tap: there is nothing in it to wait for."""
        sign_in(phone)
        phone.goto("/moments/")
        seen = phone.evaluate(
            """() => {
              const seen = [];
              const look = (what) => seen.push(`${what}: ${document.title.trim()}${document.body.innerHTML}`);
              navigator.sendBeacon = (address) => { look(address); return true };
              document.querySelector("a[data-quick-exit]").click();
              look("after the tap");
              return seen;
            }"""
        )
        assert seen == ["/account/logout/: ", "after the tap: "]
        expect(phone.get_by_role("heading", name="Rain later")).to_be_visible()

    def test_is_on_every_page_of_a_family_and_on_those_for_everybody(
        self, phone: Page, sign_in: Callable[..., None]
    ) -> None:
        without = [
            path for path in ("/", "/help/", "/offline/", "/no-such-page/") if not has_exit(phone, path)
        ]
        sign_in(phone)
        for path in (
            "/",
            "/log/",
            "/moments/",
            "/check/",
            "/reflections/",
            "/household/",
            "/account/choices/",
        ):
            without += [] if has_exit(phone, path) else [path]
        phone.goto("/log/")
        phone.get_by_role("button", name="We were in tune").tap()
        phone.wait_for_url("**/log/saved/**")
        without += [] if has_exit(phone) else ["saved"]
        assert without == []

    def test_helps_somebody_who_is_signed_out(self, phone: Page) -> None:
        phone.goto("/help/")
        leave_by_keys(phone)
        expect(phone.get_by_role("heading", name="Rain later")).to_be_visible()

    def test_needs_three_presses_of_nothing_else(self, phone: Page, app: App) -> None:
        phone.goto("/help/")
        for key in ("Shift", "Shift", "a", "Shift", "Shift"):
            phone.keyboard.press(key)
        phone.wait_for_timeout(300)
        assert phone.url == f"{app.url}/help/"

    def test_is_a_plain_link_without_scripts(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone(java_script_enabled=False)
        sign_in(page)
        leave_by_the_door(page)
        expect(page.get_by_role("heading", name="Rain later")).to_be_visible()


def has_exit(page: Page, path: str = "") -> bool:
    if path:
        page.goto(path)
    return page.locator("a[data-quick-exit]").first.is_visible()


@pytest.fixture
def remembering(playwright: Playwright, reports: Reports, app: App) -> Iterator[Page]:
    """A browser that keeps pages for a step back, as people's browsers do: drivers turn that off."""
    kept = ["--disable-back-forward-cache"]
    browser: Browser = reports.watch(playwright.chromium.launch(**LAUNCH, ignore_default_args=kept))
    page = browser.new_page(base_url=app.url, viewport={"width": 360, "height": 740})
    yield page
    browser.close()


def step_back(page: Page) -> None:
    page.evaluate("history.back()")
    page.wait_for_timeout(1_000)


def shows_family(page: Page) -> bool:
    return bool(OF_THE_FAMILY.search(page.evaluate("document.documentElement.innerText")))


class TestAStepBack:
    def test_brings_a_kept_page_in_this_browser(self, remembering: Page, elsewhere: Elsewhere) -> None:
        remembering.goto(elsewhere.url)
        remembering.evaluate("addEventListener('pageshow', (event) => { window.kept = event.persisted })")
        remembering.goto(f"{elsewhere.url}tomorrow")
        step_back(remembering)
        assert remembering.evaluate("window.kept") is True

    def test_finds_a_page_that_is_asked_for_anew(
        self, remembering: Page, sign_in: Callable[..., None], app: App
    ) -> None:
        """Blank from the moment it was left; then the session ends where this browser cannot know."""
        sign_in(remembering)
        remembering.goto("/moments/")
        assert shows_family(remembering)
        remembering.evaluate(
            """addEventListener("pagehide", (event) => {
              sessionStorage.left = `kept: ${event.persisted}, blank: ${document.documentElement.hidden}`;
            })"""
        )
        remembering.goto("/help/")
        assert remembering.evaluate("sessionStorage.left") == "kept: true, blank: true"
        sign_out_elsewhere(app, session_of(remembering.context))
        step_back(remembering)
        assert "/account/login/" in remembering.url
        assert not shows_family(remembering)

    def test_shows_nothing_after_signing_out(self, remembering: Page, sign_in: Callable[..., None]) -> None:
        sign_in(remembering)
        remembering.goto("/moments/")
        remembering.goto("/account/logout/")
        remembering.locator("main form button").click()
        remembering.wait_for_url(lambda url: "logout" not in url)
        for _step in range(2):
            step_back(remembering)
            assert not shows_family(remembering)

    @pytest.mark.parametrize("way", WAYS)
    def test_shows_no_family_page_after_the_quick_exit(
        self, remembering: Page, sign_in: Callable[..., None], way: Callable[[Page], None]
    ) -> None:
        sign_in(remembering)
        remembering.goto("/moments/")
        remembering.goto("/reflections/")
        way(remembering)
        expect(remembering.get_by_role("heading", name="Rain later")).to_be_visible()
        for _step in range(3):
            step_back(remembering)
            assert not shows_family(remembering)


def sign_out_elsewhere(app: App, session: str) -> None:
    app.manage(
        "shell",
        "-v",
        "0",
        "-c",
        f"from django.contrib.sessions.models import Session as S; S.objects.filter(pk={session!r}).delete()",
    )
