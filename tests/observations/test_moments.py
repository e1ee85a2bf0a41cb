"""Recording a moment, editing, deleting and restoring it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from checklists.rules import Absence
from common.errors import Conflict, NotVisible
from households.services import add_child, create_household
from observations.models import Observation, Rating, Revision, Tick
from observations.rules import NOTE_MAX, RESTORE_WINDOW, TICKS_MAX, Precision
from observations.selectors import get_moment, list_moments
from observations.services import (
    answer_self_check,
    delete_moment,
    edit_moment,
    purge_deleted,
    record_moment,
    restore_moment,
)
from observations.when import Said


def codes(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    """The codes of an error, by field."""
    return {field: [item.code for item in items] for field, items in error.value.error_dict.items()}


def said_now(moment: Observation) -> dict[str, object]:
    """What an author said about a moment, read anew."""
    row = Observation.objects.get(pk=moment.pk)
    return {
        "tone": row.tone,
        "note": row.note,
        "visibility": row.visibility,
        "ticks": sorted(row.ticks.values_list("kind", "key")),
        "ratings": dict(row.ratings.values_list("dimension", "value")),
        "revision": row.revision,
    }


class TestRecordMoment:
    def test_child_and_tone_are_enough(self, record, parent, child, now):
        moment = record()
        assert (moment.author_id, moment.child_id, moment.tone) == (parent.pk, child.pk, "in_tune")
        assert (moment.occurred_at, moment.precision) == (now, Precision.ABOUT)
        assert (moment.received_at, moment.revision) == (now, 1)
        assert moment.household_id == child.household_id
        assert moment.note == ""

    def test_the_households_zone_is_frozen_with_it(self, record, household):
        assert record().timezone == household.timezone

    def test_replay_records_once(self, record):
        moment_id = uuid.uuid4()
        first = record(moment_id=moment_id)
        again = record(moment_id=moment_id, details={"note": "sent twice, with other words"})
        assert again.pk == first.pk
        assert said_now(first)["note"] == ""
        assert Observation.objects.count() == 1

    def test_replay_after_an_edit_is_still_the_same_moment(self, record, parent, second_child, now):
        moment_id = uuid.uuid4()
        record(moment_id=moment_id)
        details = {"tone": "missed", "child_id": second_child.public_id}
        edit_moment(actor_id=parent.pk, moment_id=moment_id, details=details, now=now)
        assert record(moment_id=moment_id).tone == "missed"

    @pytest.mark.parametrize("other", ["tone", "child"])
    def test_another_moment_under_a_used_id_is_a_conflict(self, record, second_child, other):
        moment_id = uuid.uuid4()
        record(moment_id=moment_id)
        changed = {"tone": "missed"} if other == "tone" else {"child_id": second_child.public_id}
        with pytest.raises(Conflict):
            record(moment_id=moment_id, **changed)

    def test_a_replay_does_not_bring_back_what_was_deleted(self, record, parent, now):
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        with pytest.raises(Conflict):
            record(moment_id=moment.public_id)

    def test_two_authors_may_use_one_id(self, record, co_parent):
        moment_id = uuid.uuid4()
        mine, theirs = record(moment_id=moment_id), record(co_parent, moment_id=moment_id, tone="missed")
        assert mine.pk != theirs.pk
        assert theirs.author_id == co_parent.pk

    def test_the_id_of_a_self_check_is_a_conflict(self, record, parent, child, now):
        check = answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 3},
            now=now,
        )
        with pytest.raises(Conflict):
            record(moment_id=check.public_id)

    def test_a_helper_may_record(self, record, helper):
        assert record(helper).author_id == helper.pk

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_nobody_from_outside_may_record(self, request, record, who):
        with pytest.raises(NotVisible):
            record(request.getfixturevalue(who))

    def test_an_unknown_child_is_not_visible(self, record):
        with pytest.raises(NotVisible):
            record(child_id=uuid.uuid4())

    def test_a_foreign_child_is_not_visible(self, record, stranger, now):
        elsewhere = create_household(actor_id=stranger.pk, name="Theirs", timezone="UTC", now=now)
        theirs = add_child(
            actor_id=stranger.pk,
            household_id=elsewhere.public_id,
            nickname="Kit",
            birth_month=now.date().replace(day=1),
            now=now,
        )
        with pytest.raises(NotVisible):
            record(child_id=theirs.public_id)

    def test_an_unknown_tone_is_refused(self, record):
        with pytest.raises(ValidationError) as error:
            record(tone="perfect")
        assert codes(error) == {"tone": ["choice"]}

    def test_nothing_is_kept_of_a_moment_with_a_wrong_detail(self, record):
        with pytest.raises(ValidationError):
            record(details={"note": "kept?", "ratings": {"needs": 6}})
        assert not Observation.objects.exists()
        assert not Rating.objects.exists()

    def test_many_details_take_no_more_queries_than_few(self, record):
        few, many = CaptureQueriesContext(connection), CaptureQueriesContext(connection)
        record(details={"note": "the first one ever makes a key"})
        with few:
            record(details={"note": "a", "cues": ["phone_away"]})
        with many:
            record(
                details={
                    "note": "b" * NOTE_MAX,
                    "cues": ["phone_away", "followed_lead", "named_feeling", "held"],
                }
            )
        assert len(many) == len(few)


class TestWhoSeesANewMoment:
    def test_everything_is_private_until_its_author_chose(self, record):
        assert {record(tone=tone).visibility for tone in ("in_tune", "missed", "came_back")} == {"private"}

    def test_the_standing_choice_counts_but_a_miss_stays_private(self, record, parent):
        type(parent).objects.filter(pk=parent.pk).update(standing_visibility="household")
        seen = {tone: record(tone=tone).visibility for tone in ("in_tune", "missed", "came_back")}
        assert seen == {"in_tune": "household", "missed": "private", "came_back": "household"}

    def test_a_miss_is_shared_only_in_so_many_words(self, record):
        assert record(tone="missed", details={"visibility": "household"}).visibility == "household"

    def test_an_unknown_circle_is_refused(self, record):
        with pytest.raises(ValidationError) as error:
            record(details={"visibility": "everybody"})
        assert codes(error) == {"visibility": ["choice"]}


class TestWhatAMomentHolds:
    def test_the_three_absences_are_three_things(self, record):
        moment = record(
            details={"ratings": {"needs": 4, "safety": Absence.NOT_SEEN, "openness": Absence.SKIPPED}}
        )
        answers = {
            dimension: (value, absence)
            for dimension, value, absence in moment.ratings.values_list("dimension", "value", "absence")
        }
        assert answers == {"needs": (4, ""), "safety": (None, "not_seen"), "openness": (None, "skipped")}
        assert "comfort" not in answers  # never asked

    def test_an_answer_taken_away_was_never_asked(self, record, parent, now):
        moment = record(details={"ratings": {"needs": 4, "safety": 2}})
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"ratings": {"needs": None}}, now=now
        )
        assert list(moment.ratings.values_list("dimension", flat=True)) == ["safety"]

    @pytest.mark.parametrize(
        "ratings", [{"needs": 0}, {"needs": 6}, {"needs": "5"}, {"joy": 3}, {"needs": ""}]
    )
    def test_an_answer_off_the_scale_is_refused(self, record, ratings):
        with pytest.raises(ValidationError) as error:
            record(details={"ratings": ratings})
        assert codes(error) == {"ratings": ["choice"]}

    def test_ticks_keep_their_kind_and_a_cue_its_dimension(self, record):
        moment = record(details={"cues": ["phone_away"], "contexts": ["bedtime"], "feelings": ["calm"]})
        assert set(moment.ticks.values_list("kind", "key")) == {
            ("cue", "phone_away"),
            ("context", "bedtime"),
            ("feeling", "calm"),
        }
        assert moment.ticks.get(kind="cue").dimension
        assert not moment.ticks.exclude(kind="cue").exclude(dimension="").exists()

    def test_a_list_of_ticks_is_the_whole_list(self, record, parent, now):
        moment = record(details={"contexts": ["bedtime", "meals"], "feelings": ["calm"]})
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"contexts": ["meals"]}, now=now)
        assert set(moment.ticks.values_list("key", flat=True)) == {"meals", "calm"}

    @pytest.mark.parametrize("field", ["cues", "contexts", "feelings"])
    def test_an_unknown_tick_is_refused(self, record, field):
        with pytest.raises(ValidationError) as error:
            record(details={field: ["nonsense"]})
        assert codes(error) == {field: ["choice"]}

    def test_too_many_ticks_are_refused_before_anything_is_looked_up(self, record):
        with pytest.raises(ValidationError) as error:
            record(details={"cues": [f"key_{number}" for number in range(TICKS_MAX + 1)]})
        assert codes(error) == {"cues": ["too_many"]}

    def test_a_tick_that_is_no_longer_offered_stays(self, record, parent, now):
        moment = record(details={"contexts": ["meals"]})
        Tick.objects.filter(observation=moment).update(key="from_an_older_version")
        kept = {"contexts": ["from_an_older_version", "bedtime"]}
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details=kept, now=now)
        assert set(moment.ticks.values_list("key", flat=True)) == set(kept["contexts"])

    def test_the_note_is_cleaned_and_keeps_its_lines(self, record):
        assert record(details={"note": "  one\r\ntwo\u202e \u0007"}).note == "one\ntwo"

    @pytest.mark.parametrize(
        ("note", "code"),
        [("x" * (NOTE_MAX + 1), "too_long"), ("a\x00b", "bad_character"), ("a\ud800b", "bad_character")],
    )
    def test_a_note_that_cannot_be_kept_is_refused(self, record, note, code):
        with pytest.raises(ValidationError) as error:
            record(details={"note": note})
        assert codes(error) == {"note": [code]}


class TestEditMoment:
    def test_what_it_was_is_kept_and_the_revision_counts(self, record, parent, now):
        moment = record(details={"note": "first", "ratings": {"needs": 2}})
        later = now + timedelta(minutes=5)
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment.public_id,
            details={"note": "second", "ratings": {"needs": 4}},
            revision=1,
            now=later,
        )
        assert said_now(moment)["revision"] == 2
        was = Revision.objects.get(observation=moment)
        assert (was.number, was.replaced_at, was.note) == (1, later, "first")
        assert was.state["ratings"] == {"needs": 2}
        assert "note" not in was.state

    def test_nothing_changed_keeps_the_revision(self, record, parent, now):
        details = {"note": "same", "cues": ["phone_away"], "ratings": {"needs": 3}}
        moment = record(details=details)
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details=details, now=now)
        assert said_now(moment)["revision"] == 1
        assert not Revision.objects.exists()

    def test_a_stale_revision_is_a_conflict_and_changes_nothing(self, record, parent, now):
        moment = record()
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "phone"}, now=now)
        with pytest.raises(Conflict):
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"note": "tablet"},
                revision=1,
                now=now,
            )
        assert said_now(moment)["note"] == "phone"

    @pytest.mark.parametrize("who", ["co_parent", "helper", "former_member", "stranger"])
    def test_nobody_edits_another_authors_words(self, request, record, who, now):
        moment = record(details={"visibility": "household"})
        other = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            edit_moment(actor_id=other.pk, moment_id=moment.public_id, details={"note": "no"}, now=now)
        with pytest.raises(NotVisible):
            delete_moment(actor_id=other.pk, moment_id=moment.public_id, now=now)
        assert said_now(moment)["revision"] == 1

    def test_who_left_edits_nothing_any_more(self, record, co_parent, household, now):
        moment = record(co_parent)
        household.memberships.filter(user=co_parent).update(left_at=now)
        with pytest.raises(NotVisible):
            edit_moment(actor_id=co_parent.pk, moment_id=moment.public_id, details={"note": "x"}, now=now)

    def test_it_moves_to_another_child_of_the_household(self, record, parent, second_child, now):
        moment = record()
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment.public_id,
            details={"child_id": second_child.public_id},
            now=now,
        )
        assert Observation.objects.get(pk=moment.pk).child_id == second_child.pk

    def test_it_never_moves_to_another_household(self, record, parent, now):
        moment = record()
        elsewhere = create_household(actor_id=parent.pk, name="Second home", timezone="UTC", now=now)
        other = add_child(
            actor_id=parent.pk,
            household_id=elsewhere.public_id,
            nickname="Kit",
            birth_month=now.date().replace(day=1),
            now=now,
        )
        with pytest.raises(NotVisible):
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"child_id": other.public_id},
                now=now,
            )

    def test_another_child_may_not_have_been_born_yet(self, record, parent, second_child, now):
        moment = record(occurred=Said(at=datetime(2024, 1, 1, tzinfo=UTC)))
        with pytest.raises(ValidationError) as error:
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"child_id": second_child.public_id},
                now=now,
            )
        assert codes(error) == {"occurred_at": ["ancient"]}

    def test_a_new_time_is_placed_in_the_zone_of_the_moment(self, record, parent, household, now):
        moment = record()
        type(household).objects.filter(pk=household.pk).update(timezone="Asia/Tokyo")
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment.public_id,
            details={"occurred": Said(at=datetime(2026, 11, 17, 23, 30, tzinfo=UTC))},
            now=now,
        )
        moved = Observation.objects.get(pk=moment.pk)
        assert (moved.timezone, str(moved.occurred_on)) == ("Europe/Lisbon", "2026-11-17")


class TestDeleteAndRestore:
    def test_it_is_gone_for_everybody_at_once(self, record, parent, co_parent, now):
        moment = record(details={"visibility": "household"})
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, revision=1, now=now)
        for reader in (parent, co_parent):
            with pytest.raises(NotVisible):
                get_moment(actor_id=reader.pk, moment_id=moment.public_id)
            assert not list_moments(actor_id=reader.pk).items

    def test_a_stale_revision_deletes_nothing(self, record, parent, now):
        moment = record()
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "more"}, now=now)
        with pytest.raises(Conflict):
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, revision=1, now=now)
        assert get_moment(actor_id=parent.pk, moment_id=moment.public_id).note == "more"

    def test_restoring_brings_back_every_word(self, record, parent, now):
        moment = record(details={"note": "kept", "cues": ["phone_away"], "ratings": {"needs": 3}})
        before = said_now(moment)
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now + timedelta(days=6))
        assert said_now(moment) == before | {"revision": 3}

    def test_restoring_twice_changes_nothing(self, record, parent, now):
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        for _again in range(2):
            restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert said_now(moment)["revision"] == 3

    def test_after_seven_days_it_stays_deleted(self, record, parent, now):
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        with pytest.raises(NotVisible):
            restore_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                now=now + RESTORE_WINDOW + timedelta(seconds=1),
            )

    def test_nobody_else_restores_it(self, record, parent, co_parent, now):
        moment = record(details={"visibility": "household"})
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        with pytest.raises(NotVisible):
            restore_moment(actor_id=co_parent.pk, moment_id=moment.public_id, now=now)

    def test_the_purge_destroys_what_is_past_restoring_and_nothing_else(self, record, parent, now):
        old, fresh, live = record(details={"cues": ["phone_away"]}), record(), record()
        edit_moment(actor_id=parent.pk, moment_id=old.public_id, details={"note": "again"}, now=now)
        delete_moment(actor_id=parent.pk, moment_id=old.public_id, now=now - timedelta(days=8))
        delete_moment(actor_id=parent.pk, moment_id=fresh.public_id, now=now - timedelta(days=6))
        assert purge_deleted(now=now) == 1
        assert set(Observation.objects.values_list("pk", flat=True)) == {fresh.pk, live.pk}
        assert not Revision.objects.exists()
        assert not Tick.objects.exists()

    def test_a_purge_is_bounded_and_goes_on_where_it_stopped(self, record, parent, now):
        for _each in range(3):
            moment = record()
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now - timedelta(days=30))
        assert [purge_deleted(now=now, limit=2) for _run in range(3)] == [2, 1, 0]


class TestRepairs:
    @pytest.fixture
    def miss(self, record, now):
        def put(actor=None, visibility="household", hours_ago=2, **arguments):
            occurred = Said(at=now - timedelta(hours=hours_ago))
            details = {"visibility": visibility}
            return record(actor, tone="missed", occurred=occurred, details=details, **arguments)

        return put

    def mend(self, record, missed, **arguments):
        return record(tone="came_back", details={"repairs": missed.public_id}, **arguments)

    def test_coming_back_mends_ones_own_private_miss(self, record, miss):
        missed = miss(visibility="private")
        assert self.mend(record, missed).repairs_id == missed.pk

    def test_the_other_adults_shared_miss_may_be_mended(self, record, miss, co_parent):
        missed = miss(co_parent)
        assert self.mend(record, missed).repairs_id == missed.pk

    def test_the_other_adults_private_miss_reads_like_one_that_never_was(self, record, miss, co_parent):
        hidden = miss(co_parent, visibility="private")
        messages = []
        for public_id in (hidden.public_id, uuid.uuid4()):
            with pytest.raises(ValidationError) as error:
                record(tone="came_back", details={"repairs": public_id})
            messages.append(error.value.message_dict)
        assert messages[0] == messages[1]

    def test_only_coming_back_mends(self, record, miss):
        with pytest.raises(ValidationError) as error:
            record(tone="in_tune", details={"repairs": miss().public_id})
        assert codes(error) == {"repairs": ["choice"]}

    def test_only_a_miss_is_mended(self, record):
        with pytest.raises(ValidationError):
            record(tone="came_back", details={"repairs": record(tone="in_tune").public_id})

    def test_a_later_miss_is_not_mended(self, record, miss, now):
        with pytest.raises(ValidationError):
            self.mend(record, miss(hours_ago=1), occurred=Said(at=now - timedelta(hours=3)))

    def test_another_childs_miss_is_not_mended(self, record, miss, second_child):
        with pytest.raises(ValidationError):
            self.mend(record, miss(), child_id=second_child.public_id)

    def test_a_deleted_miss_is_not_mended(self, record, miss, parent, now):
        missed = miss()
        delete_moment(actor_id=parent.pk, moment_id=missed.public_id, now=now)
        with pytest.raises(ValidationError):
            self.mend(record, missed)

    def test_both_sides_show_the_link(self, record, miss, parent, co_parent):
        missed = miss(co_parent)
        mended = self.mend(record, missed)
        assert get_moment(actor_id=parent.pk, moment_id=mended.public_id).repairs == missed
        shown = get_moment(actor_id=parent.pk, moment_id=missed.public_id)
        assert [row.pk for row in shown.mended_by] == [mended.pk]

    def test_a_private_mending_is_unknown_to_the_other(self, record, miss, co_parent):
        missed = miss(co_parent)
        self.mend(record, missed)
        assert get_moment(actor_id=co_parent.pk, moment_id=missed.public_id).mended_by == []

    def test_once_the_miss_is_private_the_link_is_gone_for_the_other(
        self, record, miss, parent, co_parent, now
    ):
        missed = miss(co_parent)
        mended = self.mend(record, missed)
        edit_moment(
            actor_id=co_parent.pk,
            moment_id=missed.public_id,
            details={"visibility": "private"},
            now=now,
        )
        assert get_moment(actor_id=parent.pk, moment_id=mended.public_id).repairs is None

    def test_another_tone_drops_the_link(self, record, miss, parent, now):
        mended = self.mend(record, miss())
        edit_moment(actor_id=parent.pk, moment_id=mended.public_id, details={"tone": "in_tune"}, now=now)
        assert Observation.objects.get(pk=mended.pk).repairs_id is None

    @pytest.mark.parametrize("change", ["child", "time"])
    def test_a_link_that_no_longer_fits_is_dropped(self, record, miss, parent, second_child, now, change):
        mended = self.mend(record, miss(hours_ago=2))
        details = (
            {"child_id": second_child.public_id}
            if change == "child"
            else {"occurred": Said(at=now - timedelta(hours=5))}
        )
        edit_moment(actor_id=parent.pk, moment_id=mended.public_id, details=details, now=now)
        assert Observation.objects.get(pk=mended.pk).repairs_id is None

    @pytest.mark.parametrize("change", ["tone", "child", "time"])
    def test_a_link_to_what_is_no_such_miss_any_more_does_not_show(
        self, record, miss, parent, co_parent, second_child, now, change
    ):
        missed = miss(co_parent)
        mended = self.mend(record, missed)
        changes = {
            "tone": {"tone": "in_tune"},
            "child": {"child_id": second_child.public_id},
            "time": {"occurred": Said(at=now + timedelta(minutes=5))},
        }
        edit_moment(actor_id=co_parent.pk, moment_id=missed.public_id, details=changes[change], now=now)
        assert get_moment(actor_id=parent.pk, moment_id=mended.public_id).repairs is None
        assert get_moment(actor_id=parent.pk, moment_id=missed.public_id).mended_by == []

    def test_what_another_changes_out_of_sight_shows_in_no_revision_of_ones_own(
        self, record, miss, parent, co_parent, now
    ):
        missed = miss(co_parent)
        mended = self.mend(record, missed)
        hidden = {"visibility": "private", "tone": "in_tune"}
        edit_moment(actor_id=co_parent.pk, moment_id=missed.public_id, details=hidden, now=now)
        edited = edit_moment(actor_id=parent.pk, moment_id=mended.public_id, details={"note": ""}, now=now)
        assert edited.revision == mended.revision

    def test_the_link_may_be_taken_away(self, record, miss, parent, now):
        mended = self.mend(record, miss())
        edit_moment(actor_id=parent.pk, moment_id=mended.public_id, details={"repairs": None}, now=now)
        assert Observation.objects.get(pk=mended.pk).repairs_id is None


@pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="one connection for all threads: SQLite's test database is in memory",
)
class TestRecordAtTheSameTime:
    def test_two_phones_sending_one_moment_record_it_once(self, transactional_db, parent, child, now):
        moment_id = uuid.uuid4()

        def send(_number):
            try:
                return record_moment(
                    actor_id=parent.pk,
                    moment_id=moment_id,
                    child_id=child.public_id,
                    tone="in_tune",
                    details={"note": "once", "cues": ["phone_away"], "ratings": {"needs": 4}},
                    now=now,
                ).pk
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            keys = set(pool.map(send, range(8)))
        assert len(keys) == 1
        assert Observation.objects.count() == 1
        assert Rating.objects.count() == 1

    def test_of_two_edits_from_one_revision_one_is_a_conflict(self, transactional_db, parent, record, now):
        moment = record()

        def edit(number):
            try:
                edit_moment(
                    actor_id=parent.pk,
                    moment_id=moment.public_id,
                    details={"note": f"words {number}"},
                    revision=1,
                    now=now,
                )
            except Conflict:
                return "conflict"
            finally:
                connections.close_all()
            return "saved"

        with ThreadPoolExecutor(4) as pool:
            outcomes = sorted(pool.map(edit, range(4)))
        assert outcomes == ["conflict", "conflict", "conflict", "saved"]
        assert said_now(moment)["revision"] == 2
