"""Discreet mode on a phone that others look at: the cover, and what the browser keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.axe import complaints, violations
from tests.journeys.conftest import App
from tests.journeys.test_accessibility import one_of_each

CHOOSE = """async (discreet) => {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  await fetch("/api/v1/me/", { method: "PATCH", headers, body: JSON.stringify({ discreet }) });
}"""
STORED = """async () => {
  const names = await caches.keys();
  const kept = (await Promise.all(names.map(async (name) => {
    const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map(async (key) => [key.url, await (await cache.match(key)).text()]));
  }))).flat();
  return {
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: (await indexedDB.databases()).map((one) => one.name),
    kept,
  };
}"""


@pytest.fixture
def discreet(phone: Page, sign_in: Callable[..., None]) -> Iterator[Page]:
    sign_in(phone, "jon@example.org")
    phone.evaluate(CHOOSE, True)
    phone.goto("/")
    yield phone
    phone.goto("/")
    phone.evaluate(CHOOSE, False)


def is_covered(page: Page) -> bool:
    return bool(page.evaluate("document.getElementById('cover').open"))


class TestTheCover:
    @pytest.mark.parametrize(
        "turned",
        [
            "window.dispatchEvent(new Event('blur'))",
            "window.dispatchEvent(new Event('pagehide'))",
            (
                "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
                "document.dispatchEvent(new Event('visibilitychange')); delete document.hidden"
            ),
        ],
    )
    def test_comes_when_one_looks_away_and_goes_with_a_tap(self, discreet: Page, turned: str) -> None:
        assert not is_covered(discreet)
        discreet.evaluate(turned)
        assert is_covered(discreet)
        on_top = "document.elementFromPoint({x}, {y}).closest('#cover') !== null"
        for x, y in ((5, 5), (180, 30), (180, 400), (355, 735)):
            assert discreet.evaluate(on_top.format(x=x, y=y))
        assert violations(discreet) == []
        discreet.get_by_role("button", name="Tap to go on").tap()
        assert not is_covered(discreet)

    def test_lies_over_an_open_menu_too(self, discreet: Page) -> None:
        discreet.get_by_role("button", name="More").tap()
        discreet.evaluate("window.dispatchEvent(new Event('blur'))")
        menu = discreet.locator("#menu").bounding_box() or {"x": 100, "y": 700}
        assert discreet.evaluate(
            f"document.elementFromPoint({menu['x'] + 5}, {menu['y'] + 5}).closest('#cover') !== null"
        )

    def test_comes_after_two_minutes_without_a_touch(self, discreet: Page) -> None:
        discreet.clock.install()
        discreet.goto("/moments/")
        discreet.clock.run_for(119_000)
        assert not is_covered(discreet)
        discreet.mouse.click(180, 60)
        discreet.clock.run_for(119_000)
        assert not is_covered(discreet)
        discreet.clock.run_for(2_000)
        assert is_covered(discreet)

    def test_loses_no_word(self, discreet: Page) -> None:
        discreet.goto("/log/")
        discreet.get_by_role("button", name="We were in tune").tap()
        discreet.get_by_role("link", name="Add more").first.tap()
        note = discreet.locator("textarea[name=note]")
        note.fill("Half a sen")
        discreet.evaluate("window.dispatchEvent(new Event('blur'))")
        discreet.get_by_role("button", name="Tap to go on").tap()
        expect(note).to_have_value("Half a sen")
        expect(note).to_be_focused()

    def test_the_quick_exit_works_under_it(self, discreet: Page, sign_in: Callable[..., None]) -> None:
        discreet.evaluate("window.dispatchEvent(new Event('blur'))")
        for _press in range(3):
            discreet.keyboard.press("Shift")
        expect(discreet.get_by_role("heading", name="Rain later")).to_be_visible()
        discreet.goto("/account/login/")
        expect(discreet).to_have_title("Sign in")
        expect(discreet.locator(".brand")).to_have_text("Notes")
        sign_in(discreet, "jon@example.org")


class TestDiscreetPages:
    def test_axe_finds_nothing(self, open_phone: Callable[..., Page], sign_in: Callable[..., None]) -> None:
        page = open_phone()
        sign_in(page, "jon@example.org")
        page.evaluate(CHOOSE, True)
        found = {}
        for path in (
            *("/", "/moments/", "/moments/deleted/", "/reflections/", "/account/choices/"),
            *("/patterns/", "/patterns/?months=12", "/household/coaches/", "/household/access/"),
        ):
            page.goto(path)
            if page.locator("details.shut").count():
                page.locator("details.shut summary").first.tap()
            found[path] = complaints(page)
        page.evaluate(CHOOSE, False)
        assert {path: what for path, what in found.items() if what} == {}


class TestFolded:
    """Months and a coach's pages wait for a tap, with scripts and without."""

    @pytest.mark.parametrize("scripts", [True, False])
    def test_what_is_behind_a_tap_is_out_of_sight_until_then(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None], *, scripts: bool
    ) -> None:
        chooser, page = open_phone(), open_phone(java_script_enabled=scripts)
        for address in ("jon@example.org", "cleo@example.org"):
            sign_in(chooser, address)
            chooser.evaluate(CHOOSE, True)
            chooser.context.clear_cookies()
        try:
            sign_in(page, "jon@example.org")
            page.goto("/patterns/")
            self.unfold(page, page.locator("section[aria-labelledby=when] details.shut"), "By time of day")
            page.context.clear_cookies()
            sign_in(page, "cleo@example.org")
            page.goto("/coach/")
            row = page.locator("[data-lanes] details.shut").first
            self.unfold(page, row, "until")
            row.locator("a.case-main").click()
            expect(page.get_by_role("heading", name="Shared with you")).to_be_visible()
            moment = page.locator("section[aria-labelledby=moments] details.shut").first
            self.unfold(page, moment, "We")
            moment.locator("a.row").click()
            expect(page.get_by_text("can see that you opened this")).to_be_visible()
        finally:
            for address in ("jon@example.org", "cleo@example.org"):
                sign_in(chooser, address)
                chooser.evaluate(CHOOSE, False)
                chooser.context.clear_cookies()

    @staticmethod
    def unfold(page: Page, fold: Locator, words: str) -> None:
        """Its words come into sight with a tap on what stands there instead."""
        inside = fold.locator("> :not(summary)").get_by_text(words).first
        expect(inside).to_be_hidden()
        fold.locator("summary").first.click()
        expect(inside).to_be_visible()


class TestWhatTheBrowserKeeps:
    WORDS = ("blue door", "We missed each other", "A canary sang", "canary", "Mira", "Ada")

    def test_the_check_sees_what_is_kept(self, phone: Page) -> None:
        phone.goto("/help/")
        phone.evaluate("localStorage.x = 'A canary sang'")
        assert "A canary sang" in json.dumps(phone.evaluate(STORED))

    def test_is_nothing_of_a_family_after_a_whole_tour(
        self, phone: Page, sign_in: Callable[..., None], app: App
    ) -> None:
        sign_in(phone)
        phone.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
        phone.goto("/log/")
        phone.get_by_role("button", name="We missed each other").tap()
        phone.get_by_role("link", name="Add more").first.tap()
        phone.locator("textarea[name=note]").fill("A canary sang")
        phone.get_by_role("button", name="Save").first.tap()
        expect(phone.get_by_text("A canary sang")).to_be_visible()
        phone.goto("/moments/?text=canary")
        expect(phone.get_by_text("A canary sang").first).to_be_visible()
        for path in ["/", "/check/", "/household/", "/household/members/", "/help/", *one_of_each(phone)]:
            phone.goto(path)
        phone.goto("/moments/")
        phone.locator("[hx-get*='cursor=']").first.scroll_into_view_if_needed()
        phone.wait_for_timeout(500)
        stored = phone.evaluate(STORED)
        assert (stored["local"], stored["session"]) == ({}, {})
        # Sealed, or the kit: what is in them is the matter of test_outbox_on_disk.
        assert [name for name in stored["databases"] if not name.startswith("outbox-")] == []
        addresses = [address.removeprefix(app.url) for address, _text in stored["kept"]]
        assert addresses
        assert [
            a
            for a in addresses
            if not a.startswith("/static/") and a not in ("/help/", "/offline/", "/waiting/", "/log/offline/")
        ] == []
        kept = [(address, text) for address, text in stored["kept"] if "/static/" not in address]
        pages = " ".join(text for address, text in kept if not address.endswith("/log/offline/"))
        sheet = " ".join(text for address, text in kept if address.endswith("/log/offline/"))
        cookies = {cookie["name"]: cookie["value"] for cookie in phone.context.cookies()}
        assert set(cookies) <= {"session", "csrf", "messages", "pending", "kit-key"}
        for word in self.WORDS:
            assert word not in f"{pages} {' '.join(cookies.values())}"
        # The form for signing out has a field for the token, which is empty until it is sent.
        assert "csrfmiddlewaretoken" in pages
        assert re.findall(r'csrfmiddlewaretoken"[^>]*value', pages + sheet) == []
        for word in set(self.WORDS) - {"We missed each other"}:  # a button of the sheet that is kept
            assert word not in sheet
