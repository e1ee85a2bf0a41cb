"""The timeline, one moment, and what its author may do with it."""

from __future__ import annotations

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
from observations import selectors
from observations.models import Observation, Revision
from observations.rules import PAGE_SIZE
from observations.services import choose_focus, edit_moment
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


class TestTimeline:
    def test_says_so_when_there_is_nothing_yet(self, browser: Client) -> None:
        assert "No moments yet" in browser.get("/moments/").content.decode()

    def test_groups_by_the_households_day_latest_first(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        record(occurred=Said(at=now - timedelta(days=1)))
        record(tone="missed")
        page = browser.get("/moments/").content.decode()
        assert page.index("Wednesday 18 November") < page.index("Tuesday 17 November")
        assert page.index("We missed each other") < page.index("Tuesday 17 November")

    def test_shows_what_others_share_and_nothing_they_keep(
        self, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        shared = record(details={"visibility": "household", "note": "For both of us"})
        kept = record(tone="missed", details={"note": "Only for me"})
        page = client_of(co_parent).get("/moments/").content.decode()
        assert str(shared.public_id) in page
        assert str(kept.public_id) not in page
        assert "Only for me" not in page

    def test_gives_no_sign_of_a_private_miss_that_a_shared_moment_mends(
        self, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        missed = record(tone="missed")
        mended = record(tone="came_back", details={"repairs": missed.public_id, "visibility": "household"})
        browser = client_of(co_parent)
        for path in ("/moments/", f"/moments/{mended.public_id}/"):
            assert "repairs an earlier miss" not in browser.get(path).content.decode()
            assert str(missed.public_id) not in browser.get(path).content.decode()

    def test_ten_more_rows_need_no_more_queries(self, browser: Client, record: Record) -> None:
        details = {
            "contexts": ["play"],
            "cues": ["held"],
            "feelings": ["sad"],
            "ratings": {"needs": 4},
            "note": "x",
        }

        def fill(times: int) -> None:
            for _ in range(times):
                missed = record(tone="missed", details=details)
                record(tone="came_back", details={**details, "repairs": missed.public_id})

        fill(1)
        browser.get("/moments/")
        before = queries_of(browser, "/moments/")
        fill(10)
        assert queries_of(browser, "/moments/") == before

    def test_goes_on_with_a_plain_link_until_the_notes_begin(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        for minutes in range(PAGE_SIZE + 3):
            record(occurred=Said(at=now - timedelta(minutes=minutes)))
        first = browser.get("/moments/")
        cursor = first.context["page"].next_cursor
        second = browser.get("/moments/", {"cursor": cursor})
        assert len(first.context["page"].items) == PAGE_SIZE
        assert len(second.context["page"].items) == 3
        assert "That is where your notes begin." in second.content.decode()
        assert "<html" in second.content.decode()

    def test_htmx_gets_the_next_rows_alone_without_the_day_that_stands_above(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(occurred=Said(at=now - timedelta(minutes=minutes)))
        cursor = browser.get("/moments/").context["page"].next_cursor
        rows = browser.get(
            "/moments/", {"cursor": cursor, "after": "2026-11-18"}, headers={"HX-Request": "true"}
        )
        assert "<html" not in rows.content.decode()
        assert "day-head" not in rows.content.decode()
        assert "HX-Request" in rows.headers["Vary"]

    def test_going_back_in_history_gets_the_whole_page(self, browser: Client) -> None:
        headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        assert "<html" in browser.get("/moments/", headers=headers).content.decode()

    def test_another_readers_cursor_starts_from_the_top(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        co_parent: User,
        record: Record,
        now: datetime,
    ) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(occurred=Said(at=now - timedelta(minutes=minutes)), details={"visibility": "household"})
        cursor = browser.get("/moments/").context["page"].next_cursor
        page = client_of(co_parent).get("/moments/", {"cursor": cursor})
        assert page.status_code == 422
        assert "start again" in page.content.decode()


class TestFilters:
    @pytest.fixture
    def several(self, record: Record, second_child: Child, now: datetime) -> dict[str, Observation]:
        return {
            "old": record(occurred=Said(at=now - timedelta(days=5)), details={"note": "The blue cup broke"}),
            "other": record(child_id=second_child.public_id, tone="missed"),
            "rated": record(details={"ratings": {"safety": 4}}),
        }

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"since": "2026-11-14"}, {"other", "rated"}),
            ({"until": "2026-11-14"}, {"old"}),
            ({"tone": "missed"}, {"other"}),
            ({"dimension": "safety"}, {"rated"}),
            ({"text": "BLUE cup"}, {"old"}),
            ({"text": " "}, {"old", "other", "rated"}),
        ],
    )
    def test_narrow_the_list(
        self, browser: Client, several: dict[str, Observation], query: dict[str, str], found: set[str]
    ) -> None:
        page = browser.get("/moments/", query)
        assert {moment.public_id for moment in page.context["page"].items} == {
            several[name].public_id for name in found
        }

    def test_narrow_to_a_child_or_an_adult(
        self,
        browser: Client,
        several: dict[str, Observation],
        second_child: Child,
        co_parent: User,
        record: Record,
    ) -> None:
        theirs = record(co_parent, details={"visibility": "household"})
        by_child = browser.get("/moments/", {"child": second_child.public_id}).context["page"].items
        by_author = browser.get("/moments/", {"author": co_parent.public_id}).context["page"].items
        assert list(by_child) == [several["other"]]
        assert list(by_author) == [theirs]

    def test_stay_when_the_list_goes_on(self, browser: Client, record: Record, now: datetime) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(tone="missed", occurred=Said(at=now - timedelta(minutes=minutes)))
        page = browser.get("/moments/", {"tone": "missed", "since": "2026-11-01"})
        assert page.context["query"] == "tone=missed&since=2026-11-01&"
        assert "?tone=missed&amp;since=2026-11-01&amp;cursor=" in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"child": "1"}, "child"),
            ({"author": "x"}, "author"),
            ({"dimension": "luck"}, "dimension"),
            ({"tone": "bad"}, "tone"),
            ({"since": "yesterday"}, "since"),
            ({"until": "2026-02-30"}, "until"),
            ({"since": "2026-11-10", "until": "2026-11-09"}, "until"),
            ({"text": "x" * 101}, "text"),
        ],
    )
    def test_that_cannot_be_read_say_so_beside_the_field_and_list_nothing(
        self, browser: Client, record: Record, query: dict[str, str], field: str
    ) -> None:
        record()
        page = browser.get("/moments/", query)
        assert page.status_code == 422
        assert page.context["filter_form"].errors[field]
        assert not page.context["page"].items
        assert page.context["filter_form"][field].value() == query[field]

    def test_an_unknown_child_or_author_finds_nothing(self, browser: Client, record: Record) -> None:
        record()
        for name in ("child", "author"):
            page = browser.get("/moments/", {name: uuid.uuid4()})
            assert page.status_code == 200
            assert not page.context["page"].items

    def test_a_search_says_when_it_looked_through_a_part_only_and_offers_to_go_on(
        self, browser: Client, record: Record, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selectors, "SEARCH_SCAN_MAX", 3)
        record(occurred=Said(at=now - timedelta(hours=9)), details={"note": "the blue cup"})
        for hours in range(5):
            record(occurred=Said(at=now - timedelta(hours=hours)))
        page = browser.get("/moments/", {"text": "blue"})
        assert "looked through a part" in page.content.decode()
        rest = browser.get("/moments/", {"text": "blue", "cursor": page.context["page"].next_cursor})
        assert [moment.note for moment in rest.context["page"].items] == ["the blue cup"]


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
        assert response.headers["Location"] == f"/moments/{moment.public_id}/"
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
