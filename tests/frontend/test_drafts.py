"""Words that wait for their author: seen by nobody else, and never lost on the way into a moment."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from observations.models import Draft, FeedEntry, Observation, Revision
from observations.record import check_record
from observations.services import delete_moment, edit_moment
from observations.sync import list_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def wait(parent, now) -> Callable[..., Draft]:
    """Something that waits for the parent."""

    def put(kind: str, *, author: Any = None, moment_id: Any = None, **said: Any) -> Draft:
        draft = Draft(
            author=author or parent,
            moment_id=moment_id or uuid.uuid4(),
            kind=kind,
            field=said.pop("wrong", ""),
            received_at=now,
        )
        content = {"type": "update", "base": {"rev": 1}, "fields": said}
        if kind != "two":
            content |= {"type": "create", "occurred_at": (now - timedelta(hours=2)).isoformat()}
        draft.content = json.dumps(content)
        draft.save()
        return draft

    return put


@pytest.fixture
def browser(client_of, parent, child):
    return client_of(parent)


def filled_in(child: Any, /, **changed: Any) -> dict[str, Any]:
    return {
        "child": str(child.public_id),
        "tone": "missed",
        "picked": "2026-11-17T08:00",
        "note": "mended",
        "visibility": "private",
        **changed,
    }


def queries_of(browser: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


class TestTheList:
    def test_today_says_quietly_that_something_waits(self, browser, wait) -> None:
        assert "/moments/drafts/" not in browser.get("/").content.decode()
        wait("rescued", note="x")
        assert "1 note waits for a look from you" in browser.get("/").content.decode()

    @pytest.mark.parametrize("kind", ["half", "rescued", "gone", "left", "shut", "two"])
    def test_each_kind_has_a_sentence_and_its_words(self, kind, browser, wait) -> None:
        wait(kind, note="Words of mine")
        page = browser.get("/moments/drafts/").content.decode()
        assert "Words of mine" in page
        assert "Discard" in page

    def test_more_of_them_need_no_more_queries(self, browser, wait, record) -> None:
        for _ in range(2):
            wait("two", moment_id=record(details={"note": "As it is"}).public_id, note="Another")
        few = queries_of(browser, "/moments/drafts/")
        for _ in range(10):
            wait("two", moment_id=record(details={"note": "As it is"}).public_id, note="Another")
        assert queries_of(browser, "/moments/drafts/") == few
        assert "Another" in browser.get("/moments/drafts/").content.decode()

    def test_more_than_can_be_looked_through_come_later(self, browser, wait, monkeypatch) -> None:
        monkeypatch.setattr("observations.sync.settling.DRAFTS_SHOWN", 2)
        for number in range(3):
            wait("half", note=f"Words {number}")
        page = browser.get("/moments/drafts/").content.decode()
        assert page.count("Words ") == 2
        assert "1 older one comes when some of these are settled." in page

    def test_nobody_elses_page_knows_of_it(self, wait, client_of, co_parent, child) -> None:
        other = client_of(co_parent)
        before = [other.get(path).content for path in ("/moments/drafts/", "/api/v1/changes/")]
        draft = wait("half", note="Words of mine")
        assert "note waits" not in other.get("/").content.decode()
        after = [other.get(path).content for path in ("/moments/drafts/", "/api/v1/changes/")]
        assert [len(page) for page in before] == [len(page) for page in after]
        assert other.get(f"/moments/drafts/{draft.public_id}/").status_code == 404
        assert other.post(f"/moments/drafts/{draft.public_id}/discard/").status_code == 404

    def test_discarding_destroys_it(self, browser, wait) -> None:
        draft = wait("half", note="x")
        assert browser.post(f"/moments/drafts/{draft.public_id}/discard/").status_code == 303
        assert not Draft.objects.exists()

    def test_one_that_does_not_open_takes_no_other_with_it(self, browser, wait) -> None:
        damaged = wait("half", note="x")
        Draft.objects.filter(pk=damaged.pk).update(content_sealed=b"\x01damaged")
        wait("half", note="still here")
        page = browser.get("/moments/drafts/").content.decode()
        assert "still here" in page
        assert "cannot be opened" in page


class TestMending:
    def test_the_form_is_filled_in_with_what_was_sent(self, browser, wait, child) -> None:
        draft = wait("rescued", note="A long way", tone="came_back", child=str(child.public_id))
        form = browser.get(f"/moments/drafts/{draft.public_id}/").context["form"]
        assert form.initial["note"] == "A long way"
        assert (form.initial["tone"], form.initial["visibility"]) == ("came_back", "private")
        assert form.initial["picked"].isoformat() == "2026-11-18T17:30:00"

    def test_saved_it_is_the_moment_it_was_meant_for(self, browser, wait, child) -> None:
        draft = wait("rescued", note="x" * 6_000, tone="missed", feelings=["calm"], wrong="note")
        response = browser.post(f"/moments/drafts/{draft.public_id}/", filled_in(child))
        assert response.status_code == 303
        moment = Observation.objects.get(public_id=draft.moment_id)
        assert (moment.note, moment.tone, moment.precision) == ("mended", "missed", "exact")
        assert [tick.key for tick in moment.ticks.all()] == ["calm"]
        assert not Draft.objects.exists()

    def test_what_was_wrong_and_cannot_be_shown_is_left_out(self, browser, wait, child) -> None:
        draft = wait("rescued", note="x", cues=["unheard_of"], feelings=["calm"], wrong="cues")
        browser.post(f"/moments/drafts/{draft.public_id}/", filled_in(child))
        assert [tick.key for tick in Observation.objects.get().ticks.all()] == ["calm"]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"tone": ""}, "tone"),
            ({"child": ""}, "child"),
            ({"picked": ""}, "picked"),
            ({"picked": "2099-01-01T10:00"}, "picked"),
            ({"note": "x" * 5_001}, "note"),
            ({"visibility": "everybody"}, "visibility"),
        ],
    )
    def test_what_is_still_wrong_stays_and_says_so(self, changed, field, browser, wait, child) -> None:
        draft = wait("rescued", note="x")
        response = browser.post(f"/moments/drafts/{draft.public_id}/", filled_in(child, **changed))
        assert response.status_code == 422
        assert field in response.context["form"].errors
        assert Draft.objects.exists()
        assert not Observation.objects.exists()

    def test_where_its_moment_was_deleted_it_becomes_a_new_one(
        self, browser, wait, record, parent, child, now
    ) -> None:
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        draft = wait("gone", moment_id=moment.public_id, note="late")
        browser.post(f"/moments/drafts/{draft.public_id}/", filled_in(child))
        moment.refresh_from_db()
        assert moment.deleted_at is not None
        assert Observation.objects.exclude(pk=moment.pk).get().note == "mended"

    def test_what_was_no_operation_is_shown_as_words(self, browser, wait) -> None:
        draft = wait("rescued")
        draft.content = json.dumps({"raw": "{broken"})
        draft.save()
        form = browser.get(f"/moments/drafts/{draft.public_id}/").context["form"]
        assert form.initial["note"] == "{broken"


class TestChoosing:
    @pytest.fixture
    def moment(self, record, parent, now):
        found = record(details={"note": "first", "visibility": "household", "ratings": {"needs": 2}})
        return edit_moment(actor_id=parent.pk, moment_id=found.public_id, details={"note": "there"}, now=now)

    @pytest.fixture
    def draft(self, wait, moment) -> Draft:
        return wait(
            "two", moment_id=moment.public_id, note="here", ratings={"needs": 5}, visibility="private"
        )

    def choose(self, browser, draft, version: str):
        return browser.post(f"/moments/drafts/{draft.public_id}/choose/", {"version": version})

    def test_both_are_shown_side_by_side_and_nothing_is_changed(self, browser, draft, moment) -> None:
        response = browser.get(f"/moments/drafts/{draft.public_id}/")
        differences = response.context["differences"]
        assert ("there", "here") in {(change.was, change.became) for change in differences}
        moment.refresh_from_db()
        assert (moment.note, moment.revision) == ("there", 2)

    def test_taking_the_one_that_waits_keeps_the_other_in_the_history(self, browser, draft, moment) -> None:
        assert self.choose(browser, draft, "this").status_code == 303
        moment = Observation.objects.get(pk=moment.pk)
        assert (moment.note, moment.visibility) == ("here", "private")
        assert "there" in {revision.note for revision in Revision.objects.all()}
        assert not Draft.objects.exists()

    def test_keeping_what_is_there_has_both_in_the_history_and_nobody_notices(
        self, browser, draft, moment, parent
    ) -> None:
        before = FeedEntry.objects.get().shown_number
        self.choose(browser, draft, "there")
        moment = Observation.objects.get(pk=moment.pk)
        assert (moment.note, moment.visibility) == ("there", "household")
        assert moment.ratings.get(dimension="needs").value == 2
        assert {"there", "here", "first"} == {revision.note for revision in Revision.objects.all()}
        assert FeedEntry.objects.get().shown_number == before
        assert check_record(author_id=parent.pk).findings == []

    def test_keeping_what_is_there_leaves_no_mark_of_the_other_and_no_new_night(
        self, browser, wait, moment, now
    ) -> None:
        Observation.objects.update(visibility="household")
        draft = wait("two", moment_id=moment.public_id, about_adult=True)
        assert self.choose(browser, draft, "there").status_code == 303
        moment.refresh_from_db()
        assert (moment.visibility, moment.about_adult, moment.cooling_until) == ("household", False, None)
        assert [r.state.get("about_adult", False) for r in moment.revisions.order_by("number")][-2:] == [
            False,
            True,
        ]

    def test_keeping_what_is_there_keeps_its_mark_and_when_its_night_ends(
        self, browser, wait, moment, now
    ) -> None:
        long_ago = now - timedelta(days=9)
        Observation.objects.update(visibility="household", about_adult=True, cooling_until=long_ago)
        draft = wait("two", moment_id=moment.public_id, about_adult=False, note="here")
        assert self.choose(browser, draft, "there").status_code == 303
        moment.refresh_from_db()
        assert (moment.visibility, moment.about_adult) == ("household", True)
        assert moment.cooling_until == long_ago

    def test_a_version_that_cannot_be_kept_says_so(self, browser, wait, moment) -> None:
        draft = wait("two", moment_id=moment.public_id, cues=["unheard_of"])
        assert self.choose(browser, draft, "this").status_code == 422
        assert Draft.objects.exists()

    def test_with_its_moment_deleted_there_is_nothing_to_choose(
        self, browser, draft, moment, parent, now
    ) -> None:
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert [waiting.kind for waiting in list_waiting(actor_id=parent.pk)] == ["gone"]
        assert self.choose(browser, draft, "this").status_code == 404
        assert browser.get(f"/moments/drafts/{draft.public_id}/").context["form"].initial["note"] == "here"
