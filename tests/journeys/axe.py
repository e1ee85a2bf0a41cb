"""What axe finds to mend on the page that is open, and whether the page is wider than the phone."""

from __future__ import annotations

from collections.abc import Mapping

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# The theme is a matter of colours alone: in the dark, only what is about them can differ.
# When the theme changes under a page, Chromium keeps the old colour of what a link hands down until it is drawn anew.
DRAWN_ANEW = """async () => {
  const { style } = document.documentElement;
  style.display = "none";
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  style.removeProperty("display");
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def complaints(page: Page, rules: Mapping[str, object] | None = None) -> list[str]:
    """In light by all *rules*, then in dark by those about colours; what fades has to be over."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = violations(page, rules)
    page.emulate_media(color_scheme="dark")
    page.evaluate(DRAWN_ANEW)
    found += [f"dark: {violation}" for violation in violations(page, OF_COLOURS)]
    page.emulate_media(color_scheme="null", reduced_motion="null")
    return [*found, *(["wider than the phone"] if is_wide(page) else [])]


def is_wide(page: Page) -> bool:
    """Whether it can be scrolled sideways. Not by `innerWidth`, which on a phone grows with what is too wide for it."""
    screen = page.viewport_size
    assert screen is not None
    return bool(page.evaluate("document.documentElement.scrollWidth") > screen["width"])


def violations(page: Page, rules: Mapping[str, object] | None = None) -> list[str]:
    found = Axe().run(page, options=rules or RULES).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['target']} ({item['help']})" for item in found]
