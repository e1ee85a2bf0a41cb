"""Capture: two taps and the phone goes down."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Child, Household
from households.services import add_child, archive_child
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User) -> Client:
    return client_of(parent)


@pytest.fixture
def tap(browser: Client, child: Child, now: datetime) -> Callable[..., Any]:
    """Sends the sheet as the page does."""

    def send(tone: str = "in_tune", **fields: Any) -> Any:
        data = {
            "child": child.public_id,
            "tone": tone,
            "moment_id": uuid.uuid4(),
            "opened_at": now.isoformat(),
        }
        return browser.post("/log/", {**data, **fields})

    return send


@pytest.fixture
def add_third(parent: User, household: Household, now: datetime) -> Callable[[], Child]:
    def add() -> Child:
        return add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname="Bee",
            birth_month=date(2024, 2, 1),
            now=now,
        )

    return add


class TestTheSheet:
    def test_asks_for_no_child_when_there_is_one(self, browser: Client, child: Child) -> None:
        page = browser.get("/log/")
        assert page.status_code == 200
        assert 'type="radio"' not in page.content.decode()
        assert f'name="child" value="{child.public_id}"' in page.content.decode()

    def test_has_three_buttons_a_fresh_id_and_the_time_it_was_opened(
        self, browser: Client, child: Child, now: datetime
    ) -> None:
        page = browser.get("/log/")
        for tone in ("in_tune", "missed", "came_back"):
            assert f'name="tone" value="{tone}"' in page.content.decode()
        assert page.context["opened_at"] == now
        assert page.context["moment_id"] != browser.get("/log/").context["moment_id"]

    def test_preselects_the_child_logged_last(
        self, browser: Client, second_child: Child, record: Callable[..., Observation]
    ) -> None:
        record(child_id=second_child.public_id)
        assert browser.get("/log/").context["chosen_child"] == second_child.public_id

    def test_offers_several_children_at_once_after_each_of_them(
        self, browser: Client, second_child: Child, add_third: Callable[[], Child]
    ) -> None:
        page = browser.get("/log/").content.decode()
        assert re.findall(r'name="child" value="([^"]+)"', page)[-1] == "all"
        assert "<span>Both</span>" in page
        add_third()
        assert "<span>All</span>" in browser.get("/log/").content.decode()

    def test_a_miss_is_mended_with_one_child(
        self, browser: Client, second_child: Child, record: Callable[..., Observation]
    ) -> None:
        sheet = browser.get(f"/log/?repairs={record(tone='missed').public_id}").content.decode()
        assert f'name="child" value="{second_child.public_id}"' in sheet
        assert 'value="all"' not in sheet

    def test_a_shortcut_suggests_a_tone_and_writes_nothing(self, browser: Client, child: Child) -> None:
        page = browser.get("/log/?tone=missed")
        assert "data-suggested" in page.content.decode()
        assert not Observation.objects.exists()

    def test_leads_somebody_without_a_child_to_the_welcome(
        self, client_of: Callable[[User], Client], stranger: User, parent: User, child: Child, now: datetime
    ) -> None:
        assert client_of(stranger).get("/log/").headers["Location"] == reverse("welcome")
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert client_of(parent).get("/log/").headers["Location"] == reverse("welcome")


class TestSaving:
    def test_saves_at_once_and_goes_to_phone_down(
        self, tap: Callable[..., Any], browser: Client, child: Child, now: datetime
    ) -> None:
        response = tap("came_back")
        moment = Observation.objects.get()
        assert (moment.tone, moment.child, moment.occurred_at) == ("came_back", child, now)
        assert response.status_code == 303
        assert response.headers["Location"] == f"/log/saved/{moment.public_id}/"
        assert "Saved. Phone down." in browser.get(response.headers["Location"]).content.decode()

    def test_sent_twice_records_once(self, tap: Callable[..., Any]) -> None:
        moment_id = uuid.uuid4()
        first, second = tap(moment_id=moment_id), tap(moment_id=moment_id)
        assert first.headers["Location"] == second.headers["Location"]
        assert Observation.objects.count() == 1

    def test_a_second_tap_on_another_button_is_told_and_can_be_saved_by_one_more(
        self, tap: Callable[..., Any]
    ) -> None:
        moment_id = uuid.uuid4()
        tap("in_tune", moment_id=moment_id)
        told = tap("missed", moment_id=moment_id)
        assert told.status_code == 409
        assert "saved already" in told.content.decode()
        tap("missed", moment_id=told.context["moment_id"])
        assert list(Observation.objects.order_by("id").values_list("tone", flat=True)) == [
            "in_tune",
            "missed",
        ]

    def test_the_moment_was_when_the_sheet_was_opened(self, tap: Callable[..., Any], now: datetime) -> None:
        opened = now - timedelta(minutes=25)
        tap(opened_at=opened.isoformat())
        assert Observation.objects.get().occurred_at == opened

    def test_a_page_without_scripts_may_leave_the_time_out(
        self, tap: Callable[..., Any], now: datetime
    ) -> None:
        tap(opened_at="")
        assert Observation.objects.get().occurred_at == now

    def test_a_miss_says_nothing_but_saved(self, tap: Callable[..., Any], browser: Client) -> None:
        page = browser.get(tap("missed").headers["Location"]).content.decode()
        assert "We missed each other" in page
        assert "practice" not in page.lower()

    def test_coming_back_from_a_miss_is_linked_to_it(
        self, tap: Callable[..., Any], browser: Client, record: Callable[..., Observation]
    ) -> None:
        missed = record(tone="missed")
        sheet = browser.get(f"/log/?repairs={missed.public_id}")
        assert sheet.context["suggested_tone"] == "came_back"
        tap("came_back", repairs=missed.public_id)
        assert Observation.objects.get(tone="came_back").repairs == missed

    def test_another_tone_drops_the_link(
        self, tap: Callable[..., Any], record: Callable[..., Observation]
    ) -> None:
        tap("in_tune", repairs=record(tone="missed").public_id)
        assert Observation.objects.get(tone="in_tune").repairs is None


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("tone", ""),
            ("tone", "bad"),
            ("child", ""),
            ("child", "not-an-id"),
            ("child", "x\x00y"),
            ("moment_id", "1"),
            ("moment_id", ""),
            ("opened_at", "half past"),
            ("opened_at", "2026-11-18T19:30:00+99:99"),
            ("opened_at", "9999-12-31T23:59:59-12:00"),
            ("opened_at", "0001-01-01T00:00:00+12:00"),
            ("repairs", "1"),
        ],
    )
    def test_shows_the_sheet_again_with_an_error(
        self, tap: Callable[..., Any], field: str, value: str
    ) -> None:
        response = tap(**{field: value})
        assert response.status_code == 422
        assert 'role="alert"' in response.content.decode()
        assert not Observation.objects.exists()

    def test_keeps_the_child_and_the_id_that_were_sent(
        self, tap: Callable[..., Any], second_child: Child
    ) -> None:
        moment_id = uuid.uuid4()
        page = tap("", child=second_child.public_id, moment_id=moment_id)
        assert page.context["chosen_child"] == second_child.public_id
        assert page.context["moment_id"] == moment_id

    def test_a_phone_whose_clock_runs_ahead_can_save_with_its_second_tap(
        self, tap: Callable[..., Any], now: datetime
    ) -> None:
        page = tap(opened_at=(now + timedelta(days=1)).isoformat())
        assert page.status_code == 422
        assert "data-opened-at" not in page.content.decode()
        assert tap(opened_at=page.context["opened_at"].isoformat()).status_code == 303

    def test_a_time_before_the_child_was_born_is_an_error(self, tap: Callable[..., Any]) -> None:
        assert tap(opened_at="1999-01-01T00:00:00+00:00").status_code == 422

    def test_an_unknown_child_is_not_there(self, tap: Callable[..., Any]) -> None:
        assert tap(child=uuid.uuid4()).status_code == 404


class TestUndo:
    def test_takes_the_moment_back_and_returns_to_the_sheet(
        self, tap: Callable[..., Any], browser: Client
    ) -> None:
        tap()
        moment = Observation.objects.get()
        response = browser.post(f"/log/saved/{moment.public_id}/undo/")
        assert response.status_code == 303
        assert response.headers["Location"] == "/log/"
        moment.refresh_from_db()
        assert moment.deleted_at is not None
        page = browser.get("/log/").content.decode()
        assert page.count("Taken back.") == 1
        assert "data-toast" not in page, "nothing hovers over the question, the buttons or the way out"

    def test_is_there_without_scripts_and_only_ever_sent(
        self, tap: Callable[..., Any], browser: Client
    ) -> None:
        saved = tap().headers["Location"]
        assert f'<form method="post" action="{saved}undo/" ' in browser.get(saved).content.decode()
        assert browser.get(f"{saved}undo/").status_code == 405
        assert Observation.objects.get().deleted_at is None

    def test_nobody_else_takes_it_back(
        self, tap: Callable[..., Any], client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        saved = tap().headers["Location"]
        Observation.objects.update(visibility="household")
        assert client_of(co_parent).post(f"{saved}undo/").status_code == 404
        assert client_of(co_parent).get(saved).status_code == 404
        assert Observation.objects.get().deleted_at is None

    def test_what_was_taken_back_has_no_saved_page(self, tap: Callable[..., Any], browser: Client) -> None:
        saved = tap().headers["Location"]
        browser.post(f"{saved}undo/")
        assert browser.get(saved).status_code == 404
        assert browser.post(f"{saved}undo/").status_code == 404


class TestSeveralChildren:
    def test_one_tap_saves_a_moment_with_each(
        self, tap: Callable[..., Any], browser: Client, child: Child, second_child: Child
    ) -> None:
        moment_id = uuid.uuid4()
        response = tap("came_back", child="all", moment_id=moment_id)
        assert response.headers["Location"] == f"/log/saved/{moment_id}/"
        assert [m.child for m in Observation.objects.order_by("id")] == [child, second_child]
        page = browser.get(response.headers["Location"]).content.decode()
        assert "One moment with each: Pip, Moth" in page
        assert "Add more for Pip" in page

    def test_a_moment_with_one_child_says_no_more_than_before(
        self, tap: Callable[..., Any], browser: Client, second_child: Child
    ) -> None:
        page = browser.get(tap().headers["Location"]).content.decode()
        assert "Pip" not in page

    def test_sent_twice_records_once_with_each(self, tap: Callable[..., Any], second_child: Child) -> None:
        moment_id = uuid.uuid4()
        first, second = (tap(child="all", moment_id=moment_id) for _ in range(2))
        assert first.headers["Location"] == second.headers["Location"]
        assert Observation.objects.count() == 2

    def test_undo_takes_all_of_them_back(
        self, tap: Callable[..., Any], browser: Client, second_child: Child
    ) -> None:
        browser.post(tap(child="all").headers["Location"] + "undo/")
        assert Observation.objects.filter(deleted_at__isnull=False).count() == 2

    def test_adding_more_is_about_the_first_and_says_whom(
        self, tap: Callable[..., Any], browser: Client, second_child: Child
    ) -> None:
        moment_id = uuid.uuid4()
        tap(child="all", moment_id=moment_id)
        sheet = browser.get(f"/moments/{moment_id}/more/").content.decode()
        assert "Pip" in sheet
        assert "Moth" not in sheet

    def test_the_sheet_remembers_that_it_was_everybody(
        self, tap: Callable[..., Any], browser: Client, second_child: Child, add_third: Callable[[], Child]
    ) -> None:
        tap(child="all")
        page = browser.get("/log/")
        assert page.context["chosen_child"] == "all"
        assert 'value="all" checked' in page.content.decode()
        add_third()
        assert browser.get("/log/").context["chosen_child"] != "all"

    def test_with_one_child_left_it_is_that_child(self, tap: Callable[..., Any], child: Child) -> None:
        tap(child="all")
        assert Observation.objects.get().child == child

    def test_a_link_to_a_miss_is_dropped(
        self, tap: Callable[..., Any], second_child: Child, record: Callable[..., Observation]
    ) -> None:
        tap("came_back", child="all", repairs=record(tone="missed").public_id)
        assert set(Observation.objects.filter(tone="came_back").values_list("repairs", flat=True)) == {None}

    def test_a_refused_sheet_keeps_everybody_chosen(
        self, tap: Callable[..., Any], second_child: Child
    ) -> None:
        page = tap("", child="all")
        assert page.status_code == 422
        assert page.context["chosen_child"] == "all"
        assert not Observation.objects.exists()
