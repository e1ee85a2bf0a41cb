"""What months and threads are read from: whose moments, on whose days, and for whose eyes."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.rules import Absence
from households.services import leave_household
from observations.models import Observation
from observations.rules import Precision
from observations.selectors import (
    Stretch,
    count_mended,
    count_ticked,
    count_with_ticks,
    find_mended,
    list_answered,
    list_mended,
    list_noted,
)
from observations.services import answer_self_check, delete_moment, edit_moment
from observations.when import Said

SHARED = {"visibility": "household"}
READS = (list_noted, list_answered, count_ticked, count_with_ticks, list_mended)


@pytest.fixture
def stretch(child, parent):
    """September to November 2026, of the parent's."""

    def of(author=parent, since=date(2026, 9, 1), until=date(2026, 11, 30)):
        return Stretch(child.household_id, child.pk, author.pk, since, until)

    return of


def everything(reader, stretch):
    """All that these reads tell one reader of a stretch."""
    told = [list(read(actor_id=reader.pk, stretch=stretch)) for read in READS]
    return [*told, count_mended(actor_id=reader.pk, stretch=stretch)]


class TestStretch:
    def test_holds_one_author_s_moments_with_one_child(
        self, record, parent, co_parent, second_child, stretch
    ):
        record()
        record(co_parent, details=SHARED)
        record(child_id=second_child.public_id)
        assert [tone for tone, *_ in list_noted(actor_id=parent.pk, stretch=stretch())] == ["in_tune"]
        assert [tone for tone, *_ in list_noted(actor_id=parent.pk, stretch=stretch(co_parent))] == [
            "in_tune"
        ]

    @pytest.mark.parametrize(
        ("at", "month"),
        [
            # Lisbon is an hour ahead of UTC until 25 October, then with it.
            (datetime(2026, 9, 30, 22, 30, tzinfo=UTC), 9),
            (datetime(2026, 9, 30, 23, 0, tzinfo=UTC), 10),
            (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), 10),
            (datetime(2026, 11, 1, 0, 0, tzinfo=UTC), 11),
        ],
    )
    def test_a_late_evening_belongs_to_the_household_s_own_day(self, record, parent, stretch, at, month):
        record(occurred=Said(at=at))
        ends = {9: 30, 10: 31, 11: 30}
        found = [
            number
            for number, last in ends.items()
            if list(
                list_noted(
                    actor_id=parent.pk,
                    stretch=stretch(since=date(2026, number, 1), until=date(2026, number, last)),
                )
            )
        ]
        assert found == [month]

    @pytest.mark.parametrize(
        "zone", ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "Atlantic/Azores"]
    )
    def test_its_days_decide_wherever_a_moment_was_written(self, record, parent, stretch, zone):
        """The instants of the index are a day wider on both sides, and no zone is further from UTC than that."""
        moment = record()
        for at, on in (
            (datetime(2026, 8, 31, 10, 0, tzinfo=UTC), date(2026, 9, 1)),
            (datetime(2026, 12, 1, 11, 0, tzinfo=UTC), date(2026, 11, 30)),
        ):
            Observation.objects.filter(pk=moment.pk).update(occurred_at=at, occurred_on=on, timezone=zone)
            assert len(list(list_noted(actor_id=parent.pk, stretch=stretch()))) == 1

    def test_a_deleted_moment_is_in_none_of_it(self, record, parent, stretch, now):
        nothing = everything(parent, stretch())
        moment = record(tone="missed", details={"cues": ["waved_off"], "ratings": {"needs": 2}})
        assert everything(parent, stretch()) != nothing
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert everything(parent, stretch()) == nothing


class TestForOthers:
    def test_what_its_author_keeps_to_herself_changes_nothing(
        self, record, parent, co_parent, helper, child, stretch, now
    ):
        missed = record(tone="missed", details=SHARED)
        before = [everything(reader, stretch()) for reader in (co_parent, helper)]
        details = {"cues": ["said_sorry"], "contexts": ["bedtime"], "ratings": {"needs": 2, "self": 1}}
        record(tone="came_back", details={**details, "repairs": missed.public_id, "visibility": "private"})
        record(tone="came_back", details={"repairs": missed.public_id, "visibility": "coaches"})
        record(tone="missed", details={"cues": ["waved_off"]})
        edit_moment(actor_id=parent.pk, moment_id=missed.public_id, details={"ratings": {"self": 1}}, now=now)
        answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.UUID(int=7),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 3},
            now=now,
        )
        assert everything(parent, stretch()) != before[0]
        assert [everything(reader, stretch()) for reader in (co_parent, helper)] == before

    def test_own_state_is_in_its_author_s_reads_alone(self, record, parent, co_parent, stretch):
        record(details={**SHARED, "ratings": {"needs": 4, "self": 2}})
        told = {
            reader: {answer[1] for answer in list_answered(actor_id=reader.pk, stretch=stretch())}
            for reader in (parent, co_parent)
        }
        assert told == {parent: {"needs", "self"}, co_parent: {"needs"}}

    def test_who_left_takes_all_of_it_along(self, record, parent, co_parent, household, stretch, now):
        nothing = everything(parent, stretch(co_parent))
        missed = record(co_parent, tone="missed", details={**SHARED, "ratings": {"needs": 2}})
        record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        assert everything(parent, stretch(co_parent)) != nothing
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        assert everything(parent, stretch(co_parent)) == nothing

    def test_a_stranger_and_a_former_member_are_told_nothing(self, record, former_member, stranger, stretch):
        nothing = [everything(reader, stretch()) for reader in (former_member, stranger)]
        missed = record(tone="missed", details={**SHARED, "ratings": {"needs": 2}, "contexts": ["bath"]})
        record(tone="came_back", details={**SHARED, "repairs": missed.public_id})
        assert [everything(reader, stretch()) for reader in (former_member, stranger)] == nothing


class TestAnswers:
    def test_each_says_what_it_was_about_and_why_it_has_no_value(self, record, parent, child, stretch, now):
        moment = record(details={"ratings": {"needs": 4, "safety": Absence.NOT_SEEN}})
        check = answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.UUID(int=7),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 3},
            now=now,
        )
        assert set(list_answered(actor_id=parent.pk, stretch=stretch())) == {
            ("moment", "needs", 4, "", moment.public_id, date(2026, 11, 18)),
            ("moment", "safety", None, "not_seen", moment.public_id, date(2026, 11, 18)),
            ("self_check", "needs", 3, "", check.public_id, date(2026, 11, 16)),
        }


class TestTicks:
    def test_are_counted_by_tone_and_beside_the_moments_that_have_any(self, record, parent, stretch):
        record(details={"contexts": ["bedtime", "bath"], "cues": ["held"]})
        record(details={"contexts": ["bedtime"]})
        record(tone="missed", details={"contexts": ["bedtime"]})
        record()
        ticked = set(count_ticked(actor_id=parent.pk, stretch=stretch()))
        assert ticked == {
            ("context", "bath", "in_tune", 1),
            ("context", "bedtime", "in_tune", 2),
            ("context", "bedtime", "missed", 1),
            ("cue", "held", "in_tune", 1),
        }
        assert set(count_with_ticks(actor_id=parent.pk, stretch=stretch())) == {
            ("context", "in_tune", 2),
            ("context", "missed", 1),
            ("cue", "in_tune", 1),
        }


class TestMended:
    def test_counts_the_misses_and_those_somebody_came_back_to(self, record, parent, co_parent, stretch):
        for came_backs in (0, 1, 2):
            missed = record(tone="missed")
            for _ in range(came_backs):
                record(tone="came_back", details={"repairs": missed.public_id})
        theirs = record(tone="missed", details=SHARED)
        record(co_parent, tone="came_back", details={"repairs": theirs.public_id, "visibility": "private"})
        assert count_mended(actor_id=parent.pk, stretch=stretch()) == (4, 2)

    def test_lists_the_one_come_back_to_last_first_with_all_its_came_backs(
        self, record, parent, stretch, now
    ):
        def missed_and_back(*hours):
            missed = record(tone="missed", occurred=Said(at=now - timedelta(hours=hours[0])))
            backs = [
                record(
                    tone="came_back",
                    occurred=Said(at=now - timedelta(hours=back)),
                    details={"repairs": missed.public_id},
                )
                for back in hours[1:]
            ]
            return missed.pk, [back.pk for back in backs]

        record(tone="missed")
        late, early = missed_and_back(90, 50, 1), missed_and_back(30, 29)
        listed = list_mended(actor_id=parent.pk, stretch=stretch())
        assert [(row.pk, [back.pk for back in row.mended_by]) for row in listed] == [late, early]
        assert len(list_mended(actor_id=parent.pk, stretch=stretch(), limit=1)) == 1

    def test_its_author_may_have_written_either_end(self, record, parent, co_parent, helper, stretch):
        missed = record(tone="missed", details=SHARED)
        record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        for reader in (parent, co_parent, helper):
            for author in (parent, co_parent):
                listed = list_mended(actor_id=reader.pk, stretch=stretch(author))
                assert [row.pk for row in listed] == [missed.pk]
            assert list_mended(actor_id=reader.pk, stretch=stretch(helper)) == []

    def test_belongs_to_the_days_on_which_somebody_came_back(self, record, parent, stretch, now):
        missed = record(tone="missed", occurred=Said(at=now - timedelta(days=40)))
        record(tone="came_back", details={"repairs": missed.public_id})
        november, october = (
            stretch(since=date(2026, month, 1), until=date(2026, month, 30)) for month in (11, 10)
        )
        assert len(list_mended(actor_id=parent.pk, stretch=november)) == 1
        assert list_mended(actor_id=parent.pk, stretch=october) == []

    def test_a_miss_that_is_gone_or_kept_back_leaves_no_thread_and_no_trace_of_one(
        self, record, parent, co_parent, stretch, now
    ):
        def threads():
            return [
                list_mended(actor_id=reader.pk, stretch=stretch(author))
                for reader in (parent, co_parent)
                for author in (parent, co_parent)
            ]

        missed = record(tone="missed", details=SHARED)
        record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        assert all(threads())
        edit = {"actor_id": parent.pk, "moment_id": missed.public_id, "now": now}
        edit_moment(**edit, details={"visibility": "private"})
        assert threads() == [[missed], [missed], [], []]
        edit_moment(**edit, details={"tone": "in_tune"})
        assert not any(threads())
        edit_moment(**edit, details={"tone": "missed", "visibility": "household"})
        assert all(threads())
        delete_moment(**edit)
        assert not any(threads())

    def test_is_found_by_the_miss_only_where_both_ends_may_be_seen(
        self, record, parent, co_parent, stranger, now
    ):
        missed = record(tone="missed", details=SHARED)
        assert find_mended(actor_id=parent.pk, missed_id=missed.pk) is None
        back = record(tone="came_back", details={"repairs": missed.public_id})
        found = {
            reader: find_mended(actor_id=reader.pk, missed_id=missed.pk)
            for reader in (parent, co_parent, stranger)
        }
        assert [row.pk for row in found[parent].mended_by] == [back.pk]
        assert (found[co_parent], found[stranger]) == (None, None)
        assert find_mended(actor_id=parent.pk, missed_id=back.pk) is None


class TestQueries:
    def test_ten_more_moments_take_no_more_queries(self, record, parent, stretch):
        def write(times):
            for _ in range(times):
                details = {"contexts": ["bedtime"], "cues": ["waved_off"], "ratings": {"needs": 2}}
                missed = record(tone="missed", details=details)
                record(tone="came_back", details={"repairs": missed.public_id})

        def queries():
            with CaptureQueriesContext(connection) as captured:
                everything(parent, stretch())
            return len(captured)

        write(1)
        few = queries()
        write(10)
        assert queries() == few == 9


def test_a_day_without_an_hour_says_so(record, parent, stretch, now):
    record(occurred=Said(at=now, precision=Precision.DAY))
    ((_tone, _on, _at, zone, precision),) = list_noted(actor_id=parent.pk, stretch=stretch())
    assert (zone, precision) == ("Europe/Lisbon", "day")
