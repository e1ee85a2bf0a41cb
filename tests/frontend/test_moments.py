"""One moment, and what its author may do with it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from checklists.rules import Absence, Dimension
from households.models import Child, Household
from observations.models import Observation, Revision
from observations.services import choose_focus, delete_moment, edit_moment, restore_moment
from observations.when import Said

pytestmark = pytest.mark.usefixtures("that_evening")
Record = Callable[..., Observation]


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def save(browser: Client) -> Callable[..., Any]:
    """Opens a sheet and sends it back as a browser would, with some fields changed; None leaves a field out."""

    def send(moment: Observation, page: str = "more", **changed: Any) -> Any:
        path = f"/moments/{moment.public_id}/{page}/"
        form = browser.get(path).context["form"]
        held = {field.html_name: field.value() for field in form}
        data = {name: value for name, value in {**held, **changed}.items() if value is not None}
        return browser.post(path, data)

    return send


def queries_of(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


class TestOneMoment:
    def test_shows_everything_in_words(self, browser: Client, record: Record) -> None:
        moment = record(
            details={
                "contexts": ["bedtime"],
                "cues": ["held"],
                "feelings": ["sad"],
                "ratings": {"needs": 4, "self": 2, "safety": Absence.NOT_SEEN},
                "note": "First line\nsecond line",
            }
        )
        page = browser.get(f"/moments/{moment.public_id}/").content.decode()
        for words in ("Bedtime", "Sad", "Mostly", "Stretched", "Could not tell", "First line\nsecond line"):
            assert words in page

    def test_shows_own_state_to_its_author_alone(
        self, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        moment = record(details={"ratings": {"needs": 4, "self": 1}, "visibility": "household"})
        page = client_of(co_parent).get(f"/moments/{moment.public_id}/").content.decode()
        assert "Mostly" in page
        assert "Running on empty" not in page
        assert f"/moments/{moment.public_id}/edit/" not in page

    def test_has_nothing_of_it_in_its_title(self, browser: Client, record: Record, child: Child) -> None:
        moment = record(details={"note": "Secret words"})
        page = browser.get(f"/moments/{moment.public_id}/").content.decode()
        assert page[page.index("<title>") : page.index("</title>")] == "<title>Attune"


class TestMore:
    def test_an_untouched_sheet_changes_nothing_but_that_the_question_was_skipped(
        self, save: Callable[..., Any], record: Record
    ) -> None:
        moment = record(details={"contexts": ["play"], "cues": ["held"], "note": "As it was"})
        assert save(moment).status_code == 303
        moment.refresh_from_db()
        assert moment.note == "As it was"
        assert {tick.key for tick in moment.ticks.all()} == {"play", "held"}
        assert [(r.dimension, r.absence) for r in moment.ratings.all()] == [("needs", "skipped")]

    def test_keeps_everything_that_was_added(self, save: Callable[..., Any], record: Record) -> None:
        moment = record(tone="missed")
        response = save(
            moment,
            contexts=["bedtime", "night"],
            cues=["distracted"],
            feelings=["tired"],
            rating_needs="2",
            rating_safety="not_seen",
            rating_self="3",
            note="A long day.\n\nTomorrow again.",
            visibility="household",
        )
        assert response.headers["Location"] == f"/moments/{moment.public_id}/?saved"
        moment.refresh_from_db()
        assert {tick.key for tick in moment.ticks.all()} == {"bedtime", "night", "distracted", "tired"}
        answers = {r.dimension: r.value or r.absence for r in moment.ratings.all()}
        assert answers == {"needs": 2, "safety": "not_seen", "self": 3}
        assert (moment.note, moment.visibility) == ("A long day.\n\nTomorrow again.", "household")

    def test_not_seen_skipped_and_never_asked_are_three_things(
        self, save: Callable[..., Any], record: Record
    ) -> None:
        moment = record()
        save(moment, rating_openness="not_seen")
        answers = {r.dimension: r.absence for r in moment.ratings.all()}
        assert answers == {"needs": "skipped", "openness": "not_seen"}

    def test_an_answer_can_be_taken_back(self, save: Callable[..., Any], record: Record) -> None:
        moment = record(details={"ratings": {"safety": 5}})
        save(moment, rating_safety="none")
        assert not moment.ratings.filter(dimension="safety").exists()

    def test_asks_about_the_members_focus(
        self, browser: Client, record: Record, parent: User, household: Household, now: datetime
    ) -> None:
        choose_focus(
            actor_id=parent.pk, household_id=household.public_id, dimension=Dimension.SAFETY, now=now
        )
        page = browser.get(f"/moments/{record().public_id}/more/")
        assert page.context["asked"].name == "rating_safety"
        assert len(page.context["others"]) == 5
        assert page.context["own_state"].name == "rating_self"

    def test_asks_about_comfort_when_the_child_was_hurt(self, browser: Client, record: Record) -> None:
        moment = record(details={"contexts": ["hurt_ill"]})
        assert browser.get(f"/moments/{moment.public_id}/more/").context["asked"].name == "rating_comfort"

    def test_marks_the_chips_that_bring_comfort_forward(self, browser: Client, record: Record) -> None:
        page = browser.get(f"/moments/{record().public_id}/more/").content.decode()
        marked = re.findall(r'value="(\w+)"[^>]*data-asks-comfort', page)
        assert marked == ["hurt_ill", "hurt", "afraid"]

    def test_puts_the_question_in_words_for_the_childs_age(
        self, browser: Client, record: Record, second_child: Child
    ) -> None:
        moment = record(child_id=second_child.public_id)
        page = browser.get(f"/moments/{moment.public_id}/more/").content.decode()
        assert "Did my child show me: by bringing it to me, pointing or protesting?" in page

    def test_shows_six_ticks_of_the_tone_with_the_recent_ones_first(
        self, browser: Client, record: Record
    ) -> None:
        record(details={"cues": ["asked_for_help"]})
        groups = browser.get(f"/moments/{record().public_id}/more/").context["form"].fields["cues"].choices
        single = [key for key, label in groups if isinstance(label, str)]
        assert len(single) == 6
        assert single[0] == "asked_for_help"

    @pytest.mark.parametrize(
        ("fields", "occurred"),
        [
            ({}, "2026-11-18T19:30"),
            ({"when": "last_night"}, "2026-11-17T21:00"),
            ({"when": "earlier_today"}, "2026-11-18T13:15"),
            ({"when": "pick", "picked": "2026-11-15T08:05"}, "2026-11-15T08:05"),
            ({"picked": "2026-11-15T08:05"}, "2026-11-15T08:05"),
        ],
    )
    def test_says_when_it_was_and_a_typed_time_wins(
        self, save: Callable[..., Any], record: Record, fields: dict[str, str], occurred: str
    ) -> None:
        moment = record()
        assert save(moment, **fields).status_code == 303
        moment.refresh_from_db()
        assert moment.occurred_at.strftime("%Y-%m-%dT%H:%M") == occurred

    def test_earlier_today_counts_from_when_the_sheet_was_opened(
        self, browser: Client, save: Callable[..., Any], record: Record, now: datetime
    ) -> None:
        moment = record()
        save(moment, when="last_night", opened_at=(now - timedelta(days=2)).isoformat())
        moment.refresh_from_db()
        assert moment.occurred_on.isoformat() == "2026-11-15"

    def test_offers_the_open_misses_to_what_came_back_only(
        self, browser: Client, save: Callable[..., Any], record: Record, now: datetime
    ) -> None:
        missed = record(tone="missed", occurred=Said(at=now - timedelta(hours=2)))
        tuned, back = record(), record(tone="came_back")
        assert "repairs" not in browser.get(f"/moments/{tuned.public_id}/more/").context["form"].fields
        assert save(back, repairs=str(missed.public_id)).status_code == 303
        back.refresh_from_db()
        assert back.repairs == missed
        save(back, repairs="")
        back.refresh_from_db()
        assert back.repairs is None

    def test_what_went_wrong_stands_beside_its_field_and_the_words_stay(
        self, save: Callable[..., Any], record: Record, now: datetime
    ) -> None:
        moment = record()
        words = "My own words " * 400
        page = save(moment, note=words, rating_needs="3")
        assert page.status_code == 422
        assert page.context["form"].errors["note"]
        assert words.strip() in page.content.decode()
        assert page.context["form"]["rating_needs"].value() == "3"
        future = save(moment, when="pick", picked="2026-11-30T08:00", note="Still here")
        assert future.context["form"].errors["picked"]
        assert "Still here" in future.content.decode()
        moment.refresh_from_db()
        assert moment.revision == 1

    def test_two_phones_at_once_keep_both(
        self, browser: Client, record: Record, parent: User, now: datetime
    ) -> None:
        moment = record()
        path = f"/moments/{moment.public_id}/more/"
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"note": "From the tablet"}, now=now
        )
        page = browser.post(path, {"revision": 1, "note": "From the phone"})
        assert page.status_code == 409
        assert "From the tablet" in page.content.decode()
        assert page.context["form"]["note"].value() == "From the phone"
        assert page.context["form"]["revision"].value() == "2"
        browser.post(path, {"revision": 2, "note": "From the phone"})
        moment.refresh_from_db()
        assert moment.note == "From the phone"
        assert [revision.note for revision in Revision.objects.order_by("number")] == ["", "From the tablet"]


class TestSoftCard:
    def test_comes_once_on_the_page_after_a_tick_that_asks_for_it(
        self, browser: Client, save: Callable[..., Any], record: Record
    ) -> None:
        moment = record(tone="missed")
        after = save(moment, cues=["frightened"]).headers["Location"]
        assert browser.get(after).context["soft_card"] is not None
        assert browser.get(after).context["soft_card"] is None

    def test_comes_after_the_third_moment_on_an_empty_tank(
        self, browser: Client, save: Callable[..., Any], record: Record
    ) -> None:
        for expected in (False, False, True):
            after = save(record(), rating_self="1").headers["Location"]
            assert bool(browser.get(after).context["soft_card"]) is expected

    def test_never_reads_the_words(self, browser: Client, save: Callable[..., Any], record: Record) -> None:
        after = save(record(tone="missed"), note="I frightened my child").headers["Location"]
        assert browser.get(after).context["soft_card"] is None


class TestEdit:
    def test_changes_tone_and_child(
        self, save: Callable[..., Any], record: Record, second_child: Child
    ) -> None:
        moment = record()
        response = save(moment, "edit", tone="missed", child=str(second_child.public_id))
        assert response.status_code == 303
        moment.refresh_from_db()
        assert (moment.tone, moment.child) == ("missed", second_child)

    def test_a_child_of_another_household_is_not_there(
        self, save: Callable[..., Any], record: Record, second_child: Child
    ) -> None:
        assert save(record(), "edit", child=str(uuid.uuid4())).status_code == 404

    def test_a_tone_that_does_not_exist_is_an_error(self, save: Callable[..., Any], record: Record) -> None:
        page = save(record(), "edit", tone="bad", note="Kept")
        assert page.status_code == 422
        assert page.context["form"].errors["tone"]
        assert "Kept" in page.content.decode()

    def test_the_history_tells_its_author_what_changed(
        self, browser: Client, save: Callable[..., Any], record: Record
    ) -> None:
        moment = record(details={"note": "First words"})
        save(moment, "edit", tone="missed", note="Second words", rating_needs="2")
        page = browser.get(f"/moments/{moment.public_id}/history/")
        changes = {c.label: (c.was, c.became) for c in page.context["revisions"][0].changes}
        assert changes["In your own words"] == ("First words", "Second words")
        assert changes["How it was"] == ("We were in tune", "We missed each other")
        assert changes["Did I get what my child needed underneath?"] == ("", "A little")

    def test_the_history_does_not_tell_of_questions_left_open(
        self, browser: Client, save: Callable[..., Any], record: Record
    ) -> None:
        moment = record(details={"note": "First words"})
        save(moment, "edit", note="Second words")
        page = browser.get(f"/moments/{moment.public_id}/history/")
        assert [c.label for c in page.context["revisions"][0].changes] == ["In your own words"]

    def test_only_ordered_answers_have_bars(self, browser: Client, record: Record) -> None:
        form = browser.get(f"/moments/{record().public_id}/edit/").context["form"]
        assert 'class="steps"' in str(form["rating_needs"])
        assert 'class="steps"' not in str(form["rating_settled"])

    def test_a_longer_history_needs_no_more_queries(
        self, browser: Client, record: Record, parent: User, now: datetime
    ) -> None:
        moment = record()

        def change(times: int) -> None:
            for _ in range(times):
                edit_moment(
                    actor_id=parent.pk,
                    moment_id=moment.public_id,
                    details={"note": uuid.uuid4().hex},
                    now=now,
                )

        path = f"/moments/{moment.public_id}/history/"
        change(1)
        browser.get(path)
        before = queries_of(browser, path)
        change(10)
        assert queries_of(browser, path) == before


class TestDelete:
    def test_is_gone_at_once_and_can_be_brought_back(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        moment = record(details={"visibility": "household", "note": "Wait"})
        path = f"/moments/{moment.public_id}/"
        response = browser.post(f"{path}delete/", {"revision": 1})
        assert response.headers["Location"] == path
        assert "Bring it back" in browser.get(path).content.decode()
        assert client_of(co_parent).get(path).status_code == 404
        assert browser.post(f"{path}restore/").headers["Location"] == path
        assert "Wait" in browser.get(path).content.decode()

    def test_cannot_be_brought_back_after_a_week(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        path = f"/moments/{record().public_id}/"
        browser.post(f"{path}delete/")
        with time_machine.travel(now + timedelta(days=7, minutes=1), tick=False):
            assert browser.post(f"{path}restore/").status_code == 404
            assert browser.get(path).status_code == 404

    def test_is_refused_when_it_changed_meanwhile(self, browser: Client, record: Record) -> None:
        moment = record()
        for revision in ("7", "x", "9" * 5_000):
            assert (
                browser.post(f"/moments/{moment.public_id}/delete/", {"revision": revision}).status_code
                == 409
            )

    def test_never_happens_by_following_a_link(self, browser: Client, record: Record) -> None:
        moment = record()
        for action in ("delete", "restore"):
            assert browser.get(f"/moments/{moment.public_id}/{action}/").status_code == 405


class TestHowOftenItChanged:
    def test_deleting_and_bringing_back_is_no_change(self, record, parent, client_of, now):
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        page = client_of(parent).get(f"/moments/{moment.public_id}/")
        assert page.context["revision_count"] == 0
        assert "How it changed" not in page.content.decode()

    def test_an_edit_is_one(self, record, parent, client_of, now):
        moment = record()
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "more"}, now=now)
        assert client_of(parent).get(f"/moments/{moment.public_id}/").context["revision_count"] == 1
