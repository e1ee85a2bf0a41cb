"""What a browser that was killed leaves on the disk of a phone: of a family's words, nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.guards.test_canary import found_in
from tests.journeys.conftest import LAUNCH, PHONE, App
from tests.journeys.reports import Reports
from tests.servers import wait_until

WORDS = {
    "saved": "canarysaved7f3a9c",
    "changed": "canarychanged7f3a9c",
    "typed and not saved": "canarytyped7f3a9c",
    "about a week": "canaryweek7f3a9c",
    "of a child": "canarychild7f3a9c",
}
PLANTED = {name: f"canary{name}7f3a9c" for name in ("wide", "plain", "coded")}
# In the three spellings in which browsers keep things: a database has wide letters, a cache the bytes as they came.
PLANT = """async (words) => {
  const asked = indexedDB.open("planted");
  asked.onupgradeneeded = () => asked.result.createObjectStore("words");
  await new Promise((done) => { asked.onsuccess = done; });
  const writing = asked.result.transaction("words", "readwrite", { durability: "strict" });
  writing.objectStore("words").put(words.wide, 1);
  writing.objectStore("words").put(btoa("x" + words.coded + "yz"), 2);
  await new Promise((done) => { writing.oncomplete = done; });
  const cache = await caches.open("planted");
  await cache.put("/planted", new Response(words.plain));
}"""
# Longer than Chromium waits before it writes down which pages are open, with what was typed into them.
SESSION_IS_WRITTEN_MS = 6_000


class Phone:
    """A browser with a folder of its own, as people have it: nothing is wiped when it ends."""

    def __init__(self, playwright: Playwright, app: App, reports: Reports, folder: Path) -> None:
        self.folder = folder
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            folder, base_url=app.url, viewport=PHONE, has_touch=True, locale="en-GB", **LAUNCH
        )
        self.context.set_default_timeout(20_000)
        reports.listen(self.context)
        self.page: Page = self.context.pages[0]

    def kill(self) -> None:
        """As when the battery is taken out: nobody gets to tidy up."""
        for process in self._processes():
            os.kill(process, signal.SIGKILL)
        assert wait_until(lambda: not self._processes(), 20)

    def _processes(self) -> list[int]:
        """Those of this very browser: each was started with the name of its folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    started_with = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.folder).encode() in started_with and b"chrom" in started_with.split(b"\0")[0]:
                    found.append(int(entry.name))
        return found

    def left_behind(self, words: dict[str, str]) -> dict[str, set[str]]:
        """Which of *words* lie in which file, in any spelling."""
        held = {
            str(file.relative_to(self.folder)): found_in(file.read_bytes(), words)
            for file in self.folder.rglob("*")
            if file.is_file() and not file.is_symlink()
        }
        return {name: found for name, found in held.items() if found}


@pytest.fixture
def open_own(
    playwright: Playwright, app: App, reports: Reports, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Phone]]:
    phones: list[Phone] = []

    def take() -> Phone:
        phones.append(Phone(playwright, app, reports, tmp_path_factory.mktemp("profile")))
        return phones[-1]

    yield take
    for phone in phones:
        phone.kill()


class TestKilled:
    def test_the_search_sees_what_a_page_keeps_on_purpose(self, open_own: Callable[[], Phone]) -> None:
        phone = open_own()
        phone.page.goto("/help/")
        phone.page.evaluate(PLANT, PLANTED)
        phone.page.wait_for_timeout(1_000)
        phone.kill()
        assert set().union(*phone.left_behind(PLANTED).values()) == set(PLANTED)

    def test_nothing_of_what_was_written_and_read_is_on_the_disk(
        self, open_own: Callable[[], Phone], sign_in: Callable[..., None]
    ) -> None:
        phone = open_own()
        sign_in(phone.page)
        write(phone.page)
        for place in ("/", "/moments/", "/reflections/", "/patterns/", "/household/children/"):
            phone.page.goto(place)
        phone.page.go_back()
        # A form that is left standing, with words that nobody saved.
        phone.page.goto("/moments/")
        phone.page.locator("a.row[href^='/moments/']").first.click()
        phone.page.get_by_role("link", name="Change or add").click()
        phone.page.locator("textarea[name=note]").fill(WORDS["typed and not saved"])
        phone.page.wait_for_timeout(SESSION_IS_WRITTEN_MS)
        phone.kill()
        assert any(phone.folder.rglob("History")), "this browser keeps nothing at all"
        assert phone.left_behind(WORDS) == {}


def write(page: Page) -> None:
    """A moment and then other words for it, a week, a child's name: through every form that takes words."""
    page.goto("/log/")
    page.get_by_role("button", name="We were in tune").tap()
    page.get_by_role("link", name="Add more").first.tap()
    page.locator("textarea[name=note]").fill(WORDS["saved"])
    page.get_by_role("button", name="Save").first.tap()
    expect(page.get_by_text(WORDS["saved"])).to_be_visible()
    page.get_by_role("link", name="Change or add").click()
    page.locator("textarea[name=note]").fill(WORDS["changed"])
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text(WORDS["changed"])).to_be_visible()
    page.goto("/check/")
    page.locator("textarea[name=note]").fill(WORDS["about a week"])
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/done/")
    page.goto("/household/children/")
    form: Any = page.locator("form:has([name=nickname])").last
    for fold in page.locator("main details:not([open]) > summary").all():
        fold.click()
    form.locator("[name=nickname]").fill(WORDS["of a child"])
    form.locator("[name=birth_month_month]").select_option("5")
    form.locator("[name=birth_month_year]").select_option("2023")
    form.locator("button[type=submit]").click()
    expect(page.get_by_text(WORDS["of a child"]).first).to_be_visible()
