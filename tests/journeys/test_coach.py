"""A parent lets a coach in, sees that they looked, ends it; and the page that is open goes blank by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from attune_project.demo.family import PASSWORD
from tests.journeys.conftest import App
from tests.servers import Mailbox

COACH = "dora@example.org"
OPEN_ACCOUNT = f"""
from accounts.services import open_account
open_account(email="{COACH}", password="{PASSWORD}", display_name="Dora", timezone="UTC")
"""
SEEN = "You put the pan down before you said anything."
TELL = """
from django.utils import timezone
from coaching.services import tell_people
tell_people(now=timezone.now().replace(hour=12))
"""
# What an open page asks every half minute, asked now, through the very element that would.
ASK_NOW = """() => {
  const watch = document.querySelector("[data-still-open]");
  return htmx.ajax("GET", watch.getAttribute("hx-get"), { source: watch, swap: "none" });
}"""


class TestACoach:
    def test_is_let_in_looks_is_seen_looking_and_sees_nothing_more(
        self,
        open_phone: Callable[..., Page],
        sign_in: Callable[..., None],
        app: App,
        mailbox: Mailbox,
    ) -> None:
        app.manage("shell", "-v", "0", "-c", OPEN_ACCOUNT)
        parent, coach = open_phone(), open_phone()
        sign_in(parent)
        ask(parent)
        accept(coach, sign_in, mailbox)
        look(coach)
        opened = coach.url
        moment = write(coach)
        suggest(coach)
        coach.goto(opened)

        # The author reads it on the moment's own page, answers, and takes what was suggested.
        parent.goto("/")
        expect(parent.get_by_text("Something new from your coach")).to_be_visible()
        parent.goto(f"/moments/{moment}/")
        expect(parent.get_by_text(SEEN)).to_be_visible()
        parent.get_by_role("link", name="Answer").click()
        parent.locator("[name=text]").fill("That evening was good.")
        parent.get_by_role("button", name="Send").click()
        expect(parent.get_by_text("Sent to your coach.")).to_be_visible()
        parent.goto("/practices/focus/")
        parent.get_by_role("button", name="I will try it").click()
        expect(parent.get_by_text("From today on.")).to_be_visible()

        parent.goto("/household/access/")
        expect(parent.get_by_text(COACH).first).to_be_visible()
        parent.goto("/household/coaches/")
        parent.locator(".row", has_text=COACH).get_by_role("button", name="End it now").click()
        expect(parent.get_by_text("They see nothing of yours any more.")).to_be_visible()

        told = told_of(mailbox)
        app.manage("shell", "-v", "0", "-c", TELL)
        assert told_of(mailbox) == told, "what waited to be told of is told no more"
        coach.evaluate(ASK_NOW)
        expect(coach.get_by_role("heading", name="Access ended")).to_be_visible()
        assert "We were in tune" not in coach.locator("body").inner_text()
        answer = coach.goto(opened)
        assert answer is not None
        assert answer.status == 404
        coach.goto("/coach/")
        expect(coach.get_by_text("Nobody at the moment")).to_be_visible()


def told_of(mailbox: Mailbox) -> int:
    """How many mails said that there is something new."""
    return sum("Your notes" in str(message["subject"]) for message in mailbox.messages)


def write(page: Page) -> str:
    """Words in three parts on the moment that is open; gives its id."""
    page.locator("[name=saw]").fill(SEEN)
    page.locator("[name=gives]").fill("A place to come to.")
    page.locator("[name=child]").fill("She leaned on you.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent. A mail says")).to_be_visible()
    found = re.search(r"/moments/([0-9a-f-]{36})/", page.url)
    assert found
    return found[1]


def suggest(page: Page) -> None:
    page.goto("/coach/")
    # Answered, the family needs nothing for now, and that lane is folded.
    page.locator("details.lane > summary").first.click()
    page.locator("a.case-main").first.click()
    page.get_by_role("link", name="to try").click()
    page.locator("[name=practice]").select_option("name_it")
    page.get_by_role("button", name="Suggest").click()
    expect(page.get_by_text("Suggested. They decide.")).to_be_visible()


def ask(page: Page) -> None:
    """With a look through the coach's eyes first."""
    page.goto("/household/coaches/")
    page.get_by_text("Let a coach in").click()
    page.locator("[name=coach_email]").fill(COACH)
    page.locator("[name=scope][value=ratings]").check(force=True)
    page.locator("[name=from_on]").fill("2020-01-01")
    page.get_by_role("button", name="See what they would see").click()
    expect(page.get_by_role("heading", name="What they would see today")).to_be_visible()
    expect(page.get_by_text("NOT THE LAW OF ANY COUNTRY")).to_be_visible()
    page.get_by_role("button", name="send the offer").click()
    expect(page.get_by_text("The offer is on its way.")).to_be_visible()


def accept(page: Page, sign_in: Callable[..., None], mailbox: Mailbox) -> None:
    body = mailbox.wait_for(COACH).get_body(("plain",))
    assert body is not None
    link = re.search(r"\S+/coach/offers/\S+", body.get_content())
    assert link
    sign_in(page, COACH)
    page.goto(link[0])
    page.get_by_role("button", name="Yes, let me look").click()
    expect(page.get_by_role("heading", name="Families")).to_be_visible()


def look(page: Page) -> None:
    page.locator("a.case-main").first.click()
    page.locator("a.row[href*='/moments/']", has_text="We were in tune").first.click()
    expect(page.get_by_text("can see that you opened this")).to_be_visible()
