"""One tap for several children: a moment with each, replayed, undone."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from common.errors import Conflict, NotVisible
from households.services import add_child, archive_child, create_household
from observations.models import Observation
from observations.rules import sibling_id
from observations.selectors import list_captured, list_latest_child_ids
from observations.services import (
    delete_moment,
    edit_moment,
    record_moment_with_each,
    restore_moment,
    undo_capture,
)
from observations.when import Said

MOMENT_ID = uuid.UUID("0b0e3c52-3a3b-4a63-9d8c-0d6a5f1f2a11")


@pytest.fixture
def children(child, second_child):
    return [child, second_child]


@pytest.fixture
def tap(parent, children, now):
    """Records a moment with each child; without arguments: the parent, in tune, just now."""

    def put(actor=None, **arguments):
        return record_moment_with_each(
            **{
                "actor_id": (actor or parent).pk,
                "moment_id": MOMENT_ID,
                "child_ids": [child.public_id for child in children],
                "tone": "in_tune",
                "now": now,
                **arguments,
            }
        )

    return put


@pytest.fixture
def abroad(stranger, now):
    """A child of another household."""
    home = create_household(actor_id=stranger.pk, name="Theirs", timezone="UTC", now=now)
    return add_child(
        actor_id=stranger.pk,
        household_id=home.public_id,
        nickname="Kit",
        birth_month=date(2023, 1, 1),
        now=now,
    )


def live():
    return Observation.objects.filter(deleted_at__isnull=True)


class TestRecordMomentWithEach:
    def test_no_id_tells_that_there_is_another(self, tap):
        assert {moment.public_id.version for moment in tap()} == {4}

    def test_each_child_has_a_moment_and_the_first_keeps_the_id(self, tap, parent, children, now):
        moments = tap(tone="came_back", occurred=Said(at=now - timedelta(minutes=5)))
        assert [moment.child for moment in moments] == children
        assert moments[0].public_id == MOMENT_ID
        assert moments[1].public_id == sibling_id(MOMENT_ID, children[1].public_id)
        assert {(m.author_id, m.tone, m.occurred_at) for m in moments} == {
            (parent.pk, "came_back", now - timedelta(minutes=5))
        }

    def test_a_replay_records_nothing_twice(self, tap):
        first, again = tap(), tap()
        assert [moment.pk for moment in first] == [moment.pk for moment in again]
        assert Observation.objects.count() == 2

    def test_one_child_named_twice_is_one_child(self, tap, child):
        assert len(tap(child_ids=[child.public_id, child.public_id])) == 1
        assert Observation.objects.get().public_id == MOMENT_ID

    def test_an_id_used_for_one_child_alone_is_a_conflict_and_adds_nobody(self, tap, record):
        record(moment_id=MOMENT_ID)
        with pytest.raises(Conflict):
            tap()
        assert Observation.objects.count() == 1

    def test_a_replay_does_not_bring_back_what_was_undone(self, tap, parent, now):
        tap()
        undo_capture(actor_id=parent.pk, moment_id=MOMENT_ID, now=now)
        with pytest.raises(Conflict):
            tap()
        assert not live().exists()

    def test_a_miss_is_private_with_each(self, tap, parent):
        type(parent).objects.filter(pk=parent.pk).update(standing_visibility="household")
        assert {moment.visibility for moment in tap(tone="missed")} == {"private"}

    def test_a_helper_may(self, tap, helper):
        assert {moment.author_id for moment in tap(helper)} == {helper.pk}

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_nobody_from_outside_may(self, request, tap, who):
        with pytest.raises(NotVisible):
            tap(request.getfixturevalue(who))
        assert not Observation.objects.exists()

    def test_a_child_of_a_foreign_household_refuses_them_all(self, tap, child, abroad):
        with pytest.raises(NotVisible):
            tap(child_ids=[child.public_id, abroad.public_id])
        assert not Observation.objects.exists()

    def test_children_of_two_homes_of_ones_own_are_not_one_capture(self, tap, parent, child, now):
        second_home = create_household(actor_id=parent.pk, name="Summer", timezone="UTC", now=now)
        there = add_child(
            actor_id=parent.pk,
            household_id=second_home.public_id,
            nickname="Wren",
            birth_month=date(2023, 1, 1),
            now=now,
        )
        with pytest.raises(NotVisible):
            tap(child_ids=[child.public_id, there.public_id])
        assert not Observation.objects.exists()

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"child_ids": []}, "child_id"),
            ({"tone": "perfect"}, "tone"),
            # After the first child was born, before the second was.
            ({"occurred": Said(at=datetime(2024, 6, 1, tzinfo=UTC))}, "occurred_at"),
        ],
    )
    def test_what_fits_not_every_child_is_kept_of_none(self, tap, arguments, field):
        with pytest.raises(ValidationError) as error:
            tap(**arguments)
        assert set(error.value.error_dict) == {field}
        assert not Observation.objects.exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writer at a time there")
    def test_two_at_once_record_once(self, tap):
        def put(_):
            try:
                return [moment.pk for moment in tap()]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(put, range(2))
        assert first == second
        assert Observation.objects.count() == 2


class TestUndoCapture:
    def test_takes_all_of_them_back_and_each_can_be_restored(self, tap, parent, now):
        moments = tap()
        undo_capture(actor_id=parent.pk, moment_id=MOMENT_ID, now=now)
        assert not live().exists()
        restore_moment(actor_id=parent.pk, moment_id=moments[1].public_id, now=now)
        assert [moment.pk for moment in live()] == [moments[1].pk]

    def test_takes_a_moment_with_one_child_back_and_nothing_else(self, record, parent, second_child, now):
        other = record()
        undo_capture(actor_id=parent.pk, moment_id=record().public_id, now=now)
        assert list(live()) == [other]

    def test_finds_what_moved_to_another_child_and_whose_child_is_archived(self, tap, parent, children, now):
        tap()
        details = {"child_id": children[1].public_id}
        edit_moment(actor_id=parent.pk, moment_id=MOMENT_ID, details=details, now=now)
        archive_child(actor_id=parent.pk, child_id=children[1].public_id, now=now)
        undo_capture(actor_id=parent.pk, moment_id=MOMENT_ID, now=now)
        assert not live().exists()

    def test_leaves_alone_what_was_deleted_before(self, tap, parent, now):
        moments = tap()
        earlier = now - timedelta(minutes=1)
        delete_moment(actor_id=parent.pk, moment_id=moments[1].public_id, now=earlier)
        assert len(undo_capture(actor_id=parent.pk, moment_id=MOMENT_ID, now=now)) == 1
        assert Observation.objects.get(pk=moments[1].pk).deleted_at == earlier

    @pytest.mark.parametrize("who", ["co_parent", "helper", "former_member", "stranger"])
    def test_nobody_else_may(self, request, tap, who, now):
        type(tap()[0]).objects.update(visibility="household")
        with pytest.raises(NotVisible):
            undo_capture(actor_id=request.getfixturevalue(who).pk, moment_id=MOMENT_ID, now=now)
        assert live().count() == 2

    def test_another_author_s_moment_under_the_same_id_stays(self, tap, parent, co_parent, now):
        tap()
        tap(co_parent)
        undo_capture(actor_id=parent.pk, moment_id=MOMENT_ID, now=now)
        assert {moment.author_id for moment in live()} == {co_parent.pk}


class TestListCaptured:
    def test_the_first_comes_first_and_later_moments_not_at_all(self, tap, parent, record):
        moments = tap()
        record()
        found = list_captured(actor_id=parent.pk, moment_id=MOMENT_ID)
        assert [moment.pk for moment in found] == [moment.pk for moment in moments]

    def test_a_moment_that_came_along_is_found_by_itself(self, tap, parent):
        second = tap()[1]
        assert list_captured(actor_id=parent.pk, moment_id=second.public_id) == [second]

    def test_two_children_take_no_more_queries_than_one(self, tap, parent, record):
        def queries(moment_id):
            with CaptureQueriesContext(connection) as captured:
                list_captured(actor_id=parent.pk, moment_id=moment_id)
            return len(captured)

        tap()
        assert queries(MOMENT_ID) == queries(record().public_id)

    @pytest.mark.parametrize("who", ["co_parent", "stranger"])
    def test_they_are_their_author_s_alone(self, request, tap, who):
        type(tap()[0]).objects.update(visibility="household")
        with pytest.raises(NotVisible):
            list_captured(actor_id=request.getfixturevalue(who).pk, moment_id=MOMENT_ID)


class TestListLatestChildIds:
    def test_names_everybody_of_the_last_tap_and_nobody_of_the_one_before(
        self, tap, parent, record, household, children, now
    ):
        def latest():
            return list_latest_child_ids(actor_id=parent.pk, household_id=household.pk)

        assert latest() == set()
        tap()
        assert latest() == {child.pk for child in children}
        record(now=now + timedelta(minutes=1))
        assert latest() == {children[0].pk}
