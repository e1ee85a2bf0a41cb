"""The promise of the first page: from the icon to "Saved" in two taps, on a slow phone with a slow connection.

Taps are counted in every run. The time is printed, never judged:
`make drill ARGS="-s tests/journeys/test_two_taps.py"`.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.journeys.conftest import LAUNCH, PHONE, App
from tests.journeys.phone import get_ready
from tests.journeys.reports import Reports
from tests.journeys.test_first_week import Thumb
from tests.wire import SLOW_4G, Speed, Wire, open_wire

TIMES = 20
SLOWER = 4  # times less of a processor than this machine's
START = "/log/"
SAVED = "Saved. Phone down."


class Handset:
    """A phone with the app installed, whose browser can be ended and started; session, files and worker stay on it."""

    def __init__(self, playwright: Playwright, reports: Reports, folder: Path, base_url: str) -> None:
        self.playwright, self.reports, self.folder, self.base_url = playwright, reports, folder, base_url
        self.browser: BrowserContext | None = None

    def start(self) -> None:
        self.end()
        self.browser = self.reports.listen(
            self.playwright.chromium.launch_persistent_context(
                self.folder,
                base_url=self.base_url,
                viewport=PHONE,
                is_mobile=True,
                has_touch=True,
                locale="en-GB",
                timezone_id="Europe/Lisbon",
                **LAUNCH,
            )
        )

    def end(self) -> None:
        if self.browser is not None:
            self.browser.close()
        self.browser = None

    def open(self, *, slower: float = 1) -> Page:
        assert self.browser is not None
        page = self.browser.new_page()
        cdp = self.browser.new_cdp_session(page)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        return page


@pytest.fixture
def lay_wire(app: App) -> Iterator[Callable[[Speed], Wire]]:
    """All that page and worker fetch goes through it; the tools of a browser slow down the page's alone."""
    wires = []

    def lay(speed: Speed) -> Wire:
        opened = open_wire(urlsplit(app.url).port or 0, speed)
        wires.append(opened)
        return opened.__enter__()

    yield lay
    for opened in wires:
        opened.__exit__(None, None, None)


@pytest.fixture
def take_handset(
    playwright: Playwright, reports: Reports, tmp_path: Path, sign_in: Callable[[Page], None]
) -> Iterator[Callable[[Wire], Handset]]:
    """A phone of the demonstration parent, of two children, on which the app is installed and ready."""
    taken = []

    def take(wire: Wire) -> Handset:
        handset = Handset(playwright, reports, tmp_path / "phone", wire.url)
        taken.append(handset)
        handset.start()
        page = handset.open()
        sign_in(page)
        get_ready(page)
        page.close()
        return handset

    yield take
    for handset in taken:
        handset.end()


def save_one(page: Page) -> tuple[int, float]:
    """From the start page to "Saved", with the other child than last time: taps, and seconds of no person."""
    thumb = Thumb(page)
    began = time.perf_counter()
    page.goto(START, wait_until="commit")
    thumb.tap_at(page.locator("label.chip:has(input[name=child]:not(:checked, [value=all]))").first)
    thumb.tap("We were in tune")
    page.get_by_role("heading", name=SAVED).wait_for(timeout=60_000)
    return thumb.taps, time.perf_counter() - began


class TestTwoTaps:
    def test_lead_from_the_start_page_to_saved(
        self, lay_wire: Callable[[Speed], Wire], take_handset: Callable[[Wire], Handset]
    ) -> None:
        """With several children; of one child it is one tap."""
        handset = take_handset(lay_wire(Speed()))
        page = handset.open()
        assert json.loads(page.request.get("/manifest.webmanifest").text())["start_url"] == START
        taps, _seconds = save_one(page)
        assert taps <= 2
        handset.start()  # its browser was ended meanwhile
        taps, _seconds = save_one(handset.open())
        assert taps <= 2

    @pytest.mark.drill
    def test_how_long_they_take_is_printed(
        self, lay_wire: Callable[[Speed], Wire], take_handset: Callable[[Wire], Handset]
    ) -> None:
        wire = lay_wire(SLOW_4G)
        handset = take_handset(wire)
        taken: dict[str, list[float]] = {"cold": [], "warm": []}
        for _time in range(TIMES):
            handset.start()
            for seconds_of in taken.values():
                page = handset.open(slower=SLOWER)
                taps, seconds = save_one(page)
                assert taps <= 2
                seconds_of.append(seconds)
                page.wait_for_timeout(1_000)  # what the page does afterwards is not the next one's burden
                page.close()
        for name, seconds_of in taken.items():
            print(
                f"from the start page to saved, {name}: median {statistics.median(seconds_of):.2f} s, "
                f"p95 {statistics.quantiles(seconds_of, n=20, method='inclusive')[-1]:.2f} s, n = {TIMES}"
            )
