"""The feed of changes: nothing is missed, nothing comes twice, and nobody learns of what is not theirs."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import time_machine

from accounts.services import ask_to_be_erased, erase_due, take_back_erasure
from common.person_keys import remembering
from households.models import Household
from households.services import leave_household, separate_household
from observations.estate import ObservationsEstate
from observations.feed import forget_changes, hide_entries, number_late
from observations.models import FeedCounter, FeedEntry
from observations.rules import COOLING_OFF, CURSOR_KEPT, LATE_SEEN
from observations.services import (
    answer_self_check,
    delete_moment,
    edit_moment,
    publish_questions,
    purge_deleted,
    restore_moment,
    write_question,
)
from observations.tasks import forget_sync, take_held
from tests.phone import V1, Phone

pytestmark = pytest.mark.django_db


class Reader:
    """Somebody who asks what changed and keeps what they were told, as the page does."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.cursor = ""
        self.seen: dict[tuple[str, str], dict] = {}
        self.told: list[list[str]] = []

    def catch_up(self, limit: int = 200) -> list[str]:
        """What kinds of changes there were."""
        kinds: list[str] = []
        has_more = True
        while has_more:
            page = self.phone.changes(self.cursor, limit=limit)
            self.cursor, has_more = page["next"], page["has_more"]
            for item in page["items"]:
                key = (item["author"], item["id"])
                kinds.append(item["kind"])
                if item["kind"] == "removed":
                    self.seen.pop(key, None)
                else:
                    self.seen[key] = item["moment"] or item["self_check"]
        return kinds


@pytest.fixture
def mine(phone) -> Reader:
    return Reader(phone)


@pytest.fixture
def theirs(phone_of, co_parent) -> Reader:
    return Reader(phone_of(co_parent))


@pytest.fixture
def change(parent, now):
    """Edits the parent's moment."""

    def put(moment, **details):
        return edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details=details, now=now)

    return put


SHARED = {"visibility": "household", "note": "a walk"}


class TestListChanges:
    def test_everything_comes_first_and_then_only_what_is_different(self, mine, record, change) -> None:
        moments = [record(details=SHARED) for _ in range(5)]
        assert mine.catch_up(limit=2) == ["upsert"] * 5
        assert mine.catch_up() == []
        change(moments[1], note="other words")
        assert mine.catch_up() == ["upsert"]
        assert mine.seen[_key(moments[1])]["note"] == "other words"

    def test_it_shows_what_the_timeline_shows(self, mine, theirs, record, phone) -> None:
        record(details=SHARED)
        record(tone="missed", details={"note": "mine"})
        for reader in (mine, theirs):
            reader.catch_up()
            listed = reader.phone.client.get(f"{V1}/moments/").json()["items"]
            assert sorted(reader.seen.values(), key=str) == sorted(listed, key=str)

    def test_a_self_check_is_in_it(self, theirs, parent, child, now) -> None:
        answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=date(2026, 11, 18),
            ratings={"needs": 4},
            visibility="household",
            now=now,
        )
        assert theirs.catch_up() == ["upsert"]

    def test_the_own_revision_is_told_and_nobody_elses(self, mine, theirs, record) -> None:
        record(details=SHARED)
        assert [item["rev"] for item in mine.phone.changes()["items"]] == [1]
        assert [item["rev"] for item in theirs.phone.changes()["items"]] == [None]

    @pytest.mark.parametrize("way", ["narrow", "delete", "leave", "erase", "separate"])
    def test_losing_sight_is_told_without_a_reason(
        self, way, theirs, record, change, parent, household, child, now
    ) -> None:
        moment = record(details=SHARED)
        assert theirs.catch_up() == ["upsert"]
        if way == "narrow":
            change(moment, visibility="private")
        elif way == "delete":
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        elif way == "leave":
            leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        elif way == "erase":
            ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        else:
            separate_household(
                actor_id=parent.pk,
                household_id=household.public_id,
                name="The loft",
                timezone="UTC",
                child_ids=[child.public_id],
                now=now,
            )
        page = theirs.phone.changes(theirs.cursor)
        (item,) = page["items"]
        assert item == {
            "id": str(moment.public_id),
            "author": str(parent.public_id),
            "rev": None,
            "kind": "removed",
            "moment": None,
            "self_check": None,
        }
        theirs.catch_up()
        assert theirs.seen == {}
        assert theirs.catch_up() == []

    def test_coming_back_into_sight_is_told(self, theirs, record, parent, now) -> None:
        moment = record(details=SHARED)
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        theirs.catch_up()
        restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert theirs.catch_up() == ["upsert"]

    def test_taking_back_an_erasure_shows_everything_again(self, theirs, record, parent, now) -> None:
        record(details=SHARED)
        record(details={"note": "private"})
        theirs.catch_up()
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        assert theirs.catch_up() == ["removed"]
        take_back_erasure(user_id=parent.pk, now=now)
        assert theirs.catch_up() == ["upsert"]

    def test_what_was_purged_stays_removed(self, theirs, mine, record, parent, now) -> None:
        moment = record(details=SHARED)
        for reader in (mine, theirs):
            reader.catch_up()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        purge_deleted(now=now + timedelta(days=8))
        assert (mine.catch_up(), theirs.catch_up()) == (["removed"], ["removed"])

    def test_a_came_back_names_its_miss_as_long_as_that_is_shown(self, theirs, record, change, now) -> None:
        miss = record(tone="missed", details={"visibility": "household"})
        back = record(tone="came_back", details={"repairs": miss.public_id, "visibility": "household"})
        theirs.catch_up()
        assert theirs.seen[_key(back)]["repairs"] == str(miss.public_id)
        change(miss, visibility="private")
        assert sorted(theirs.catch_up()) == ["removed", "upsert"]
        assert theirs.seen[_key(back)]["repairs"] is None

    @pytest.mark.parametrize("way", ["leave", "separate"])
    def test_and_as_long_as_its_author_lives_here(
        self, way, phone_of, make_user, join, record, parent, co_parent, household, child, now
    ) -> None:
        third = make_user("third")
        join(third)
        reader = Reader(phone_of(third))
        shared = {"visibility": "household"}
        miss = record(tone="missed", details=shared)
        back = record(co_parent, tone="came_back", details={"repairs": miss.public_id, **shared})
        reader.catch_up()
        assert reader.seen[_key(back)]["repairs"] == str(miss.public_id)
        if way == "leave":
            leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        else:
            separate_household(
                actor_id=parent.pk,
                household_id=household.public_id,
                name="The loft",
                timezone="UTC",
                child_ids=[child.public_id],
                now=now,
            )
        assert sorted(reader.catch_up()) == ["removed", "upsert"]
        assert reader.seen[_key(back)]["repairs"] is None

    def test_whoever_left_is_not_shown_again_when_the_miss_changes(
        self, phone_of, make_user, join, record, co_parent, household, change, now
    ) -> None:
        miss = record(tone="missed", details={"visibility": "household"})
        back = record(
            co_parent, tone="came_back", details={"repairs": miss.public_id, "visibility": "household"}
        )
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        third = make_user("third")
        join(third)
        reader = Reader(phone_of(third))
        reader.catch_up()
        change(miss, visibility="private")
        change(miss, visibility="household")
        assert reader.catch_up() == ["upsert"]
        entry = FeedEntry.objects.get(public_id=back.public_id)
        assert (bytes(entry.shown_as), number_late(now=now)) == (b"", 0)


class TestWrittenPastTheCounter:
    """What a process of a version without a feed writes while it is replaced."""

    @pytest.fixture
    def unnumbered(self, monkeypatch):
        """Nothing that is written in this block is numbered."""

        @contextmanager
        def block():
            with monkeypatch.context() as patch:
                patch.setattr("observations.record.writing.note_changes", lambda *_rows, **_named: None)
                patch.setattr("observations.feed.refresh_presence", lambda *_person, **_named: None)
                patch.setattr("observations.estate.refresh_presence", lambda *_person, **_named: None)
                yield

        return block

    def test_what_was_noted_changed_and_deleted_is_told_late(
        self, mine, theirs, record, change, parent, now, unnumbered
    ) -> None:
        old, gone = record(details=SHARED), record(details=SHARED)
        for reader in (mine, theirs):
            reader.catch_up()
        later = now + timedelta(minutes=1)
        with unnumbered():
            new = record(details=SHARED)
            record(details={"note": "private"})
            edit_moment(
                actor_id=parent.pk, moment_id=old.public_id, details={"note": "other words"}, now=later
            )
            delete_moment(actor_id=parent.pk, moment_id=gone.public_id, now=later)
        assert (mine.catch_up(), theirs.catch_up()) == ([], [])
        assert number_late(now=later, since=now - timedelta(days=2)) == 4
        assert sorted(mine.catch_up()) == ["removed", "upsert", "upsert", "upsert"]
        assert sorted(theirs.catch_up()) == ["removed", "upsert", "upsert"]
        assert set(theirs.seen) == {_key(old), _key(new)}
        assert theirs.seen[_key(old)]["note"] == "other words"
        assert (number_late(now=later), theirs.catch_up()) == (0, [])

    def test_ten_more_are_told_with_as_many_queries(
        self, record, parent, household, now, unnumbered, django_assert_max_num_queries
    ) -> None:
        here = {"actor_id": parent.pk, "household_id": household.public_id, "now": now}
        question = write_question(**here, kind="yes_no", prompt="Did I wait?")
        publish_questions(**here)

        def note(number: int) -> None:
            with unnumbered():
                for _ in range(number):
                    record(details={**SHARED, "own": {question.public_id: "yes"}})

        note(1)
        with remembering(), django_assert_max_num_queries(40) as one:
            assert number_late(now=now) == 1
        note(11)
        with remembering(), django_assert_max_num_queries(len(one)):
            assert number_late(now=now) == 11

    def test_leaving_is_told_late_and_once(self, theirs, record, parent, household, now, unnumbered) -> None:
        record(details=SHARED)
        record(details={"note": "private"})
        theirs.catch_up()
        with unnumbered():
            leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert number_late(now=now) == 1
        assert theirs.catch_up() == ["removed"]
        assert number_late(now=now) == 0

    def test_what_somebody_wrote_before_they_left_is_not_told_after_it(
        self, theirs, record, parent, household, now, unnumbered
    ) -> None:
        theirs.catch_up()
        with unnumbered():
            record(details=SHARED)
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert number_late(now=now) == 0
        assert not FeedEntry.objects.exclude(shown_as=b"").exists()
        assert theirs.catch_up() == []

    def test_what_was_hidden_meanwhile_is_still_told_to_its_author(
        self, mine, record, parent, household, now, unnumbered
    ) -> None:
        moment = record(details=SHARED)
        mine.catch_up()
        later = now + timedelta(minutes=1)
        with unnumbered():
            edit_moment(
                actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=later
            )
        hide_entries(parent.pk, household_id=household.pk, at=later + timedelta(minutes=1))
        mine.catch_up()
        assert number_late(now=later + timedelta(minutes=2)) == 1
        assert mine.catch_up() == ["upsert"]
        assert mine.seen[_key(moment)]["visibility"] == "private"

    def test_what_was_numbered_is_not_told_again(self, mine, theirs, record, change, parent, now) -> None:
        """Whatever was done to it: nothing that is written ordinarily counts as late."""
        miss = record(tone="missed", details=SHARED)
        record(tone="came_back", details={"repairs": miss.public_id, **SHARED})
        change(miss, visibility="private")
        delete_moment(actor_id=parent.pk, moment_id=miss.public_id, now=now)
        restore_moment(actor_id=parent.pk, moment_id=miss.public_id, now=now)
        assert number_late(now=now) == 0

    def test_the_hour_looks_back_two_days_and_the_night_everywhere(
        self, mine, record, now, unnumbered
    ) -> None:
        with unnumbered():
            record(details=SHARED)
        late = now + LATE_SEEN + timedelta(seconds=1)
        with time_machine.travel(late, tick=False):
            take_held()
            assert not FeedEntry.objects.exists()
            forget_sync()
        assert FeedEntry.objects.count() == 1


def _key(moment) -> tuple[str, str]:
    return str(moment.author.public_id), str(moment.public_id)


class TestNoTrace:
    """What another person does for themselves changes nothing that a reader can fetch."""

    @pytest.mark.parametrize(
        "details",
        [
            {"ratings": {"self": 1}},
            {"visibility": "household", "note": "a walk"},
        ],
    )
    def test_an_edit_that_others_cannot_see_is_no_change_for_them(
        self, theirs, mine, record, change, details
    ) -> None:
        moment = record(details={**SHARED, "ratings": {"self": 3, "needs": 3}})
        for reader in (mine, theirs):
            reader.catch_up()
        change(moment, **details)
        assert theirs.catch_up() == []

    def test_taking_off_the_mark_of_another_adult_is_no_change_for_others(
        self, theirs, mine, record, parent, now
    ) -> None:
        moment = record(details={"about_adult": True})
        night_later = now + COOLING_OFF
        own = {"actor_id": parent.pk, "moment_id": moment.public_id, "now": night_later}
        with time_machine.travel(night_later, tick=False):
            edit_moment(details={"visibility": "household"}, **own)
            assert (mine.catch_up(), theirs.catch_up()) == (["upsert"], ["upsert"])
            edit_moment(details={"about_adult": False}, **own)
            assert (mine.catch_up(), theirs.catch_up()) == (["upsert"], [])

    def test_a_link_to_a_private_miss_is_no_change_for_others(self, theirs, record, change) -> None:
        miss = record(tone="missed")
        back = record(tone="came_back", details={"visibility": "household"})
        theirs.catch_up()
        change(back, repairs=miss.public_id)
        assert theirs.catch_up() == []

    def test_private_moments_neither_fill_nor_empty_a_page(self, theirs, record, change, parent, now) -> None:
        for number in range(12):
            record(details=SHARED if number % 4 == 0 else {"note": "private"})
        pages = [theirs.phone.changes(limit=2)]
        while pages[-1]["has_more"]:
            pages.append(theirs.phone.changes(pages[-1]["next"], limit=2))
        assert [len(page["items"]) for page in pages] == [2, 1]

    def test_a_private_life_is_never_told_as_removed(self, theirs, record, change, parent, now) -> None:
        moment = record(details={"note": "private"})
        theirs.catch_up()
        change(moment, note="other")
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert theirs.catch_up() == []

    def test_what_was_shown_and_taken_back_between_two_looks_is_untold(self, theirs, record, change) -> None:
        theirs.catch_up()
        moment = record(details=SHARED)
        change(moment, visibility="private")
        change(moment, note="more")
        assert theirs.catch_up() == []

    def test_editing_on_after_taking_it_back_is_not_told_again(self, theirs, record, change) -> None:
        moment = record(details=SHARED)
        theirs.catch_up()
        change(moment, visibility="private")
        assert theirs.catch_up() == ["removed"]
        change(moment, note="more")
        assert theirs.catch_up() == []

    def test_the_place_has_one_length_and_is_another_each_time(self, theirs, record) -> None:
        places = {theirs.phone.changes()["next"]}
        for _ in range(12):
            record()
            places.add(theirs.phone.changes()["next"])
        quiet = {theirs.phone.changes()["next"] for _ in range(12)}
        assert len(places) == 13
        assert len(quiet) == 12
        assert {len(place) for place in places} == {len(place) for place in quiet}


class TestThePlace:
    def expired(self, phone: Phone, cursor: str, **query) -> bool:
        response = phone.client.get(f"{V1}/changes/", {"cursor": cursor, **query})
        assert response.status_code in (200, 410), response.content
        return response.status_code == 410 and response.json()["code"] == "cursor_expired"

    def test_another_readers_is_none(self, phone, theirs) -> None:
        assert self.expired(theirs.phone, phone.changes()["next"])

    @pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "A" * 400, "🙂", "%00"])
    def test_nonsense_is_none(self, phone, cursor) -> None:
        assert self.expired(phone, cursor)

    @pytest.mark.parametrize(("late", "ended"), [(timedelta(), False), (timedelta(seconds=1), True)])
    def test_it_holds_for_400_days(self, phone, client_of, parent, now, late, ended) -> None:
        cursor = phone.changes()["next"]
        with time_machine.travel(now + CURSOR_KEPT + late, tick=False):
            assert self.expired(Phone(client_of(parent)), cursor) is ended

    def test_whoever_left_and_came_back_begins_again(self, phone_of, co_parent, household, join, now) -> None:
        phone = phone_of(co_parent)
        cursor = phone.changes()["next"]
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        assert self.expired(phone, cursor)
        assert phone.client.get(f"{V1}/changes/").status_code == 404
        join(co_parent)
        assert self.expired(phone, cursor)

    def test_a_restore_ends_every_place(self, phone, record, now) -> None:
        record()
        cursor = phone.changes()["next"]
        ObservationsEstate().close_doors(now)
        assert self.expired(phone, cursor)

    def test_a_place_ahead_of_the_counter_is_none(self, phone, record) -> None:
        record()
        cursor = phone.changes()["next"]
        FeedCounter.objects.update(last=0)
        assert self.expired(phone, cursor)

    def test_after_an_erasure_whoever_saw_something_begins_again(self, theirs, record, parent, now) -> None:
        record(details=SHARED)
        theirs.catch_up()
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        erase_due(now=now + timedelta(days=8))
        assert self.expired(theirs.phone, theirs.cursor)
        assert not FeedEntry.objects.exists()

    def test_a_household_that_is_not_theirs_is_not_there(self, phone, stranger) -> None:
        other = Household.objects.get(name="Elsewhere").public_id
        assert phone.client.get(f"{V1}/changes/", {"household": other}).status_code == 404

    def test_what_is_long_gone_is_forgotten(self, record, parent, now) -> None:
        moment = record(details=SHARED)
        record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert forget_changes(now=now + CURSOR_KEPT) == 0
        assert forget_changes(now=now + CURSOR_KEPT + timedelta(seconds=1)) == 1
        assert FeedEntry.objects.count() == 1
