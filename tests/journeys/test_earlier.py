"""More of a list is fetched when its end comes into sight; where that fails, a tap says why."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.journeys.phone import get_ready
from tests.journeys.reports import Reports


def earlier(page: Page) -> Locator:
    return page.get_by_role("link", name="Earlier", exact=True)


class TestEarlier:
    def test_comes_by_itself(self, phone: Page, sign_in: Callable[[Page], None]) -> None:
        sign_in(phone)
        phone.goto("/moments/")
        rows = phone.locator("#main li")
        before = rows.count()
        earlier(phone).scroll_into_view_if_needed()
        expect(rows.nth(before)).to_be_visible()

    def test_where_it_fails_a_tap_says_why(
        self, open_phone: Callable[..., Page], sign_in: Callable[[Page], None], reports: Reports
    ) -> None:
        phone = open_phone(service_workers="block")  # what a worker asks for, a test cannot answer
        sign_in(phone)
        phone.goto("/moments/")
        sorry = {"status": 503, "content_type": "text/html", "body": "<h1>Not just now</h1>"}
        phone.route("**/moments/?*cursor=*", lambda route: route.fulfill(**sorry))
        with phone.expect_response(lambda response: response.status == 503):
            earlier(phone).scroll_into_view_if_needed()
        expect(earlier(phone)).to_be_visible()  # nobody asked for it yet
        earlier(phone).tap()
        expect(phone.get_by_role("heading", name="Not just now")).to_be_visible()
        assert [line for line in reports.take() if "503" not in line] == []

    def test_without_a_connection_what_is_there_stays_and_it_is_said(
        self, phone: Page, sign_in: Callable[[Page], None], reports: Reports
    ) -> None:
        sign_in(phone)
        get_ready(phone)
        phone.route("**/moments/?*cursor=*", lambda route: route.abort())
        phone.goto("/moments/")
        earlier(phone).scroll_into_view_if_needed()
        expect(phone.get_by_text("No connection just now")).to_be_visible()
        phone.context.set_offline(True)
        earlier(phone).tap()
        phone.wait_for_timeout(300)  # long enough to have gone somewhere
        assert phone.url.endswith("/moments/")
        expect(phone.locator("#main li").first).to_be_attached()
        phone.context.set_offline(False)
        # htmx and the browser say, too, that nobody answered.
        assert [line for line in reports.take() if "htmx:" not in line and "ERR_" not in line] == []
