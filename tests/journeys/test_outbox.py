"""Moments on a real phone with the network cut: whatever happens to it, each arrives once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import App
from tests.journeys.phone import (
    HAS_KIT,
    Rows,
    get_ready,
    log_offline,
    put_many,
    tap,
    wait_for,
    wait_until_sent,
    waiting,
)
from tests.journeys.reports import Reports

MIRA, JON = "mira@example.org", "jon@example.org"
SAVED = "Saved. Phone down."
SYNC = "**/api/v1/sync/"

SHARE = """() => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: "/log/share/" });
  const field = document.createElement("input");
  Object.assign(field, { name: "text", value: "They laughed at the boat." });
  form.append(field);
  document.body.append(form);
  form.submit();
}"""
LONG_GONE = """async () => {
  const asked = indexedDB.open("outbox-phone");
  const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const meta = db.transaction("meta", "readwrite").objectStore("meta");
  const read = meta.get("seen");
  const seen = await new Promise((done) => (read.onsuccess = () => done(read.result)));
  const write = meta.put(Object.fromEntries(Object.keys(seen).map((one) => [one, Date.now() - 31 * 86400e3])), "seen");
  await new Promise((done) => (write.onsuccess = done));
  db.close();
}"""
OWES = """async () => {
  const asked = indexedDB.open("outbox-phone");
  const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const read = db.transaction("meta").objectStore("meta").get("leave");
  const owed = await new Promise((done) => (read.onsuccess = () => done(read.result)));
  db.close();
  return Boolean(owed);
}"""


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """Requests fail here on purpose, and the console says so; anything else is still a complaint."""
    yield
    assert [line for line in reports.take() if "Failed to load resource" not in line] == []


@pytest.fixture
def mira(phone: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(phone)
    get_ready(phone)
    return phone


def sent_to(page: Page) -> list[str]:
    """The bodies of everything that is sent from now on, from this phone's pages and its worker."""
    bodies: list[str] = []
    page.context.on(
        "request", lambda asked: asked.url.endswith("/api/v1/sync/") and bodies.append(asked.post_data or "")
    )
    return bodies


def as_from_another_app(route: Route) -> None:
    """What the phone's share sheet says of itself, which no page can."""
    route.continue_(headers={**route.request.headers, "sec-fetch-site": "none"})


class TestOnline:
    def test_nobody_notices_that_there_is_an_outbox(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        bodies = sent_to(mira)
        tap(mira, "We missed each other")
        mira.wait_for_url("**/log/saved/*/")
        assert len(bodies) == 1
        mira.get_by_role("link", name="Add more").tap()
        mira.locator("textarea[name=note]").fill("Through the outbox, online.")
        mira.get_by_label("Tired").check(force=True)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("Through the outbox, online.")).to_be_visible()
        expect(mira.get_by_text("Tired")).to_be_visible()
        assert rows.new("o.tone, o.occurred_src") == [("missed", "auto")]
        assert waiting(mira) == 0

    def test_a_mistaken_tap_is_taken_back(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        tap(mira)
        mira.get_by_role("button", name="Undo").tap()
        expect(mira.get_by_text("Taken back.").first).to_be_visible()
        assert rows.new() == []

    def test_one_tap_for_each_child(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        children = mira.locator("input[name=child]:not([value=all])").count()
        mira.locator("input[name=child][value=all]").check(force=True)
        tap(mira)
        mira.wait_for_url("**/log/saved/*/")
        assert len({child for (child,) in rows.new("o.child_id")}) == children > 1
        mira.get_by_role("button", name="Undo").tap()
        mira.wait_for_url("**/log/?undone")
        assert rows.new() == []

    def test_an_answer_that_got_lost_makes_no_second_moment(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)

        def lose(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        mira.context.route(SYNC, lose, times=1)
        tap(mira)
        wait_until_sent(mira)
        assert len(rows.new()) == 1

    def test_two_tabs_at_once_send_each_moment_once(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        other = mira.context.new_page()
        other.goto("/log/")
        mira.context.set_offline(True)
        put_many(mira, 5)
        put_many(other, 5)
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert len(rows.new()) == 10

    def test_words_shared_from_another_app_go_along_with_the_tap(self, mira: Page, app: App) -> None:
        mira.context.route("**/log/share/", as_from_another_app)
        mira.evaluate(SHARE)
        expect(mira.locator("form[data-keep=capture] textarea")).to_have_value("They laughed at the boat.")
        bodies = sent_to(mira)
        tap(mira)
        mira.wait_for_url("**/log/saved/*/")
        assert len(bodies) == 1
        mira.get_by_role("link", name="Add more").tap()
        expect(mira.locator("textarea[name=note]")).to_have_value("They laughed at the boat.")


class TestOffline:
    def test_a_moment_is_noted_added_to_and_sent(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        mira.goto("/log/")
        tap(mira, "We came back")
        expect(mira.get_by_text("On this phone, waiting for a connection.")).to_be_visible()
        mira.get_by_role("button", name="Add more").tap()
        mira.locator("textarea[name=note]").fill("Written in a tunnel.")
        mira.get_by_label("Bedtime").check(force=True)
        mira.get_by_role("button", name="Save").tap()
        expect(mira.get_by_role("heading", name=SAVED)).to_be_visible()
        mira.goto("/moments/")
        expect(mira.get_by_text("One moment waits on this phone, since")).to_be_visible()
        mira.context.set_offline(False)
        expect(mira.get_by_text("Everything is sent.")).to_be_visible()
        assert rows.new("o.tone, o.revision") == [("came_back", 2)]
        mira.goto("/moments/?text=tunnel")
        expect(mira.get_by_text("Written in a tunnel.").first).to_be_visible()

    def test_an_undo_goes_along(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        tap(mira)
        mira.get_by_role("button", name="Undo").tap()
        expect(mira.get_by_role("heading", name="That is taken back.")).to_be_visible()
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert rows.new() == []

    def test_a_page_that_was_online_leads_to_the_sheet_on_the_phone(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        tap(mira)
        mira.get_by_role("button", name="Add more").tap()
        mira.locator("textarea[name=note]").fill("From one page to the next.")
        mira.get_by_role("button", name="Save").tap()
        expect(mira.get_by_role("heading", name=SAVED)).to_be_visible()
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert rows.new("o.revision") == [(2,)]

    def test_chromium_sends_when_no_page_is_open_any_more(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        tap(mira)
        mira.wait_for_timeout(500)
        other = mira.context.new_page()
        mira.close()
        other.context.set_offline(False)
        wait_for(other, lambda: bool(rows.new()))
        assert len(rows.new()) == 1
        other.goto("/waiting/")
        expect(other.get_by_role("heading", name="Nothing waits here")).to_be_visible()

    def test_a_miss_that_the_phone_does_not_know_is_mended(self, mira: Page, app: App) -> None:
        """The kit has the three latest; the way to an older one leads over its page, which names it and the child."""
        rows = Rows(app, MIRA)
        child_of = "(SELECT public_id FROM households_child WHERE id = o.child_id)"
        known = rows.all(f"o.tone, o.id, o.public_id, {child_of}")
        key, miss, child = next(found[1:] for found in known if found[0] == "missed")
        mira.context.set_offline(True)
        mira.goto(f"/log/?tone=came_back&repairs={UUID(miss)}&child={UUID(child)}")
        tap(mira, "We came back")
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert rows.new("o.tone, o.repairs_id") == [("came_back", key)]

    @pytest.mark.parametrize("days", [730, -1])
    def test_a_wrong_clock_moves_no_moment(self, mira: Page, app: App, days: int) -> None:
        rows = Rows(app, MIRA)
        now = datetime.now(UTC)
        # The worker's clock cannot be moved here: the page sends, as it does where there is no Background Sync.
        mira.add_init_script(
            "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined })"
        )
        mira.context.set_offline(True)
        mira.clock.set_system_time(now + timedelta(days=days))
        mira.goto("/log/")
        tap(mira)
        mira.context.set_offline(False)
        wait_until_sent(mira)
        ((occurred_at, skew),) = rows.new("o.occurred_at, o.clock_skew")
        assert abs(datetime.fromisoformat(occurred_at).replace(tzinfo=UTC) - now) < timedelta(minutes=5)
        assert abs(skew + days * 86400) < 300


class TestSessions:
    def test_fifty_moments_wait_for_one_sign_in(
        self, mira: Page, app: App, sign_in: Callable[..., None]
    ) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        put_many(mira, 49)
        mira.context.clear_cookies(name="session")
        mira.context.set_offline(False)
        tap(mira)
        expect(mira.get_by_text("It goes as soon as you sign in again.")).to_be_visible()
        assert waiting(mira) == 50
        assert rows.new() == []
        mira.goto("/offline/")
        expect(mira.get_by_text("Sign in again to send what waits on this phone.")).to_have_count(1)
        assert len(mira.get_by_text(re.compile("sign in", re.I)).all()) == 1
        sign_in(mira)
        wait_until_sent(mira)
        assert len(rows.new()) == 50

    def test_another_account_neither_sees_nor_counts_nor_sends_what_waits(
        self, mira: Page, app: App, sign_in: Callable[..., None]
    ) -> None:
        hers, his = Rows(app, MIRA), Rows(app, JON)
        mira.context.set_offline(True)
        log_offline(mira, 3)
        mira.context.clear_cookies(name="session")
        mira.context.set_offline(False)
        mira.goto("/help/")
        bodies = sent_to(mira)
        sign_in(mira, JON)
        get_ready(mira)
        expect(mira.locator("[data-outbox]")).to_be_hidden()
        mira.goto("/waiting/")
        expect(mira.get_by_role("heading", name="Nothing waits here")).to_be_visible()
        mira.goto("/log/")
        tap(mira)
        mira.wait_for_url("**/log/saved/*/")
        assert (len(his.new()), hers.new(), waiting(mira)) == (1, [], 3)
        assert len(bodies) == 1
        mira.get_by_role("link", name="Back to today").tap()
        mira.get_by_role("button", name="More").tap()
        mira.get_by_role("button", name="Sign out").tap()
        expect(mira.get_by_role("link", name="Sign in").first).to_be_visible()
        assert waiting(mira) == 3  # his signing out takes nothing of hers along
        sign_in(mira, MIRA)
        mira.goto("/log/")
        wait_until_sent(mira)
        assert (len(hers.new()), len(his.new())) == (3, 1)

    def test_the_quick_exit_loses_nothing(self, mira: Page, app: App, sign_in: Callable[..., None]) -> None:
        rows = Rows(app, MIRA)
        mira.context.route(SYNC, lambda route: route.abort())
        tap(mira)
        expect(mira.get_by_text("On this phone, waiting for a connection.")).to_be_visible()
        for _press in range(3):
            mira.keyboard.press("Shift")
        expect(mira.get_by_role("heading", name="Rain later")).to_be_visible()
        mira.context.unroute_all()
        mira.goto("/moments/")
        expect(mira).to_have_url(re.compile("/account/login/"))
        assert waiting(mira) == 1
        mira.context.set_offline(True)
        mira.goto("/log/")  # nobody's page any more: no child, no count
        expect(mira.get_by_text("This page works without one after you have signed in")).to_be_visible()
        mira.context.set_offline(False)
        sign_in(mira)
        mira.goto("/log/")
        wait_until_sent(mira)
        assert len(rows.new()) == 1

    def test_a_server_without_its_database_does_not_stand_between_either(self, mira: Page) -> None:
        mira.context.route(re.compile("/log/$"), lambda route: route.fulfill(status=503, body="Not just now"))
        mira.goto("/log/")
        expect(mira.get_by_role("button", name="We were in tune")).to_be_visible()

    def test_the_quick_exit_of_a_kept_page_ends_the_session_too(self, mira: Page) -> None:
        """That page knows no account and has no token; the worker has to."""
        mira.context.set_offline(True)
        mira.goto("/log/")
        expect(mira.get_by_role("button", name="We were in tune")).to_be_visible()
        for _press in range(3):
            mira.keyboard.press("Shift")
        wait_for(mira, lambda: "/log/" not in mira.url)
        # The worker has a word to take in, and no page is left to ask whether it did.
        mira.wait_for_timeout(1_000)
        mira.goto("/log/")  # still without a connection: the family's part is gone already
        expect(mira.get_by_text("This page works without one after you have signed in")).to_be_visible()
        mira.context.set_offline(False)
        mira.goto("/moments/")
        expect(mira).to_have_url(re.compile("/account/login/"))

    def test_an_owed_signing_out_is_not_forgiven_by_a_server_in_trouble(self, mira: Page) -> None:
        session = "**/api/v1/sync/session"
        mira.goto("/log/")
        mira.context.set_offline(True)
        mira.evaluate("navigator.serviceWorker.controller.postMessage('leave')")
        wait_for(mira, lambda: bool(mira.evaluate(OWES)))
        mira.context.set_offline(False)
        mira.context.route(session, lambda route: route.fulfill(status=503, body="{}"))
        for _time in range(2):
            mira.goto("/moments/")
            expect(mira).not_to_have_title(re.compile("Moments"))
            assert "We were in tune" not in mira.content()
        mira.context.unroute_all()
        mira.goto("/moments/")
        expect(mira).to_have_url(re.compile("/account/login/"))


class TestSigningOut:
    @pytest.fixture
    def leaving(self, mira: Page) -> Page:
        """Two moments wait, and somebody taps *Sign out*."""
        mira.goto("/")
        mira.context.route(SYNC, lambda route: route.abort())
        mira.goto("/log/")
        put_many(mira, 2)
        mira.goto("/")
        mira.get_by_role("button", name="More").tap()
        mira.get_by_role("button", name="Sign out").tap()
        expect(mira.get_by_role("heading", name="2 moments are not sent yet")).to_be_visible()
        return mira

    def test_sends_and_leaves(self, leaving: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        leaving.get_by_role("button", name="Send and sign out").tap()
        expect(leaving.get_by_text("There is no way through just now.")).to_be_visible()
        assert waiting(leaving) == 2
        leaving.context.unroute_all()
        leaving.get_by_role("button", name="Send and sign out").tap()
        expect(leaving.get_by_role("link", name="Sign in").first).to_be_visible()
        assert len(rows.new()) == 2
        assert leaving.evaluate("indexedDB.databases().then((all) => all.length)") == 0

    def test_keeps_what_is_sealed_until_its_owner_is_back(
        self, leaving: Page, app: App, sign_in: Callable[..., None]
    ) -> None:
        rows = Rows(app, MIRA)
        leaving.get_by_role("button", name="Keep sealed").tap()
        expect(leaving.get_by_role("link", name="Sign in").first).to_be_visible()
        leaving.context.unroute_all()
        assert (waiting(leaving), rows.new()) == (2, [])
        sign_in(leaving)
        leaving.goto("/log/")
        wait_until_sent(leaving)
        assert len(rows.new()) == 2

    def test_deletes_what_waits(self, leaving: Page, app: App, sign_in: Callable[..., None]) -> None:
        rows = Rows(app, MIRA)
        leaving.get_by_role("button", name="Delete these 2 moments").tap()
        expect(leaving.get_by_role("link", name="Sign in").first).to_be_visible()
        leaving.context.unroute_all()
        assert (waiting(leaving), rows.new()) == (0, [])
        sign_in(leaving)
        get_ready(leaving)
        expect(leaving.locator("[data-outbox]")).to_be_hidden()

    def test_works_without_a_connection(self, mira: Page) -> None:
        mira.goto("/")
        mira.context.set_offline(True)
        mira.get_by_role("button", name="More").tap()
        mira.get_by_role("button", name="Sign out").tap()
        expect(mira.get_by_role("heading", name="Sign out")).to_be_visible()
        mira.get_by_role("button", name="Sign out").tap()
        expect(mira.get_by_role("heading", name="Signed out")).to_be_visible()
        mira.goto("/log/")
        expect(mira.get_by_text("This page works without one after you have signed in")).to_be_visible()
        assert "Pip" not in mira.content()
        mira.context.set_offline(False)
        mira.goto("/moments/")
        expect(mira).to_have_url(re.compile("/account/login/"))

    def test_a_coach_is_signed_out_without_a_connection_too(
        self, phone: Page, sign_in: Callable[..., None]
    ) -> None:
        """Whoever never logged anything has no kit and no queue; the phone is nobody's at once all the same."""
        sign_in(phone, "cleo@example.org")
        phone.goto("/coach/")
        phone.wait_for_function("navigator.serviceWorker.ready.then(() => true)", timeout=20_000)
        wait_for(phone, lambda: bool(phone.evaluate("!!navigator.serviceWorker.controller")))
        phone.context.set_offline(True)
        phone.get_by_role("button", name="More").tap()
        phone.get_by_role("button", name="Sign out").tap()
        expect(phone.get_by_text("Nothing waits on this phone.")).to_be_visible()
        phone.get_by_role("button", name="Sign out").tap()
        expect(phone.get_by_role("heading", name="Signed out")).to_be_visible()
        phone.goto("/coach/")
        expect(phone.get_by_role("heading", name="No connection just now")).to_be_visible()
        phone.context.set_offline(False)
        phone.goto("/coach/")
        expect(phone).to_have_url(re.compile("/account/login/"))


class TestForgetting:
    def test_the_phone_asks_where_something_waits_and_then_holds_nothing(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.route(SYNC, lambda route: route.abort())
        put_many(mira, 2)
        mira.goto("/account/sessions/")
        mira.get_by_role("link", name="What this phone holds").tap()
        mira.get_by_role("button", name="Forget what this phone holds").tap()
        expect(mira.get_by_role("heading", name="2 moments are not sent yet")).to_be_visible()
        mira.get_by_role("button", name="Keep it here").tap()
        assert waiting(mira) == 2
        mira.get_by_role("button", name="Forget what this phone holds").tap()
        mira.get_by_role("button", name="Delete these 2 moments and forget").tap()
        expect(mira.get_by_role("heading", name="This phone holds nothing of yours")).to_be_visible()
        mira.context.unroute_all()
        assert (waiting(mira), rows.new(), mira.evaluate(HAS_KIT)) == (0, [], False)
        assert "kit-key" not in {cookie["name"] for cookie in mira.context.cookies()}
        mira.goto("/moments/")
        expect(mira).to_have_url(re.compile("/moments/$"))  # still signed in
        mira.context.set_offline(True)
        mira.goto("/log/")
        expect(mira.get_by_text("This page works without one after you have signed in")).to_be_visible()

    def test_it_does_so_at_once_where_nothing_waits(self, mira: Page) -> None:
        mira.goto("/waiting/")
        mira.get_by_role("button", name="Forget what this phone holds").tap()
        expect(mira.get_by_role("heading", name="This phone holds nothing of yours")).to_be_visible()
        assert not mira.evaluate(HAS_KIT)

    def test_the_worker_counts_the_thirty_days_where_nobody_signs_in(self, mira: Page) -> None:
        mira.context.route(SYNC, lambda route: route.abort())
        put_many(mira, 1)
        mira.goto("/")
        mira.get_by_role("button", name="More").tap()
        mira.get_by_role("button", name="Sign out").tap()
        mira.get_by_role("button", name="Keep sealed").tap()
        expect(mira.get_by_role("link", name="Sign in").first).to_be_visible()
        mira.goto("/account/login/")
        assert waiting(mira) == 1
        mira.evaluate(LONG_GONE)
        mira.goto("/account/login/")  # nobody's page, without a module of the outbox
        wait_for(mira, lambda: waiting(mira) == 0)


class TestNotInTheOutbox:
    """Without a connection these forms stay on the page, and say so."""

    def test_the_self_check_keeps_its_words(self, mira: Page) -> None:
        mira.goto("/check/")
        mira.locator("textarea[name=note]").fill("A week of small things.")
        mira.context.set_offline(True)
        mira.get_by_role("button", name="Save").tap()
        expect(mira.get_by_text("so this was not sent")).to_be_visible()
        expect(mira.locator("textarea[name=note]")).to_have_value("A week of small things.")
        mira.context.set_offline(False)
        mira.get_by_role("button", name="Save").tap()
        mira.wait_for_url("**/check/*/done/")

    def test_a_moment_that_was_not_deleted_is_still_there(self, mira: Page) -> None:
        tap(mira)
        mira.wait_for_url("**/log/saved/*/")
        mira.goto(mira.url.replace("/log/saved/", "/moments/"))
        mira.context.set_offline(True)
        mira.get_by_role("button", name="Delete").tap()
        expect(mira.get_by_text("so it was not deleted")).to_be_visible()
        mira.context.set_offline(False)
        mira.get_by_role("button", name="Delete").tap()
        expect(mira.get_by_role("heading", name="Deleted")).to_be_visible()


class TestTrouble:
    def test_a_draft_ends_with_the_plain_form_that_took_its_words_along(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        tap(mira)
        mira.get_by_role("link", name="Add more").tap()
        mira.wait_for_url("**/more/")
        mira.clock.install()
        mira.reload()
        mira.locator("textarea[name=note]").fill("First these words")
        mira.clock.run_for(10_000)
        wait_for(mira, lambda: waiting(mira) == 1)
        mira.locator("textarea[name=note]").fill("Then others, by the plain form.")
        mira.evaluate(
            "void (IDBObjectStore.prototype.add = () => { throw new DOMException('', 'UnknownError'); })"
        )
        mira.clock.resume()
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("Then others, by the plain form.")).to_be_visible()
        wait_for(mira, lambda: waiting(mira) == 0, 15)
        assert rows.new("o.revision") == [(2,)]
        mira.goto("/moments/drafts/")
        assert "First these words" not in mira.content()

    def test_a_full_phone_says_so_and_the_words_stay(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        tap(mira)
        mira.get_by_role("link", name="Add more").tap()
        mira.wait_for_url("**/more/")
        full = "void (IDBObjectStore.prototype.add = () => { throw new DOMException('', 'QuotaExceededError'); })"
        mira.evaluate(full)
        mira.locator("textarea[name=note]").fill("Too much for this phone.")
        mira.context.set_offline(True)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("This phone has no room left to keep it, and there")).to_be_visible()
        expect(mira.locator("textarea[name=note]")).to_have_value("Too much for this phone.")
        mira.context.set_offline(False)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("Too much for this phone.")).to_be_visible()
        assert rows.new("o.revision") == [(2,)]

    def test_a_phone_that_cleared_the_queue_is_caught_at_it(self, mira: Page) -> None:
        mira.context.set_offline(True)
        put_many(mira, 2)
        cdp = mira.context.new_cdp_session(mira)
        origin = mira.evaluate("location.origin")
        cdp.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "indexeddb"})
        mira.context.set_offline(False)
        mira.goto("/")
        expect(mira.get_by_text("This phone removed 2 unsent moments.")).to_be_visible()
        mira.get_by_text("This phone removed 2 unsent moments.").tap()
        mira.get_by_role("button", name="I have read this").tap()
        expect(mira.get_by_role("heading", name="Nothing waits here")).to_be_visible()

    def test_one_that_cannot_be_opened_blocks_nothing_and_is_kept(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        mira.context.set_offline(True)
        put_many(mira, 3)
        damage = """async () => {
          const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith("outbox-a_"));
          const db = await new Promise((done) => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => done(asked.result);
          });
          const ops = db.transaction("ops", "readwrite").objectStore("ops");
          const [row] = await new Promise((done) => {
            const asked = ops.getAll();
            asked.onsuccess = () => done(asked.result);
          });
          const at = row.sealed.length - 8;
          row.sealed = row.sealed.slice(0, at) + (row.sealed[at] === "A" ? "B" : "A") + row.sealed.slice(at + 1);
          await new Promise((done) => (ops.put(row).onsuccess = done));
          db.close();
        }"""
        mira.evaluate(damage)
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert len(rows.new()) == 2
        mira.goto("/moments/drafts/")
        expect(mira.get_by_role("heading", name="Waiting for a look from you")).to_be_visible()
        mira.get_by_role("button", name="Discard").first.tap()

    def test_an_old_page_meets_a_new_server(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        told = {"status": 426, "json": {"code": "protocol_too_old"}}
        mira.context.route(SYNC, lambda route: route.fulfill(**told))
        tap(mira)
        expect(mira.get_by_text("It goes with the new version of the page.")).to_be_visible()
        mira.wait_for_timeout(10_500)  # for so long it stays; the next occasion loads it anew
        expect(mira.get_by_role("heading", name=SAVED)).to_be_visible()
        with mira.expect_navigation():
            mira.evaluate("void dispatchEvent(new Event('online'))")
        mira.context.unroute_all()
        mira.goto("/log/")
        wait_until_sent(mira)
        assert len(rows.new()) == 1

    def test_and_keeps_what_is_half_typed(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        tap(mira)
        mira.get_by_role("link", name="Add more").tap()
        mira.wait_for_url("**/more/")
        mira.locator("textarea[name=note]").fill("Half a sen")
        told = {"status": 426, "json": {"code": "protocol_too_old"}}
        mira.context.route(SYNC, lambda route: route.fulfill(**told))
        put_many(mira, 1)
        with mira.expect_response(SYNC):
            mira.evaluate("void dispatchEvent(new Event('online'))")
        mira.wait_for_timeout(1_000)
        expect(mira.locator("textarea[name=note]")).to_have_value("Half a sen")
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("It goes with the new version of the page.")).to_be_visible()
        mira.context.unroute_all()
        mira.goto("/log/")
        wait_until_sent(mira)
        assert sorted(rows.new("o.revision")) == [(1,), (2,)]

    def test_without_a_worker_an_open_page_keeps_and_sends(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None], app: App
    ) -> None:
        rows = Rows(app, MIRA)
        page = open_phone(service_workers="block")
        sign_in(page)
        page.goto("/log/")
        wait_for(page, lambda: bool(page.evaluate(HAS_KIT)))
        page.context.set_offline(True)
        tap(page)
        expect(page.get_by_text("On this phone, waiting for a connection.")).to_be_visible()
        page.context.set_offline(False)
        wait_until_sent(page)
        assert len(rows.new()) == 1

    def test_without_a_database_the_plain_form_does_it(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None], app: App
    ) -> None:
        rows = Rows(app, MIRA)
        page = open_phone()
        page.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })")
        sign_in(page)
        page.goto("/log/")
        tap(page)
        page.get_by_role("link", name="Add more").tap()
        page.locator("textarea[name=note]").fill("Without a database.")
        page.get_by_role("button", name="Save").first.tap()
        expect(page.get_by_text("Without a database.")).to_be_visible()
        assert rows.new("o.revision") == [(2,)]
        page.goto("/log/")
        page.context.set_offline(True)
        page.get_by_role("button", name="We were in tune").tap()
        expect(page.get_by_text("this phone cannot keep it for you")).to_be_visible()


class TestHalfTyped:
    def test_words_typed_over_shared_ones_are_a_draft_until_they_are_a_moment(
        self, mira: Page, app: App
    ) -> None:
        rows = Rows(app, MIRA)
        mira.context.route("**/log/share/", as_from_another_app)
        mira.clock.install()
        for then in ("leave", "tap"):
            mira.goto("/log/")
            mira.evaluate(SHARE)
            note = mira.locator("form[data-keep=capture] textarea")
            expect(note).to_have_value("They laughed at the boat.")
            mira.clock.run_for(10_000)
            mira.wait_for_timeout(300)
            assert waiting(mira) == 0  # as they came, they are still in the other app
            note.fill("They laughed at the boat, twice.")
            mira.clock.run_for(10_000)
            wait_for(mira, lambda: waiting(mira) == 1)
            mira.clock.resume()
            if then == "leave":
                mira.get_by_role("link", name="Not now").tap()
                mira.wait_for_url(re.compile(r":\d+/$"))
            else:
                tap(mira)
                mira.wait_for_url("**/log/saved/*/")
            wait_until_sent(mira)
        assert len(rows.new()) == 1
        mira.goto("/moments/drafts/")
        assert "They laughed" not in mira.content()

    def test_a_sheet_that_came_back_goes_through_the_outbox_again(self, mira: Page, app: App) -> None:
        rows = Rows(app, MIRA)
        tap(mira)
        mira.get_by_role("link", name="Add more").tap()
        mira.wait_for_url("**/more/")
        mira.locator("textarea[name=note]").fill("x" * 5001)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.locator("form[data-keep=sheet][data-was]")).to_be_visible()
        mira.locator("textarea[name=note]").fill("Shorter now.")
        mira.context.set_offline(True)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("On this phone, waiting for a connection.")).to_be_visible()
        mira.context.set_offline(False)
        wait_until_sent(mira)
        assert rows.new("o.revision") == [(2,)]

    def test_a_killed_tab_loses_at_most_ten_seconds(self, mira: Page) -> None:
        tap(mira, "We missed each other")
        mira.get_by_role("link", name="Add more").tap()
        mira.clock.install()
        mira.reload()
        mira.locator("textarea[name=note]").fill("Half a sentence about the blue door")
        mira.clock.run_for(10_000)
        wait_for(mira, lambda: waiting(mira) == 1)
        other = mira.context.new_page()
        mira.close(run_before_unload=False)
        other.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=1))
        other.goto("/log/")
        wait_until_sent(other)
        other.goto("/moments/drafts/")
        expect(other.get_by_text("Half a sentence about the blue door")).to_be_visible()
        other.get_by_role("button", name="Discard").first.tap()

    def test_a_new_worker_takes_over_and_the_words_stay(self, mira: Page) -> None:
        tap(mira)
        mira.get_by_role("link", name="Add more").tap()
        mira.locator("textarea[name=note]").fill("Half a sen")
        look = """async (discreet) => {
          const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
          const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
          await fetch("/api/v1/me/", { method: "PATCH", headers, body: JSON.stringify({ discreet }) });
        }"""
        changed = """() => new Promise((done) => {
          navigator.serviceWorker.addEventListener("controllerchange", () => done(true), { once: true });
          navigator.serviceWorker.getRegistration().then((worker) => worker.update());
        })"""
        mira.evaluate(look, True)
        assert mira.evaluate(changed)
        expect(mira.locator("textarea[name=note]")).to_have_value("Half a sen")
        mira.evaluate(look, False)
        mira.get_by_role("button", name="Save").first.tap()
        expect(mira.get_by_text("Half a sen")).to_be_visible()
