"""The page on which somebody asks for reminders, and where a phone says what became of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from households.models import Child
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import Answer, public_key
from reminders.selectors import digest_of
from tests.reminders.conftest import PhoneKeys

pytestmark = pytest.mark.django_db
HERE = "/account/reminders/"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/one"


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


def switch_on(browser: Client, endpoint: str = ENDPOINT) -> Any:
    target = PhoneKeys().target(endpoint)
    sent = {"endpoint": target.endpoint, "p256dh": target.p256dh, "auth": target.auth}
    return browser.post(f"{HERE}device/", sent, follow=True)


class TestPage:
    def test_asks_for_nothing_by_itself(self, browser: Client) -> None:
        page = browser.get(HERE)
        assert page.status_code == 200
        assert f'data-push-key="{public_key()}"' in page.content.decode()
        assert b" selected>20:30" not in page.content
        assert b"Take a month off" not in page.content
        assert not ReminderChoices.objects.exists()

    def test_keeps_what_was_chosen(self, browser: Client) -> None:
        ticked = {"week_ready": "on", "something_new": "on"}
        sent = {"evening_at": "20:30", **ticked, "quiet_from": "17:00", "quiet_until": "19:30"}
        page = browser.post(HERE, sent, follow=True)
        assert b"Saved." in page.content
        assert b"No device takes them yet" in page.content
        row = ReminderChoices.objects.get()
        assert (row.evening_at, row.quiet_until) == (time(20, 30), time(19, 30))
        assert (row.week_ready, row.something_new) == (True, True)
        assert b'<option value="20:30" selected>' in page.content

    def test_says_on_the_field_what_makes_no_sense_and_keeps_the_rest(self, browser: Client) -> None:
        page = browser.post(HERE, {"moment_from": "17:00", "moment_until": "09:00", "evening_at": "21:00"})
        assert page.status_code == 422
        assert b"later than the first time" in page.content
        assert b'<option value="21:00" selected>' in page.content

    @pytest.mark.parametrize("wrong", [{"evening_at": "25:00"}, {"evening_at": "20:31"}, {"quiet_from": "x"}])
    def test_takes_no_time_that_it_does_not_offer(self, browser: Client, wrong: dict[str, str]) -> None:
        assert browser.post(HERE, wrong).status_code == 422

    def test_says_that_it_asks_less_and_goes_back_in_one_tap(self, browser: Client) -> None:
        browser.post(HERE, {"evening_at": "20:30"})
        ReminderChoices.objects.update(ignored=3)
        assert b"Now every second day" in browser.get(HERE).content
        browser.post(f"{HERE}rest/", {"go_on": "1"})
        assert b"Now every second day" not in browser.get(HERE).content

    def test_a_month_off_is_one_tap(self, browser: Client) -> None:
        browser.post(HERE, {"evening_at": "20:30"})
        page = browser.post(f"{HERE}rest/", follow=True)
        assert b"A rest until" in page.content
        assert b"Take a month off" not in page.content

    def test_without_a_key_it_says_that_none_are_sent(self, browser: Client, settings: Any) -> None:
        settings.PUSH_KEY = ""
        page = browser.get(HERE)
        assert b"sends no reminders" in page.content
        assert b"<form class" not in page.content.partition(b'id="main"')[2].partition(b"<nav")[0]

    def test_loads_its_script_and_no_other_page_does(self, browser: Client) -> None:
        assert b"js/reminders" in browser.get(HERE).content
        assert b"js/reminders" not in browser.get("/").content


class TestDevice:
    def test_takes_them_from_a_tap_on(self, browser: Client) -> None:
        page = switch_on(browser)
        assert b"This device takes your reminders." in page.content
        assert b"Stop here" in page.content
        assert b"data-push-key" not in page.content
        assert ENDPOINT.encode() not in page.content

    def test_says_what_was_wrong_with_what_the_browser_gave(self, browser: Client) -> None:
        page = switch_on(browser, "https://169.254.169.254/latest/meta-data/")
        assert b"We do not know the service" in page.content
        assert not PushAddress.objects.exists()

    def test_stops_without_javascript(self, browser: Client) -> None:
        switch_on(browser)
        page = browser.post(f"{HERE}device/end/", {"address": PushAddress.objects.get().pk}, follow=True)
        assert b"No reminders come there any more." in page.content
        assert not PushAddress.objects.exists()

    def test_nobody_stops_anothers(self, browser: Client, client_of: Any, co_parent: User) -> None:
        switch_on(browser)
        theirs = client_of(co_parent).post(f"{HERE}device/end/", {"address": PushAddress.objects.get().pk})
        assert theirs.status_code == 404
        assert PushAddress.objects.count() == 1

    @pytest.mark.parametrize("answer", [Answer.TAKEN, Answer.GONE, Answer.LATER])
    def test_can_be_tried_out(self, browser: Client, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
        monkeypatch.setattr("frontend.views.reminders.send_try", lambda **_: answer)
        said = {
            Answer.TAKEN: b"It is on its way",
            Answer.GONE: b"cannot be reached any more",
            Answer.LATER: b"did not go through",
        }[answer]
        assert said in browser.post(f"{HERE}try/", follow=True).content


class TestNoted:
    @pytest.fixture
    def prompt(self, parent: User) -> Prompt:
        now: datetime = timezone.now()
        return Prompt.objects.create(
            user=parent,
            day=now.date(),
            kind="evening",
            state="sent",
            due_at=now,
            expires_at=now + timedelta(hours=1),
            secret_digest=digest_of("s" * 32),
        )

    def test_a_phone_needs_no_sign_in_to_say_it(self, client: Client, prompt: Prompt) -> None:
        for said in ("shown", "opened"):
            assert client.post(f"{HERE}noted/", {"secret": "s" * 32, "said": said}).status_code == 204
        prompt.refresh_from_db()
        assert prompt.shown_at
        assert prompt.answered_at
        assert not client.cookies

    @pytest.mark.parametrize(
        "sent",
        [{}, {"secret": "x", "said": "opened"}, {"secret": "s" * 32, "said": "dance"}, {"secret": "x" * 99}],
    )
    def test_everything_else_is_answered_alike_and_changes_nothing(
        self, client: Client, prompt: Prompt, sent: dict[str, str]
    ) -> None:
        answer = client.post(f"{HERE}noted/", sent)
        assert (answer.status_code, answer.content) == (204, b"")
        prompt.refresh_from_db()
        assert prompt.shown_at is None

    def test_nothing_to_note_is_offered_on_the_evenings_sheet_alone(
        self, browser: Client, prompt: Prompt
    ) -> None:
        assert b"Nothing to note today" not in browser.get("/log/").content
        assert b"Nothing to note today" in browser.get("/log/?evening=1").content
        page = browser.post(f"{HERE}nothing/", follow=True)
        assert b"That is an answer too." in page.content


class TestInstallHint:
    def test_comes_once_something_was_noted(self, browser: Client, record: Callable[..., Any]) -> None:
        assert b"data-install" not in browser.get("/").content
        record(now=timezone.now())
        assert b"data-install hidden" in browser.get("/").content

    @pytest.mark.parametrize("no", ["discreet", "dismissed"])
    def test_never_in_discreet_mode_and_never_again(
        self, browser: Client, parent: User, record: Callable[..., Any], no: str
    ) -> None:
        record(now=timezone.now())
        if no == "discreet":
            User.objects.filter(pk=parent.pk).update(discreet=True)
        else:
            browser.cookies["no-install-hint"] = "1"
        page = browser.get("/").content
        assert b"data-install" not in page
        assert b"js/install" not in page

    def test_never_during_capture(self, browser: Client, record: Callable[..., Any]) -> None:
        record(now=timezone.now())
        assert b"data-install" not in browser.get("/log/").content
