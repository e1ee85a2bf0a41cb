"""What a real browser makes of hostile texts: it shows them, with and without the content security policy."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from households.rules import NICKNAME_MAX
from tests.guards.xss_corpus import PAYLOADS
from tests.journeys.conftest import App
from tests.journeys.phone import HAS_KIT, wait_for, waiting
from tests.journeys.reports import Reports
from tests.servers import Mailbox

pytestmark = pytest.mark.timeout(600)  # the first of them waits for the house
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
import itertools, json, uuid
from datetime import timedelta
from unittest.mock import patch
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.utils import timezone
from accounts.models import User
from accounts.rules import DigestLevel
from reflections.mail import Letter, build_message
from tests.guards.matrix_world import sign_in
from tests.guards.xss_corpus import PAYLOADS
from tests.guards.xss_house import build
from tests.soft_passkey import SoftPasskey

now = timezone.now()
# At once, and afterwards no worker writes to the owner of all these households: it has other tests to work for.
with transaction.atomic(), patch("households.mail.SENDING_TAKES", timedelta(0)):
    house = build(now, lambda text: text)
    User.objects.filter(pk=house.owner.pk).update(digest_level=DigestLevel.NONE)

def session_of(user):
    browser = Client()
    sign_in(browser, user)
    # Proved as if a moment ago for as long as these tests take, however slow the machine.
    session = browser.session
    session["account_authentication_methods"][0]["at"] += 3600
    session.save()
    return session.session_key

lock = json.loads(SoftPasskey().create({"publicKey": {"challenge": "AA", "user": {"id": "MQ"}}}))
keys = Authenticator.objects.bulk_create(
    Authenticator(user=house.owner, type="webauthn", data={"name": text, "credential": lock})
    for text in PAYLOADS
)
# No text of a family is in any mail, so the sentences of this one say what the corpus says.
texts = itertools.chain(PAYLOADS, itertools.repeat("x"))
sentence = {"rule": "x", "mail": "counts", "params": {}, "moments": []}
letter = Letter(
    email=house.owner.email, user_id=uuid.uuid4(), household_id=uuid.uuid4(), language="en", level=DigestLevel.FULL,
    label=house.label, start_on=now.date() - timedelta(days=7), end_on=now.date(), words=None, written_at=now,
    message_id="<x@example.org>",
    content={"seed": 0, "sections": [{"key": "keep", "sentences": [sentence] * len(PAYLOADS), "data": {}}]},
)
with (
    patch("reflections.mail.phrase", lambda *_, **__: next(texts)),
    patch("reflections.mail.title", lambda *_: PAYLOADS[0]),
):
    letter = build_message(letter).decode()
print(json.dumps({
    "child": str(house.child.public_id), "check": str(house.check_id), "label": house.label,
    "moments": [str(moment) for moment in house.moments], "home": str(house.home.public_id),
    "drafts": [str(draft) for draft in house.drafts],
    "owner": session_of(house.owner), "coach": session_of(house.coach), "key": keys[-1].pk, "letter": letter,
}))
"""
FEW = 50  # so many are short enough to be a nickname
MANY = 120  # so many texts of the corpus can be read as they were typed, of those that can be read at all
# As the app's own window on caught mail says it; a mail program that knows of policies has a like one.
POLICY_OF_MAIL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
POLICIES = ["with the policy", "without any policy"]


@dataclass(frozen=True)
class Hostile:
    """A house in which everything is called by a hostile text."""

    child: str
    check: str
    label: str
    moments: list[str]
    drafts: list[str]
    home: str
    owner: str
    coach: str
    key: int
    letter: str

    def of_the_owner(self) -> list[str]:
        """Every page of it."""
        asked = PAYLOADS[::8]
        places = ("", "edit/", "more/", "history/")
        return [
            *(f"/moments/{moment}/{place}" for moment in self.moments for place in places),
            *("/", "/log/", "/log/?tone=came_back", "/moments/", "/moments/deleted/", "/moments/drafts/"),
            *(f"/moments/drafts/{draft}/" for draft in self.drafts),
            *("/check/", f"/check/{self.check}/done/", "/reflections/", f"/reflections/{self.label}/"),
            *("/patterns/", "/patterns/?months=12", f"/patterns/?child={self.child}", "/practices/"),
            *("/household/", "/household/children/", f"/household/children/{self.child}/"),
            *("/household/members/", "/household/invitations/", "/household/leave/", "/household/separate/"),
            *("/household/coaches/", "/household/access/", "/household/data/", "/household/data/erase/"),
            *("/account/choices/", "/account/tokens/", "/account/email/", "/account/blocked/", "/welcome/"),
            *("/account/security/", "/account/sessions/", f"/account/passkeys/{self.key}/remove/"),
            *(
                f"/moments/?{urlencode({'text': text[:100], 'author': text, 'since': text})}"
                for text in asked
            ),
            *(
                f"/patterns/?{urlencode({'child': text, 'author': text, 'months': text})}"
                for text in asked[:4]
            ),
            *(f"/account/login/?{urlencode({'next': text})}" for text in asked[:4]),
            *(f"/help/?{urlencode({'country': text})}" for text in asked[:4]),
        ]

    def of_the_coach(self) -> list[str]:
        family = f"/coach/{self.home}/"
        return ["/coach/", family, *(f"{family}moments/{moment}/" for moment in self.moments)]

    def of_the_api(self) -> list[str]:
        api = "/api/v1"
        return [
            *(f"{api}/{name}/" for name in ("me", "households", "tokens", "grants", "access", "self-checks")),
            *(f"{api}/moments/?limit=200", f"{api}/reflections/", f"{api}/reflections/{self.label}/"),
            *(f"{api}/reflections/{self.label}/thoughts/", f"{api}/households/{self.home}/"),
            *(f"{api}/households/{self.home}/{name}/" for name in ("members", "children")),
            *(f"{api}/moments/{moment}/" for moment in self.moments),
        ]


@pytest.fixture(scope="module")
def house(app: App) -> Hostile:
    return Hostile(**json.loads(app.manage("shell", "-v", "0", "-c", MOVE_IN).splitlines()[-1]))


@dataclass
class Watch:
    """A page that is listened to: what ran in which place, and everything that could be read."""

    page: Page
    ran: dict[str, Any] = field(default_factory=dict)
    read: str = ""

    def look_at(self, place: str) -> None:
        show_all(self.page)
        self.page.evaluate(PROVOKE)
        if hits := self.page.evaluate("window.ran"):
            self.ran[place] = hits
        self.read += self.page.locator("body").inner_text()

    def texts_read(self, *spellings: Callable[[str], str]) -> int:
        """How many texts of the corpus could be read, as they were typed or in one of these spellings."""
        printable = [text for text in PAYLOADS if text.isprintable()]
        return sum(
            text in self.read or any(spell(text) in self.read for spell in spellings) for text in printable
        )


@pytest.fixture(params=POLICIES)
def watch(
    open_phone: Callable[..., Page], app: App, house: Hostile, request: pytest.FixtureRequest
) -> Callable[[str], Watch]:
    """Somebody's browser, signed in. The policy's violations are counted by every phone: what is tried is seen too."""

    def take(session: str) -> Watch:
        # Without a service worker: what is put under an address here is what the browser gets from there.
        without = request.param == POLICIES[1]
        page = open_phone(bypass_csp=without, service_workers="block", user_agent=PAYLOADS[0])
        page.add_init_script(WATCH)
        page.context.add_cookies([{"name": "session", "value": session, "url": app.url}])
        return Watch(page)

    return take


class TestHostileTexts:
    def test_none_runs_on_a_page_and_none_is_even_tried(
        self, watch: Callable[[str], Watch], house: Hostile
    ) -> None:
        for session, places in ((house.owner, house.of_the_owner()), (house.coach, house.of_the_coach())):
            watched = watch(session)
            for place in places:
                watched.page.goto(place)
                assert "/account/login" not in watched.page.url or place.startswith("/account/login")
                watched.look_at(place)
            assert watched.ran == {}
            assert watched.texts_read() > MANY

    def test_none_runs_in_what_the_phone_shows_by_itself(
        self, watch: Callable[[str], Watch], house: Hostile, reports: Reports
    ) -> None:
        """The kit in the log form without a network, and what waits to be sent."""
        watched = watch(house.owner)
        page = watched.page
        page.goto("/log/")
        wait_for(page, lambda: bool(page.evaluate(HAS_KIT)))
        page.route("**/api/v1/sync/**", lambda route: route.abort())
        page.goto("/log/offline/")
        page.get_by_role("button", name="We were in tune").wait_for()
        watched.look_at("the form that the phone keeps")
        page.get_by_role("button", name="We were in tune").click()
        wait_for(page, lambda: waiting(page) > 0)
        for place in ("/waiting/", "/"):
            page.goto(place)
            watched.look_at(place)
        assert watched.ran == {}
        short = [text for text in PAYLOADS if text.isprintable() and len(text) <= NICKNAME_MAX]
        assert sum(text in watched.read for text in short) > FEW
        # Requests failed on purpose, and the console says so; anything else is a complaint.
        assert [line for line in reports.take() if "Failed to load resource" not in line] == []

    def test_none_runs_in_json_that_is_opened(self, watch: Callable[[str], Watch], house: Hostile) -> None:
        watched = watch(house.owner)
        for place in house.of_the_api():
            response = watched.page.goto(place)
            assert response
            assert (response.status, response.headers["content-type"]) == (200, "application/json")
            watched.look_at(place)
        assert watched.ran == {}
        assert watched.texts_read(in_json) > MANY

    def test_none_runs_in_a_file_of_the_export_that_is_opened(
        self, watch: Callable[[str], Watch], house: Hostile, tmp_path: Path
    ) -> None:
        """From the disk, where no server says what it is and nothing keeps a browser from guessing."""
        watched = watch(house.owner)
        page = watched.page
        page.goto("/household/data/")
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name="Download everything").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            archive.extractall(tmp_path)
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert {file.suffix for file in files} >= {".json", ".csv"}
        for file in files:
            # A browser saves a spreadsheet instead of opening it, but one that is called a text is opened.
            opened = file.rename(file.with_name(f"{file.name}.txt")) if file.suffix == ".csv" else file
            page.goto(opened.as_uri())
            watched.look_at(file.name)
        assert watched.ran == {}
        assert watched.texts_read(in_json, in_a_sheet) > MANY

    def test_none_runs_in_a_mail(
        self, watch: Callable[[str], Watch], house: Hostile, mailbox: Mailbox, request: pytest.FixtureRequest
    ) -> None:
        """Under the app's own address, as if a program showed it there: the worst place there is."""
        watched = watch(house.owner)
        headers = {"Content-Security-Policy": POLICY_OF_MAIL} if POLICIES[0] in request.node.name else {}
        letter = message_from_string(house.letter, policy=default)
        mailbox.wait_for("owner@example.org")
        parts = [
            part for mail in (letter, *mailbox.messages) for part in mail.walk() if not part.is_multipart()
        ]
        assert {part.get_content_type() for part in parts} == {"text/html", "text/plain"}
        for number, part in enumerate(parts):
            kind = f"{part.get_content_type()}; charset=utf-8"
            put_under(watched.page, f"**/mail/{number}", part.get_content(), kind, headers)
            watched.page.goto(f"/mail/{number}")
            watched.look_at(f"{part.get_content_type()} {number}")
        assert watched.ran == {}
        assert watched.texts_read() > MANY

    def test_the_watch_sees_one_that_runs(self, open_phone: Callable[..., Page]) -> None:
        page = open_phone(bypass_csp=True)
        page.add_init_script(WATCH)
        page.goto("/help/")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/no-such.png onerror=xss()>')")
        page.wait_for_function("window.ran.length > 0")

    def test_the_watch_sees_one_that_runs_in_a_mail_or_a_file(
        self, open_phone: Callable[..., Page], tmp_path: Path
    ) -> None:
        page = open_phone(bypass_csp=True, service_workers="block")
        page.add_init_script(WATCH)
        hostile = "<html><img src=data:, onerror=xss()>"
        (tmp_path / "file.html").write_text(hostile)
        page.route("**/mail/0", lambda route: route.fulfill(body=hostile, content_type="text/html"))
        for place in ("/mail/0", (tmp_path / "file.html").as_uri()):
            page.goto(place)
            page.wait_for_function("window.ran.length > 0")


def put_under(page: Page, address: str, body: str, kind: str, headers: dict[str, str]) -> None:
    """The page gets this from that address, and no server is asked."""
    page.route(address, lambda route: route.fulfill(body=body, content_type=kind, headers=headers))


def in_json(text: str) -> str:
    """A quotation mark has a stroke before it."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def in_a_sheet(text: str) -> str:
    """A quotation mark is doubled (RFC 4180)."""
    return text.replace('"', '""')


NEXT = """() => document.querySelector("[hx-get*='cursor=']")?.getAttribute("hx-get") ?? ''"""


def show_all(page: Page) -> None:
    """Let the timeline bring its further pages, as scrolling does."""
    for _ in range(8):
        following = page.evaluate(NEXT)
        if not following:
            return
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        wait_for(page, lambda following=following: page.evaluate(NEXT) != following)
