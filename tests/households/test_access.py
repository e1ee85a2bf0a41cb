"""Who looked: one line a look, in the author's own list, written once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import User
from households.models import AccessEntry, Household
from households.rules import ACCESS_PAGE_SIZE, ONE_LOOK, Opened, Reader
from households.selectors import list_access, list_coach_looks
from households.services import create_household, leave_household, note_account_opened

SECOND = timedelta(seconds=1)
Look = Callable[..., None]


def told(user: User, **asked: Any) -> list[tuple[str, str]]:
    return [(entry.reader_kind, entry.opened) for entry in list_access(actor_id=user.pk, **asked).items]


class TestListCoachLooks:
    def looks(self, user: User, household: Household, now: datetime) -> list[str]:
        found = list_coach_looks(
            actor_id=user.pk, household_id=household.pk, since=now, until=now + timedelta(days=7)
        )
        return [entry.opened for entry in found]

    def test_is_what_coaches_opened_of_ones_own_in_that_time(
        self, look: Look, parent: User, co_parent: User, coach: User, household: Household, now: datetime
    ) -> None:
        look(opened=Opened.SHEET, now=now + SECOND)
        look()
        for outside in (now - SECOND, now + timedelta(days=7)):
            look(opened=Opened.REFLECTION, now=outside)
        look(opened=Opened.ACCOUNT, reader_kind=Reader.OPERATOR)
        assert self.looks(parent, household, now) == ["summary", "sheet"]
        assert self.looks(co_parent, household, now) == self.looks(coach, household, now) == []

    def test_ends_with_living_there(
        self, look: Look, parent: User, household: Household, now: datetime
    ) -> None:
        look()
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert self.looks(parent, household, now) == []


class TestNoteAccess:
    def test_is_told_to_the_author_alone(
        self, look: Look, parent: User, co_parent: User, coach: User
    ) -> None:
        look()
        assert told(parent) == [("coach", "summary")]
        assert told(co_parent) == told(coach) == []

    def test_opening_again_within_a_quarter_of_an_hour_is_one_look(
        self, look: Look, parent: User, now: datetime
    ) -> None:
        look()
        look(now=now + ONE_LOOK - SECOND)
        assert len(told(parent)) == 1
        look(now=now + ONE_LOOK)
        assert len(told(parent)) == 2

    def test_another_thing_another_reader_and_another_author_are_looks_of_their_own(
        self, look: Look, parent: User, co_parent: User, stranger: User
    ) -> None:
        first, second = uuid.uuid4(), uuid.uuid4()
        look()
        look(opened=Opened.MOMENT, subject_id=first)
        look(opened=Opened.MOMENT, subject_id=first)
        look(opened=Opened.MOMENT, subject_id=second)
        look(reader_id=stranger.pk)
        look(author_ids=[parent.pk, co_parent.pk])
        assert (len(told(parent)), len(told(co_parent))) == (4, 1)

    def test_an_operator_is_told_of_in_every_household(
        self, stranger: User, parent: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        other = create_household(actor_id=parent.pk, name="Second", timezone="Europe/Lisbon", now=now)
        note_account_opened(reader_id=stranger.pk, person_id=parent.pk, now=now)
        note_account_opened(reader_id=stranger.pk, person_id=parent.pk, now=now)
        for home in (household, other):
            assert told(parent, household_id=home.public_id) == [("operator", "account")]
        assert told(parent) == [("operator", "account")], "one look is one line"
        assert told(co_parent, household_id=household.public_id) == []

    def test_an_operator_is_told_of_to_somebody_who_lives_nowhere(
        self, stranger: User, coach: User, parent: User, household: Household, now: datetime
    ) -> None:
        note_account_opened(reader_id=stranger.pk, person_id=coach.pk, now=now)
        assert told(coach) == [("operator", "account")]
        note_account_opened(reader_id=stranger.pk, person_id=parent.pk, now=now)
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert told(parent) == [("operator", "account")], "leaving takes no look back"

    def test_nothing_but_an_account_is_in_no_household(self, look: Look) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            look(household_pk=None)


class TestListAccess:
    def test_pages_from_the_latest_on(self, look: Look, parent: User, now: datetime) -> None:
        for number in range(ACCESS_PAGE_SIZE + 1):
            look(opened=Opened.MOMENT, subject_id=uuid.uuid4(), now=now + number * SECOND)
        first = list_access(actor_id=parent.pk)
        rest = list_access(actor_id=parent.pk, cursor=first.next_cursor)
        times = [entry.at for entry in (*first.items, *rest.items)]
        assert (len(first.items), len(rest.items), rest.next_cursor) == (ACCESS_PAGE_SIZE, 1, "")
        assert times == sorted(times, reverse=True)

    def test_of_one_household_alone(self, look: Look, parent: User, household: Household) -> None:
        look()
        assert len(told(parent, household_id=household.public_id)) == 1
        assert told(parent, household_id=uuid.uuid4()) == []

    def test_whoever_left_takes_no_look_back(
        self, look: Look, parent: User, household: Household, now: datetime
    ) -> None:
        look()
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert told(parent) == []

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, look: Look, parent: User, django_assert_num_queries: Any
    ) -> None:
        for _number in range(5):
            look(opened=Opened.MOMENT, subject_id=uuid.uuid4())
        with django_assert_num_queries(1):
            assert {entry.reader.called for entry in list_access(actor_id=parent.pk).items} == {"Cleo"}


class TestWrittenOnce:
    """The database itself refuses to change a line, so no later code can."""

    @pytest.mark.parametrize(
        "change",
        [
            {"at": datetime(2020, 1, 1).astimezone()},
            {"opened": "moment"},
            {"reader_kind": "operator"},
            {"subject_id": uuid.uuid4()},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_happened_stays(self, look: Look, change: dict[str, Any]) -> None:
        look()
        with pytest.raises(DatabaseError), transaction.atomic():
            AccessEntry.objects.update(**change)

    def test_whose_it_is_stays(self, look: Look, co_parent: User) -> None:
        look()
        with pytest.raises(DatabaseError), transaction.atomic():
            AccessEntry.objects.update(author=co_parent)

    def test_a_reader_who_is_erased_is_forgotten_and_the_line_stays(
        self, look: Look, coach: User, parent: User
    ) -> None:
        look()
        coach.delete()
        assert told(parent) == [("coach", "summary")]
        assert AccessEntry.objects.get().reader is None

    def test_an_author_who_is_erased_takes_their_lines_along(self, look: Look, parent: User) -> None:
        look()
        parent.delete()
        assert not AccessEntry.objects.exists()
