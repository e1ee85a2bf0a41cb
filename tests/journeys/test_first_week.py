"""The main job, whole: from nothing to a week's reflection, in the app and by mail, on a phone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from common.dates import local_day, week_label
from tests.journeys.conftest import App
from tests.servers import Mailbox

ADDRESS = "nora@example.org"


class Thumb:
    """Counts what the two-tap promise counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def tap(self, name: str, role: str = "button") -> None:
        self.tap_at(self.page.get_by_role(role, name=name).first)  # type: ignore[arg-type]

    def tap_at(self, place: Locator) -> None:
        self.taps += 1
        place.tap()


class TestFirstWeek:
    def test_runs_from_signing_up_to_reading_the_mail(self, phone: Page, app: App, mailbox: Mailbox) -> None:
        sign_up(phone, mailbox)
        set_up_household(phone)
        for tone in ("We were in tune", "We missed each other", "We came back"):
            log_in_two_taps(phone, tone)
        see_today_and_timeline(phone)
        edit_the_latest(phone, note="We built a cave under the table.")
        label = let_a_week_pass(app)
        read_the_reflection(phone, label)
        read_the_mail(app, mailbox)


def sign_up(page: Page, mailbox: Mailbox, address: str = ADDRESS) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start your notebook").tap()
    page.get_by_label(re.compile("e-?mail", re.I)).first.fill(address)
    page.get_by_role("button", name=re.compile("code|start|go on", re.I)).first.tap()
    page.get_by_label("Code").wait_for()
    mail = mailbox.wait_for(address)
    code = re.search(r"\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b|\b\d{6}\b", mail.get_content())
    assert code, mail.get_content()
    page.get_by_label("Code").fill(code.group())
    page.locator("main form button[type=submit]").first.tap()
    page.wait_for_url("**/welcome/")


def set_up_household(page: Page) -> None:
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")  # the phone's own
    page.get_by_label("What do you call your household?").fill("The attic")
    page.get_by_role("button", name="Go on").tap()
    page.wait_for_url("**/welcome/child/")
    page.get_by_label("Nickname").fill("Pip")
    choose_birth_month(page)
    page.get_by_role("button", name="Go on").tap()
    page.wait_for_url("**/welcome/choices/")
    page.get_by_label(re.compile("My week in full")).check()
    page.get_by_role("button", name="Done").tap()
    page.wait_for_url("**/log/")


def choose_birth_month(page: Page) -> None:
    page.locator("select[name$=month]").first.select_option("5")
    page.locator("select[name$=year]").first.select_option("2022")


def log_in_two_taps(page: Page, tone: str) -> None:
    page.goto("/")
    thumb = Thumb(page)
    thumb.tap("Log a moment", role="link")
    thumb.tap(tone)
    expect(page.get_by_role("heading", name="Saved. Phone down.")).to_be_visible()
    assert thumb.taps == 2


def see_today_and_timeline(page: Page) -> None:
    page.goto("/")
    expect(page.locator("main .rows li")).to_have_count(3)
    page.goto("/moments/")
    expect(page.get_by_role("link", name=re.compile("We came back"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("We missed each other"))).to_be_visible()


def edit_the_latest(page: Page, *, note: str) -> None:
    page.goto("/moments/")
    page.get_by_role("link", name=re.compile("We were in tune")).first.tap()
    page.get_by_role("link", name="Change or add").tap()
    page.locator("textarea[name=note]").fill(note)
    page.get_by_role("button", name="Save").first.tap()
    expect(page.get_by_text(note)).to_be_visible()


def let_a_week_pass(app: App) -> str:
    """Move Nora's life three weeks and her moments some days into the past; the label of the week they fall into.

    That week closed yesterday, so that its mail is due whatever the day on which this runs. It is the one thing in
    the journey that a person cannot do; everything after it runs as it would on that day.
    """
    now = datetime.now(UTC)
    closed_on = local_day(now, "Europe/Lisbon") - timedelta(days=1)
    happened = now - timedelta(days=4)
    with sqlite3.connect(Path(app.env["VAR_DIR"]) / "attune.sqlite3", timeout=20) as database:
        (user,) = database.execute("SELECT id FROM accounts_user WHERE email = ?", [ADDRESS]).fetchone()
        (home,) = database.execute(
            "SELECT household_id FROM households_membership WHERE user_id = ?", [user]
        ).fetchone()
        earlier = (now - timedelta(weeks=3)).isoformat(" ")
        database.execute(
            "UPDATE households_household SET created_at = ?, week_starts_on = ? WHERE id = ?",
            [earlier, closed_on.weekday(), home],
        )
        database.execute("UPDATE households_membership SET joined_at = ? WHERE user_id = ?", [earlier, user])
        database.execute(
            "UPDATE observations_observation SET occurred_at = ?, occurred_on = ?, received_at = ? WHERE author_id = ?",
            [happened.isoformat(" "), happened.date().isoformat(), happened.isoformat(" "), user],
        )
        for table in ("digest", "thought", "reflection", "digestweek"):
            database.execute(f"DELETE FROM reflections_{table} WHERE household_id = ?", [home])
    label = week_label(closed_on - timedelta(days=7))
    app.manage("compile_reflections", "--week", label)
    return label


def read_the_reflection(page: Page, label: str) -> None:
    page.goto("/reflections/")
    page.locator(f"a[href='/reflections/{label}/']").first.tap()
    expect(page.get_by_role("heading", name=re.compile("moment to keep", re.I))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("coming back", re.I)).first).to_be_visible()
    page.locator("summary").filter(has_text="Why this sentence?").first.tap()
    expect(page.locator("main a[href^='/moments/']").first).to_be_visible()


def read_the_mail(app: App, mailbox: Mailbox) -> None:
    print(app.manage("send_digests"))  # shown when no mail comes
    mail = mailbox.wait_for(ADDRESS, subject="Your week", seconds=60)
    assert mail["Subject"] == "Your week"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for words in ("Pip", "cave under the table"):
        assert words not in text
        assert words not in html


class TestWithoutAConnection:
    def test_the_help_page_is_there(self, phone: Page) -> None:
        phone.goto("/help/")
        phone.wait_for_function("navigator.serviceWorker.ready.then(() => true)", timeout=10_000)
        phone.wait_for_function(
            "!!navigator.serviceWorker.controller || caches.keys().then((k) => k.length > 0)"
        )
        phone.reload()
        phone.context.set_offline(True)
        phone.goto("/help/")
        expect(phone.get_by_role("heading", name="I am not OK")).to_be_visible()
        phone.context.set_offline(False)


class TestWithoutJavaScript:
    def test_a_moment_is_logged_added_to_found_and_deleted(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone(java_script_enabled=False)
        sign_in(page)
        page.goto("/log/")
        page.get_by_role("button", name="We missed each other").click()
        expect(page.get_by_role("heading", name="Saved. Phone down.")).to_be_visible()
        page.get_by_role("link", name="Add more").click()
        page.locator("textarea[name=note]").fill("Without any script.")
        page.get_by_role("button", name="Save").first.click()
        page.goto("/moments/?text=without+any+script")
        page.get_by_role("link", name=re.compile("We missed each other")).first.click()
        expect(page.get_by_text("Without any script.")).to_be_visible()
        page.get_by_role("button", name="Delete").first.click()
        expect(page.get_by_role("button", name=re.compile("undo|back|restore", re.I)).first).to_be_visible()
