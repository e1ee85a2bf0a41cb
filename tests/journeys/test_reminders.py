"""A reminder on a real phone: asked for by a tap, shown with neutral words, and a click leads where it should.

A browser without a screen has no push service of its own, so what it would answer is put in its place; the message then
comes in as from one, to the real service worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import App
from tests.journeys.phone import tap, wait_for
from tests.reminders.conftest import PhoneKeys

ENDPOINT = "https://fcm.googleapis.com/fcm/send/a-browser-without-a-screen"
SUBSCRIBE = """(keys) => {
  PushManager.prototype.subscribe = async function (asked) {
    globalThis.asked = { visible: asked.userVisibleOnly, bytes: asked.applicationServerKey.length };
    return { toJSON: () => ({ endpoint: keys.endpoint, keys }) };
  };
}"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, icon, actions }) => ({ title, body, tag, icon, actions }))"""
CLICK = """async (action) => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
}"""
MAKE = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from reminders.models import Prompt
from reminders.selectors import digest_of
now = timezone.now()
Prompt.objects.all().delete()
Prompt.objects.create(user=User.objects.get(email="mira@example.org"), day=now.date(), kind="evening", state="sent",
    due_at=now, expires_at=now + timedelta(hours=1), secret_digest=digest_of("a secret of this test"))
"""
READ = """
from reminders.models import Prompt
prompt = Prompt.objects.get()
print("shown", prompt.shown_at is not None, "answered", prompt.answered_at is not None)
"""
MESSAGE = {
    "title": "Attune",
    "body": "A quiet minute for your notes, if you like.",
    "url": "/log/?evening=1",
    "icon": "",
    "badge": "",
    "actions": [{"action": "later", "title": "Later"}, {"action": "nothing", "title": "Nothing today"}],
    "secret": "a secret of this test",
}


def stub(page: Page) -> None:
    target = PhoneKeys().target(ENDPOINT)
    keys = {"endpoint": target.endpoint, "p256dh": target.p256dh, "auth": target.auth}
    page.add_init_script(f"({SUBSCRIBE})({json.dumps(keys)})")


class Worker:
    """What the browser tells of the page's service worker."""

    def __init__(self, page: Page, app: App) -> None:
        self.page, self.app = page, app
        self.registration, self.is_running = "", False
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.on("ServiceWorker.workerRegistrationUpdated", self._of_registrations)
        self.cdp.on("ServiceWorker.workerVersionUpdated", self._of_versions)
        self.cdp.send("ServiceWorker.enable")

    def _of_registrations(self, event: Any) -> None:
        for one in event["registrations"]:
            self.registration = self.registration if one["isDeleted"] else one["registrationId"]

    def _of_versions(self, event: Any) -> None:
        for one in event["versions"]:
            if one["status"] == "activated":
                self.is_running = one["runningStatus"] == "running"

    def start(self) -> None:
        """What comes for a worker that a busy machine cannot start in time, the browser drops."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_for(self.page, lambda: self.registration != "")
        self.cdp.send("ServiceWorker.startWorker", {"scopeURL": f"{self.app.url}/"})
        wait_for(self.page, lambda: self.is_running)

    def push(self, message: str) -> None:
        which = {"origin": self.app.url, "registrationId": self.registration}
        self.cdp.send("ServiceWorker.deliverPushMessage", {**which, "data": message})


def deliver(page: Page, app: App, message: str) -> None:
    """A message comes in to the service worker, as from a push service, and is shown."""
    worker = Worker(page, app)
    worker.start()
    for _time in range(3):
        worker.push(message)
        # Asked for it while it is being put on the screen, the browser forgets it: so not at once, and again.
        page.wait_for_timeout(1_000)
        if [(one["title"], one["body"]) for one in page.evaluate(SHOWN)] == [words_of(message)]:
            return
    raise AssertionError("it was not shown")


def words_of(message: str) -> tuple[str, str]:
    """What is to be seen of a message, damaged or not."""
    try:
        told = dict(json.loads(message))
    except ValueError:
        told = {}
    return told.get("title", "Notes"), told.get("body", "")


@pytest.fixture
def allowed(phone: Page, app: App, sign_in: Callable[..., None]) -> Page:
    """Signed in on a phone that allows reminders."""
    phone.context.grant_permissions(["notifications"], origin=app.url)
    stub(phone)
    sign_in(phone)
    return phone


class TestSwitchingOn:
    def test_takes_one_tap_and_ends_with_another(self, allowed: Page) -> None:
        allowed.goto("/account/reminders/")
        allowed.get_by_role("button", name="Switch on for this device").click()
        expect(allowed.get_by_text("This device takes your reminders.")).to_be_visible()
        allowed.get_by_role("button", name="Stop here").click()
        expect(allowed.get_by_role("button", name="Switch on for this device")).to_be_visible()

    def test_a_browser_that_refuses_is_taken_at_its_word(
        self, phone: Page, sign_in: Callable[..., None]
    ) -> None:
        phone.add_init_script("Notification.requestPermission = async () => 'denied'")
        sign_in(phone)
        phone.goto("/account/reminders/")
        phone.get_by_role("button", name="Switch on for this device").click()
        expect(phone.get_by_text("This browser keeps reminders from us.")).to_be_visible()

    def test_without_javascript_it_says_so_and_choosing_works(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone(java_script_enabled=False)
        sign_in(page)
        page.goto("/account/reminders/")
        expect(page.get_by_text("Here it cannot be switched on")).to_be_visible()
        expect(page.get_by_role("button", name="Switch on for this device")).to_be_hidden()
        page.get_by_label("In the evening").select_option("20:30")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_role("button", name="Take a month off").click()
        expect(page.get_by_role("heading", name="A rest until")).to_be_visible()
        page.get_by_role("button", name="Remind me again").click()
        expect(page.get_by_role("heading", name="A rest until")).to_be_hidden()


class TestAReminder:
    def test_is_shown_as_it_came_and_a_click_opens_the_evenings_sheet(self, allowed: Page, app: App) -> None:
        app.manage("shell", "-c", MAKE)
        allowed.goto("/")
        deliver(allowed, app, json.dumps(MESSAGE))
        (shown,) = allowed.evaluate(SHOWN)
        assert (shown["title"], shown["body"]) == ("Attune", MESSAGE["body"])
        assert [action["title"] for action in shown["actions"]] == ["Later", "Nothing today"]
        worker_of(allowed.context).evaluate(CLICK, "")
        allowed.wait_for_url("**/log/?evening=1")
        expect(allowed.get_by_role("button", name="Nothing to note today")).to_be_visible()
        assert allowed.evaluate(SHOWN) == []
        assert "shown True answered True" in app.manage("shell", "-c", READ)

    def test_an_answer_on_the_lock_screen_opens_nothing(self, allowed: Page, app: App) -> None:
        app.manage("shell", "-c", MAKE)
        allowed.goto("/")
        deliver(allowed, app, json.dumps(MESSAGE))
        worker_of(allowed.context).evaluate(CLICK, "nothing")
        allowed.wait_for_function(f"({SHOWN})().then((all) => all.length === 0)")
        allowed.wait_for_timeout(300)  # long enough to have gone somewhere
        assert allowed.url == f"{app.url}/"
        assert "shown True answered True" in app.manage("shell", "-c", READ)

    def test_the_next_one_takes_the_place_of_one_that_is_there(self, allowed: Page, app: App) -> None:
        allowed.goto("/")
        deliver(allowed, app, json.dumps({**MESSAGE, "secret": ""}))
        deliver(allowed, app, json.dumps({**MESSAGE, "secret": "", "body": "Your week is ready."}))
        allowed.wait_for_function(f"({SHOWN})().then(([one]) => one.body === 'Your week is ready.')")

    @pytest.mark.parametrize(
        "damaged", ["", "not json", "[]", '{"title": "Notes", "url": "https://evil.example/"}']
    )
    def test_one_that_cannot_be_read_says_nothing_and_leads_nowhere_else(
        self, allowed: Page, app: App, damaged: str
    ) -> None:
        allowed.goto("/account/choices/")
        deliver(allowed, app, damaged)
        (shown,) = allowed.evaluate(SHOWN)
        assert (shown["title"], shown["body"]) == ("Notes", "")
        allowed.goto("/")
        worker_of(allowed.context).evaluate(CLICK, "")
        allowed.wait_for_function(f"({SHOWN})().then((all) => all.length === 0)")
        assert allowed.url == f"{app.url}/"


def worker_of(context: BrowserContext) -> Any:
    return context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")


class TestTheManifest:
    def test_the_browser_finds_nothing_wrong_with_it(self, allowed: Page) -> None:
        allowed.goto("/")
        cdp = allowed.context.new_cdp_session(allowed)
        assert cdp.send("Page.getAppManifest")["errors"] == []
        # A browser that keeps nothing installs nothing; there is no other reason.
        wrong = cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert {error["errorId"] for error in wrong} <= {"in-incognito"}

    def test_the_hint_comes_when_the_browser_offers_it_and_goes_for_good(self, allowed: Page) -> None:
        allowed.goto("/log/")
        tap(allowed)
        allowed.goto("/")
        hint = allowed.locator("[data-install]")
        expect(hint).to_be_hidden()
        allowed.evaluate(
            "() => dispatchEvent(Object.assign(new Event('beforeinstallprompt', { cancelable: true }),"
            " { prompt() { globalThis.asked = true; } }))"
        )
        expect(hint).to_be_visible()
        hint.get_by_role("button", name="Add it").click()
        assert allowed.evaluate("globalThis.asked")
        hint.get_by_role("button", name="No, thank you").click()
        expect(hint).to_have_count(0)
        allowed.reload()
        expect(hint).to_have_count(0)
