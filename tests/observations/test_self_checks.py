"""The weekly self-check, and the question a member is asked by default."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from checklists.rules import Absence
from common.errors import Conflict, NotVisible
from households.services import edit_household
from observations.models import FocusDimension, Observation, Revision
from observations.selectors import (
    find_own_self_check,
    get_focus,
    get_self_check,
    list_moments,
    list_self_checks,
)
from observations.services import answer_self_check, choose_focus


@pytest.fixture
def answer(parent, child, now):
    def put(actor=None, **arguments):
        return answer_self_check(
            **{
                "actor_id": (actor or parent).pk,
                "check_id": uuid.uuid4(),
                "child_id": child.public_id,
                "day": now.date(),
                "ratings": {"needs": 3},
                "now": now,
                **arguments,
            }
        )

    return put


class TestAnswerSelfCheck:
    def test_it_stands_for_the_week_and_is_private(self, answer):
        check = answer()
        assert check.occurred_on == date(2026, 11, 16)
        assert (check.kind, check.tone, check.visibility) == ("self_check", "", "private")

    def test_answers_are_those_of_the_weekly_questions(self, answer):
        check = answer(ratings={"needs": 4, "comfort": Absence.NOT_SEEN, "self": Absence.SKIPPED})
        rows = check.ratings.values_list("dimension", "value", "absence", "question__occasion")
        assert set(rows) == {
            ("needs", 4, "", "week"),
            ("comfort", None, "not_seen", "week"),
            ("self", None, "skipped", "week"),
        }

    @pytest.mark.parametrize(
        "said", [{}, {"needs": Absence.SKIPPED, "self": Absence.SKIPPED}, {"needs": None}]
    )
    def test_in_which_nothing_is_said_is_not_kept(self, answer, said):
        for note in (None, "", " \n "):
            with pytest.raises(ValidationError) as error:
                answer(ratings=said, note=note)
            assert set(error.value.error_dict) == {"ratings"}
        assert not Observation.objects.exists()

    @pytest.mark.parametrize(
        "said", [{"ratings": {}, "note": "A line"}, {"ratings": {"self": Absence.NOT_SEEN}}]
    )
    def test_a_line_or_one_answer_is_enough(self, answer, said):
        assert answer(**said).is_new

    def test_one_that_is_there_may_be_emptied(self, answer):
        check = answer(note="A line")
        answer(ratings={"needs": None}, note="")
        check.refresh_from_db()
        assert (check.note, check.ratings.count(), check.revision) == ("", 0, 2)

    def test_the_same_week_again_edits_it(self, answer, now):
        first = answer(note="Monday")
        again = answer(day=date(2026, 11, 22), ratings={"needs": 5}, note="Sunday", now=now)
        assert again.pk == first.pk
        assert again.public_id == first.public_id
        assert again.revision == 2
        assert Revision.objects.get(observation=first).note == "Monday"

    def test_what_is_not_given_again_stays(self, answer):
        answer(note="my words", visibility="household", ratings={"needs": 2, "safety": 4})
        again = answer(ratings={"needs": 5})
        assert (again.note, again.visibility) == ("my words", "household")
        assert dict(again.ratings.values_list("dimension", "value")) == {"needs": 5, "safety": 4}

    def test_an_answer_again_holds_the_row_and_writes_what_it_may_change_alone(self, answer):
        answer(note="Monday")
        with CaptureQueriesContext(connection) as asked:
            answer(ratings={"needs": 5})
        told = [query["sql"] for query in asked]
        (written,) = [sql for sql in told if sql.startswith('UPDATE "observations_observation"')]
        assert "occurred_on" not in written.partition("WHERE")[0]
        rows = [sql for sql in told if 'FROM "observations_observation"' in sql and "FOR UPDATE" in sql]
        assert rows or connection.vendor == "sqlite"

    def test_the_same_answers_again_keep_the_revision(self, answer):
        answer(note="same")
        assert answer(note="same").revision == 1
        assert not Revision.objects.exists()

    def test_each_child_and_each_adult_has_its_own(self, answer, second_child, co_parent):
        assert len({answer().pk, answer(child_id=second_child.public_id).pk, answer(co_parent).pk}) == 3

    @pytest.mark.parametrize(
        ("day", "first_day"),
        [
            (date(2026, 11, 2), date(2026, 11, 2)),
            (date(2026, 11, 8), date(2026, 11, 2)),
            (date(2026, 11, 22), date(2026, 11, 16)),
        ],
    )
    def test_it_looks_back_two_weeks(self, answer, day, first_day):
        assert answer(day=day).occurred_on == first_day

    @pytest.mark.parametrize(
        "day", [date(2026, 11, 1), date(2026, 11, 23), date(1, 1, 1), date(9999, 12, 31)]
    )
    def test_no_further_and_never_ahead(self, answer, day):
        with pytest.raises(ValidationError) as error:
            answer(day=day)
        assert error.value.error_dict["day"][0].code == "range"

    def test_the_week_is_the_households_own(self, answer, parent, household, now):
        edit_household(actor_id=parent.pk, household_id=household.public_id, week_starts_on=6, now=now)
        assert answer(day=now.date()).occurred_on == date(2026, 11, 15)

    @pytest.mark.parametrize(
        ("zone", "first_instant"),
        [
            # Lisbon leaves summer time on Sunday 25 October 2026: the week of the 19th still starts in it.
            ("Europe/Lisbon", datetime(2026, 10, 18, 23, 0, tzinfo=UTC)),
            ("America/Santiago", datetime(2026, 10, 19, 3, 0, tzinfo=UTC)),
            ("Asia/Kathmandu", datetime(2026, 10, 18, 18, 15, tzinfo=UTC)),
        ],
    )
    def test_it_starts_with_the_first_instant_of_the_week(
        self, answer, parent, household, now, zone, first_instant
    ):
        then = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
        edit_household(actor_id=parent.pk, household_id=household.public_id, timezone=zone, now=now)
        assert answer(day=date(2026, 10, 25), now=then).occurred_at == first_instant

    def test_today_is_the_households_on_the_night_the_clocks_change(self, answer):
        # Sunday 25 October has 25 hours in Lisbon; half an hour after the last of them it is Monday.
        monday_night = datetime(2026, 10, 26, 0, 30, tzinfo=UTC)
        assert answer(day=date(2026, 10, 26), now=monday_night).occurred_on == date(2026, 10, 26)
        with pytest.raises(ValidationError):
            answer(day=date(2026, 10, 26), now=monday_night - timedelta(hours=1))

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_nobody_from_outside_answers(self, request, answer, who):
        with pytest.raises(NotVisible):
            answer(request.getfixturevalue(who))

    def test_an_id_used_for_a_moment_is_a_conflict(self, answer, record):
        with pytest.raises(Conflict):
            answer(check_id=record().public_id)
        assert not Observation.objects.filter(kind="self_check").exists()

    def test_an_id_used_for_another_week_is_a_conflict(self, answer, now):
        earlier = answer(day=now.date() - timedelta(weeks=1))
        with pytest.raises(Conflict):
            answer(check_id=earlier.public_id)

    def test_the_database_itself_keeps_one_for_a_week(self, answer, record):
        check = answer()
        moment = record()
        with pytest.raises(IntegrityError), transaction.atomic():
            Observation.objects.filter(pk=moment.pk).update(
                kind="self_check", tone="", occurred_on=check.occurred_on
            )


class TestReadSelfChecks:
    def test_a_shared_one_is_read_without_the_own_state(self, answer, parent, co_parent):
        check = answer(ratings={"needs": 4, "self": 1}, visibility="household")
        shown = get_self_check(actor_id=co_parent.pk, check_id=check.public_id)
        assert [rating.dimension for rating in shown.shown_ratings] == ["needs"]
        own = get_self_check(actor_id=parent.pk, check_id=check.public_id)
        assert [rating.dimension for rating in own.shown_ratings] == ["needs", "self"]

    @pytest.mark.parametrize("who", ["co_parent", "helper", "former_member", "stranger"])
    def test_a_private_one_is_its_authors_alone(self, request, answer, who):
        check = answer()
        reader = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            get_self_check(actor_id=reader.pk, check_id=check.public_id)
        assert not list_self_checks(actor_id=reader.pk).items

    def test_where_two_authors_checks_share_an_id_ones_own_is_meant(self, answer, co_parent):
        theirs = answer(visibility="household")
        own = answer(co_parent, check_id=theirs.public_id, ratings={"needs": 5})
        assert get_self_check(actor_id=co_parent.pk, check_id=theirs.public_id) == own

    def test_it_is_no_moment(self, answer, parent):
        answer()
        assert not list_moments(actor_id=parent.pk).items

    def test_the_own_one_of_a_week_is_found(self, answer, parent, co_parent, child, now):
        check = answer(visibility="household")
        week = {"child_id": child.public_id, "first_day": check.occurred_on}
        assert find_own_self_check(actor_id=parent.pk, **week).pk == check.pk
        assert find_own_self_check(actor_id=co_parent.pk, **week) is None


class TestChooseFocus:
    def test_the_latest_choice_counts_and_the_earlier_stay(self, parent, household, now):
        for minutes, dimension in enumerate(["needs", "repair"]):
            choose_focus(
                actor_id=parent.pk,
                household_id=household.public_id,
                dimension=dimension,
                now=now + timedelta(minutes=minutes),
            )
        assert get_focus(actor_id=parent.pk, household_id=household.pk).dimension == "repair"
        assert FocusDimension.objects.count() == 2

    def test_the_same_choice_again_writes_nothing(self, parent, household, now):
        for _again in range(2):
            choose_focus(actor_id=parent.pk, household_id=household.public_id, dimension="needs", now=now)
        assert FocusDimension.objects.count() == 1

    def test_no_focus_is_a_choice_too(self, parent, household, now):
        for minutes, dimension in enumerate(["needs", ""]):
            choose_focus(
                actor_id=parent.pk,
                household_id=household.public_id,
                dimension=dimension,
                now=now + timedelta(minutes=minutes),
            )
        assert get_focus(actor_id=parent.pk, household_id=household.pk) is None

    def test_it_is_each_members_own(self, parent, co_parent, household, now):
        choose_focus(actor_id=parent.pk, household_id=household.public_id, dimension="needs", now=now)
        assert get_focus(actor_id=co_parent.pk, household_id=household.pk) is None

    def test_an_unknown_dimension_is_refused(self, parent, household, now):
        with pytest.raises(ValidationError):
            choose_focus(actor_id=parent.pk, household_id=household.public_id, dimension="joy", now=now)

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_nobody_from_outside_chooses(self, request, household, who, now):
        actor = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            choose_focus(actor_id=actor.pk, household_id=household.public_id, dimension="needs", now=now)
