"""What the first page of the signed-in app costs to fetch, as Chromium's own tools count it: bytes, never time.

`make test ARGS="tests/journeys/test_budget.py -s"` prints it. A phone has no cache yet, and a session. What the worker
keeps for times without a connection comes after the page, one file after the other, and is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import App
from tests.journeys.test_first_week import set_up_household, sign_up
from tests.servers import Mailbox
from tests.wire import Wire, open_wire

MOST, MOST_SCRIPTS = 60_000, 35_000
# In the background, once: the worker, every style and script, and four pages as a stranger sees them.
MOST_KEPT = 100_000


@pytest.fixture
def wire(app: App) -> Iterator[Wire]:
    with open_wire(urlsplit(app.url).port or 0) as laid:
        yield laid


class TestFirstLoad:
    # "/log/" is where the icon leads (`start_url` of the manifest), "/" where a browser does.
    @pytest.mark.parametrize("address", ["/", "/log/"])
    def test_stays_within_its_bytes(
        self, open_phone: Callable[..., Page], mailbox: Mailbox, wire: Wire, address: str
    ) -> None:
        """Of a new household: how long the page itself is depends on what was noted today."""
        before = open_phone()
        sign_up(before, mailbox, f"budget{len(address)}@example.org")
        set_up_household(before)
        page = open_phone(storage_state=before.context.storage_state(), base_url=wire.url)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Network.enable")
        kinds: dict[str, str] = {}
        sizes: dict[str, float] = {}
        cdp.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        cdp.on(
            "Network.loadingFinished",
            lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto(address)
        page.get_by_role("link", name="Log a moment").or_(
            page.get_by_role("button", name="We came back")
        ).wait_for()
        page.wait_for_timeout(2_000)  # what is fetched when nothing else is to do counts as well
        total, fetched = sum(sizes.values()), len(sizes)
        scripts = sum(size for key, size in sizes.items() if kinds[key] == "Script")
        # An installing worker is ready when everything is kept.
        page.wait_for_function("navigator.serviceWorker.ready.then(() => true)", timeout=30_000)
        page.wait_for_timeout(500)
        kept = wire.down.carried - sum(sizes.values())
        print(
            f"first load of {address}: {total:.0f} bytes, scripts {scripts:.0f}, in {fetched} answers; "
            f"then the worker, in the background: {kept:.0f}"
        )
        assert scripts > 15_000, "the count does not see the scripts"
        assert scripts <= MOST_SCRIPTS
        assert total <= MOST
        assert 30_000 < kept <= MOST_KEPT
