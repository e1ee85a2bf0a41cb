"""What a real browser makes of hostile texts: it shows them, with and without the content security policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.guards.xss_corpus import PAYLOADS
from tests.journeys.conftest import App

# `xss()` is what every text would call. Dialogs are nothing else here, and would stop the page.
WATCH = """
window.ran = [];
window.xss = (...what) => { window.ran.push(location.pathname + " " + String(what)); };
window.alert = window.prompt = window.confirm = window.print = window.xss;
addEventListener("message", (event) => window.ran.push("message " + event.data));
"""
# Whatever a text might wait for.
PROVOKE = """
for (const element of document.querySelectorAll("*")) {
  for (const name of ["mouseover", "pointerover", "focus", "blur", "toggle", "animationstart", "load", "error"]) {
    element.dispatchEvent(new Event(name, { bubbles: false }));
  }
}
"""
MOVE_IN = """
import json
from django.utils import timezone
from attune_project.demo.family import PASSWORD
from tests.guards.xss_house import build
house = build(timezone.now(), lambda text: text, with_mail=False)
house.owner.set_password(PASSWORD)
house.owner.save()
print(json.dumps([str(house.child.public_id), str(house.check_id), house.label, *map(str, house.moments)]))
"""


@pytest.fixture(scope="module")
def places(app: App) -> list[str]:
    """A house in which everything is called by a hostile text, and every page of it."""
    child, check, label, *moments = json.loads(app.manage("shell", "-v", "0", "-c", MOVE_IN).splitlines()[-1])
    asked = PAYLOADS[::8]
    return [
        *(f"/moments/{moment}/{place}" for moment in moments for place in ("", "edit/", "more/", "history/")),
        *("/", "/log/", "/log/?tone=came_back", "/moments/", f"/household/children/{child}/"),
        *("/check/", f"/check/{check}/done/", "/reflections/", f"/reflections/{label}/"),
        *("/household/", "/household/children/", "/household/members/", "/household/invitations/"),
        *("/account/choices/", "/account/tokens/", "/account/email/", "/welcome/"),
        *(f"/moments/?{urlencode({'text': text[:100], 'author': text, 'since': text})}" for text in asked),
        *(f"/account/login/?{urlencode({'next': text})}" for text in asked[:4]),
        *(f"/help/?{urlencode({'country': text})}" for text in asked[:4]),
    ]


class TestHostileTexts:
    @pytest.mark.parametrize("policy", ["with the policy", "without any policy"])
    @pytest.mark.timeout(240)
    def test_none_runs_and_none_is_even_tried(
        self,
        open_phone: Callable[..., Page],
        sign_in: Callable[..., None],
        places: list[str],
        policy: str,
    ) -> None:
        # The phone counts every violation of the policy: with it, what is tried would be seen too.
        page = open_phone(bypass_csp=policy == "without any policy")
        page.add_init_script(WATCH)
        sign_in(page, "owner@example.org")
        ran: dict[str, Any] = {}
        read = ""
        for place in places:
            page.goto(place)
            show_all(page)
            page.evaluate(PROVOKE)
            if hits := page.evaluate("window.ran"):
                ran[place] = hits
            read += page.locator("body").inner_text()
        assert ran == {}
        assert sum(text in read for text in PAYLOADS if text.isprintable()) > 120

    def test_the_watch_sees_one_that_runs(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone(bypass_csp=True)
        page.add_init_script(WATCH)
        page.goto("/help/")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/no-such.png onerror=xss()>')")
        page.wait_for_function("window.ran.length > 0")


def show_all(page: Page) -> None:
    """Let the timeline bring its further pages, as scrolling does."""
    for _ in range(8):
        more = page.locator("[hx-get*='cursor=']")
        if not more.count():
            return
        with page.expect_response(lambda answer: "cursor=" in answer.url):
            more.first.scroll_into_view_if_needed()
        page.wait_for_timeout(150)
