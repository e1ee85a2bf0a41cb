"""A comfort card in a real browser: written, sent as a link, read on another phone, printed on one page, ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.axe import is_wide
from tests.journeys.conftest import PHONE
from tests.journeys.test_accessibility import complaints_about

FULL = "\n".join("As long as a line gets on such a card, 45 signs"[:44] for _ in range(7))


def write_card(page: Page, **parts: str) -> str:
    """Writes the card of the first child; where its page is."""
    page.goto("/comfort/")
    page.locator("a.row[href^='/comfort/']").first.click()
    address = page.url
    page.goto(f"{address}edit/")
    for name, text in parts.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="Keep the card").click()
    expect(page.locator(".comfort-card")).to_be_visible()
    return address


def make_link(page: Page, address: str, whom: str = "Grandparents") -> str:
    page.goto(f"{address}links/")
    if page.get_by_label(whom).is_hidden():
        page.get_by_text("A new link").click()
    page.get_by_label(whom).check()
    page.get_by_role("button", name="Make the link").click()
    return page.locator("#address ~ pre code").inner_text()


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.fixture
def elsewhere_phone(open_phone: Callable[..., Page]) -> Page:
    """Somebody else's phone, which never signed in; without scripts, as a nursery's may be."""
    return open_phone(java_script_enabled=False, color_scheme="dark")


def test_a_card_is_written_read_elsewhere_and_ended(
    open_phone: Callable[..., Page], sign_in: Callable[..., None], elsewhere_phone: Page
) -> None:
    page = open_phone()
    sign_in(page)
    address = write_card(page, called="Juno B.", helps="Sit down beside them.\nWait.", also="The blue rabbit")
    link = make_link(page, address, "The other home")

    elsewhere_phone.goto(link)
    expect(elsewhere_phone.get_by_role("heading", name="How Juno B. likes to be comforted")).to_be_visible()
    expect(elsewhere_phone.get_by_text("The blue rabbit")).to_be_visible()
    context: BrowserContext = elsewhere_phone.context
    assert context.cookies() == []
    assert elsewhere_phone.title() == "A note"
    assert not is_wide(elsewhere_phone)

    page.goto(f"{address}links/")
    row = page.locator(".row", has_text="The other home")
    row.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("The link no longer works.")).to_be_visible()
    gone = elsewhere_phone.goto(link)
    assert gone is not None
    assert gone.status == 404


@pytest.mark.parametrize(("paper", "millimetres"), [("a4", 210), ("a6", 105)])
def test_the_fullest_card_is_one_page(
    open_phone: Callable[..., Page], sign_in: Callable[..., None], paper: str, millimetres: int
) -> None:
    page = open_phone()
    sign_in(page)
    address = write_card(page, called="x" * 30, hard=FULL, helps=FULL, back=FULL, also=FULL)
    for path in (address, make_link(page, address)):
        page.goto(f"{path}?paper={paper}")
        pdf = page.pdf(prefer_css_page_size=True, format="A4")
        assert pages_in(pdf) == 1
        boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)", pdf)
        assert [float(box) / 72 * 25.4 for box in boxes] == [pytest.approx(millimetres, abs=1)]


def test_axe_finds_nothing(open_phone: Callable[..., Page], sign_in: Callable[..., None]) -> None:
    page = open_phone(viewport=PHONE)
    sign_in(page)
    address = write_card(page, called="Juno", hard="Nights can be hard.", helps="Sit down.")
    link = make_link(page, address)
    paths = (address, f"{address}edit/", f"{address}links/", link)
    found = {path: complaints_about(page, path) for path in paths}
    assert {path: what for path, what in found.items() if what} == {}
