"""Months at a glance in a real browser: without scripts, on paper, from a thread to its other end."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_without_scripts_every_number_can_be_unfolded(
    open_phone: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    page = open_phone(java_script_enabled=False)
    sign_in(page)
    page.goto("/patterns/")
    table = page.locator("table", has_text="Months without an answer are left out.").first
    expect(table).to_be_hidden()
    page.get_by_text("The same as a table").first.click()
    expect(table).to_be_visible()
    page.get_by_role("link", name="6", exact=True).click()
    expect(page.get_by_role("link", name="6", exact=True)).to_have_attribute("aria-current", "true")


def test_on_paper_the_numbers_stand_under_their_drawings_and_nothing_is_left_to_press(
    open_phone: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    page = open_phone()
    sign_in(page)
    page.goto("/patterns/")
    page.emulate_media(media="print")
    tables = page.locator("main table", has_text="Months without an answer are left out.")
    assert tables.count() > 1
    for table in tables.all():
        expect(table).to_be_visible()
    for pressed in ("main nav", ".tabs", "main .numbers > summary"):
        assert not any(found.is_visible() for found in page.locator(pressed).all())
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_thread_leads_from_one_end_to_the_other(
    open_phone: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    page = open_phone()
    sign_in(page)
    page.goto("/patterns/")
    ribbon = page.locator(".thread").first
    expect(ribbon.get_by_role("img")).to_be_visible()
    ribbon.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="We missed each other")).to_be_visible()
    expect(page.get_by_text("this moment")).to_be_visible()
    page.locator(".thread").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="We came back")).to_be_visible()
