"""The pages of the phone: nothing for axe to find, in both themes, and quiet on a phone that others look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.axe import complaints
from tests.journeys.phone import get_ready, put_many, tap
from tests.journeys.reports import Reports
from tests.journeys.test_discreet import CHOOSE

NEXT_WORKER = """() => new Promise((done) => {
  navigator.serviceWorker.addEventListener("controllerchange", () => done(true), { once: true });
  navigator.serviceWorker.getRegistration().then((worker) => worker.update());
})"""
DISCARD = """async () => {
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
}"""


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """Requests fail here on purpose, and the console says so; anything else is still a complaint."""
    yield
    assert [line for line in reports.take() if "Failed to load resource" not in line] == []


class TestAxe:
    def test_finds_nothing_on_what_a_phone_shows_without_a_connection(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page, "jon@example.org")
        get_ready(page)
        page.context.set_offline(True)
        put_many(page, 2)
        found = {}
        page.goto("/log/")
        expect(page.get_by_text("2 moments wait on this phone, since")).to_be_visible()
        found["sheet"] = complaints(page)
        tap(page, "We came back")
        found["saved"] = complaints(page)
        page.get_by_role("button", name="Add more").tap()
        expect(page.get_by_role("heading", name="Add what you like")).to_be_visible()
        found["more"] = complaints(page)
        page.goto("/moments/")
        found["offline"] = complaints(page)
        page.goto("/waiting/")
        expect(page.get_by_role("heading", name="3 moments wait on this phone")).to_be_visible()
        found["waiting"] = complaints(page)
        page.goto("/waiting/?leave")
        expect(page.get_by_role("heading", name="3 moments are not sent yet")).to_be_visible()
        found["question"] = complaints(page)
        page.evaluate(DISCARD)
        assert {where: what for where, what in found.items() if what} == {}


class TestDiscreet:
    def test_the_pages_are_neutral_and_times_wait_for_a_tap(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page, "jon@example.org")
        get_ready(page)
        page.evaluate(CHOOSE, True)
        page.evaluate(NEXT_WORKER)
        page.reload()
        page.context.set_offline(True)
        put_many(page, 1)
        for path in ("/log/", "/waiting/", "/moments/"):
            page.goto(path)
            expect(page).to_have_title("Notes")
            assert "Attune" not in page.content()
            if path != "/log/":  # where the three buttons stand
                assert "moment" not in page.locator("main").inner_text().lower(), path
        for path in ("/log/", "/moments/"):
            page.goto(path)
            expect(page.locator("[data-outbox]")).to_have_text("Not everything is sent yet.")
        page.goto("/waiting/?leave")
        expect(page.get_by_role("heading", name="Not everything is sent yet")).to_be_visible()
        assert "moment" not in page.locator("main").inner_text().lower()
        page.goto("/waiting/")
        expect(page.get_by_role("heading", name="Not everything is sent yet")).to_be_visible()
        expect(page.locator("[data-rows] time")).to_be_hidden()
        page.locator("summary").tap()
        expect(page.locator("[data-rows] time")).to_be_visible()
        page.evaluate("window.dispatchEvent(new Event('blur'))")
        assert page.evaluate("document.getElementById('cover').open")
        page.evaluate(DISCARD)
        page.context.set_offline(False)
        page.goto("/")
        page.evaluate(CHOOSE, False)
