"""A question of one's own: written, looked at, asked; and on a phone without a connection, asked and answered too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.phone import get_ready, tap, wait_until_sent
from tests.journeys.reports import Reports

PROMPT = "Did I get down to her level?"


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """Requests fail here on purpose, and the console says so; anything else is still a complaint."""
    yield
    assert [line for line in reports.take() if "Failed to load resource" not in line] == []


class TestAQuestionOfOnesOwn:
    def test_is_seen_before_it_is_asked_and_asked_without_a_connection_too(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page)
        page.goto("/household/")
        page.get_by_role("link", name="My own questions").tap()
        page.get_by_role("link", name="Write a question").tap()
        page.get_by_label("The question").fill(PROMPT)
        page.get_by_label("Words for 1").fill("Stayed up")
        page.get_by_label("Words for 5").fill("Knelt down")
        page.get_by_role("button", name="See how it is asked").tap()
        expect(page.get_by_role("heading", name="So it is asked")).to_be_visible()
        expect(page.get_by_text("Knelt down")).to_be_visible()
        page.get_by_role("button", name="Ask me so from now on").tap()
        expect(page.get_by_text("You are asked so from now on.")).to_be_visible()

        # Another phone, which has fetched what the form needs by now.
        phone = open_phone()
        sign_in(phone)
        get_ready(phone)
        phone.context.set_offline(True)
        phone.goto("/log/")
        tap(phone)
        phone.get_by_role("button", name="Add more").tap()
        phone.get_by_text("My own questions").tap()
        phone.get_by_label("Knelt down").check(force=True)
        phone.get_by_role("button", name="Save").first.tap()
        expect(phone.get_by_role("heading", name="Saved. Phone down.")).to_be_visible()
        phone.context.set_offline(False)
        wait_until_sent(phone)

        page.goto("/moments/")
        page.locator("a.row[href^='/moments/']").first.tap()
        expect(page.get_by_text(PROMPT)).to_be_visible()
        expect(page.get_by_text("Knelt down")).to_be_visible()
        page.get_by_role("link", name="Change or add").tap()
        expect(page.locator("details[data-own]")).to_have_attribute("open", "")
