"""What the first page of the signed-in app costs to fetch, as Chromium's own tools count it: bytes, never time."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.journeys.test_first_week import set_up_household, sign_up
from tests.servers import Mailbox

MOST, MOST_SCRIPTS = 60_000, 35_000


class TestFirstLoad:
    def test_of_today_stays_within_its_bytes(self, open_phone: Callable[..., Page], mailbox: Mailbox) -> None:
        """Of a new household: how long the page itself is depends on what was noted today."""
        before = open_phone()
        sign_up(before, mailbox, "budget@example.org")
        set_up_household(before)
        page = open_phone(storage_state=before.context.storage_state())
        cdp = page.context.new_cdp_session(page)
        cdp.send("Network.enable")
        kinds: dict[str, str] = {}
        sizes: dict[str, float] = {}
        cdp.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        cdp.on(
            "Network.loadingFinished",
            lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto("/")
        page.get_by_role("link", name="Log a moment").wait_for()
        page.wait_for_timeout(2_000)  # what is fetched when nothing else is to do counts as well
        scripts = sum(size for key, size in sizes.items() if kinds[key] == "Script")
        print(f"first load of Today: {sum(sizes.values()):.0f} bytes, scripts {scripts:.0f}")
        assert scripts > 20_000, "the count does not see the scripts"
        assert scripts <= MOST_SCRIPTS
        assert sum(sizes.values()) <= MOST
