"""The ears of the whole run hear: a style, a script, a frame, a worker that tries what the policy forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.reports import Reports
from tests.servers import wait_until

ELSEWHERE = "http://127.0.0.1:9/"
PLANTED = {
    "an inline style": "document.querySelector('main').setAttribute('style', 'color: red')",
    "a script made of text": "try { document.createElement('script').text = 'window.x = 1' } catch {}",
    "an evaluated text": "try { document.defaultView.setTimeout('1') } catch {}",
    "a picture from elsewhere": f"new Image().src = '{ELSEWHERE}x.png'",
    "a request to elsewhere": f"fetch('{ELSEWHERE}').catch(() => 0)",
    "a frame from elsewhere": "{const f = document.createElement('iframe'); f.src = '" + ELSEWHERE + "';"
    " document.body.append(f)}",
}


@contextmanager
def heard(reports: Reports, *kinds: str) -> Iterator[None]:
    """Passes if what happens inside is heard by each of these ears; then it counts as expected."""
    found: list[str] = []
    yield

    def by_all() -> bool:
        found.extend(reports.take())
        return all(any(line.startswith(kind) for line in found) for kind in kinds)

    assert wait_until(by_all, 10), found
    wait_until(lambda: bool(reports.take()), 1)  # what echoes


class TestTheEars:
    @pytest.mark.parametrize("what", PLANTED)
    def test_hear_what_a_page_tries(self, phone: Page, reports: Reports, what: str) -> None:
        phone.goto("/help/")
        with heard(reports, "console", "report"):
            phone.evaluate(PLANTED[what])
            phone.wait_for_timeout(300)

    def test_hear_a_service_worker(self, phone: Page, reports: Reports) -> None:
        phone.goto("/help/")
        phone.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
        worker = phone.context.service_workers[0]
        with heard(reports, "report"):
            worker.evaluate(f"fetch('{ELSEWHERE}').catch(() => 0)")
            phone.wait_for_timeout(300)

    @pytest.mark.parametrize(
        "thrown",
        ["throw new Error('planted')", "document.body.insertAdjacentHTML('beforeend', '<script>1</script>')"],
    )
    def test_hear_an_exception(self, phone: Page, reports: Reports, thrown: str) -> None:
        phone.goto("/help/")
        with heard(reports, "console"):
            phone.evaluate(f"setTimeout(() => {{ {thrown} }})")
            phone.wait_for_timeout(300)

    def test_hear_a_browser_that_a_test_opened_by_itself(
        self, chromium: object, app: object, reports: Reports, open_phone: Callable[..., Page]
    ) -> None:
        page = chromium.new_page(base_url=app.url)  # type: ignore[attr-defined]
        page.goto("/help/")
        with heard(reports, "console", "report"):
            page.evaluate(PLANTED["an inline style"])
            page.wait_for_timeout(300)
        page.context.close()

    def test_hear_nothing_where_nothing_is_wrong(self, phone: Page, reports: Reports) -> None:
        phone.goto("/help/")
        expect(phone.get_by_role("heading", level=1)).to_be_visible()
        phone.wait_for_timeout(500)
        assert reports.take() == []
