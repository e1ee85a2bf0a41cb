"""Who reads what of observations, how lists go on, and that they stay cheap."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import NotVisible
from common.person_keys import remembering
from observations import selectors
from observations.models import Observation
from observations.selectors import (
    MomentFilters,
    get_moment,
    list_moments,
    list_recent_cues,
    list_repairable,
    list_revisions,
    list_self_checks,
    list_tones_by_day,
    needs_soft_card,
    page_revisions,
)
from observations.services import answer_self_check, delete_moment, edit_moment
from observations.when import Said

SHARED = {"visibility": "household"}


def keys(page) -> list[int]:
    return [row.pk for row in page.items]


class TestWhoReadsAMoment:
    @pytest.mark.parametrize("who", ["co_parent", "helper"])
    def test_the_household_reads_what_is_shared(self, request, record, who):
        shared, private = record(details=SHARED), record()
        reader = request.getfixturevalue(who)
        assert keys(list_moments(actor_id=reader.pk)) == [shared.pk]
        assert get_moment(actor_id=reader.pk, moment_id=shared.public_id).pk == shared.pk
        with pytest.raises(NotVisible):
            get_moment(actor_id=reader.pk, moment_id=private.public_id)

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_nobody_from_outside_reads_anything(self, request, record, who):
        shared = record(details=SHARED)
        reader = request.getfixturevalue(who)
        assert not list_moments(actor_id=reader.pk).items
        with pytest.raises(NotVisible):
            get_moment(actor_id=reader.pk, moment_id=shared.public_id)

    def test_who_left_does_not_even_read_their_own(self, record, co_parent, household, now):
        record(co_parent)
        household.memberships.filter(user=co_parent).update(left_at=now)
        assert not list_moments(actor_id=co_parent.pk).items

    def test_own_state_is_its_authors_alone(self, record, parent, co_parent):
        moment = record(details={**SHARED, "ratings": {"needs": 4, "self": 2}})
        seen = {
            reader.pk: [
                rating.dimension
                for rating in get_moment(actor_id=reader.pk, moment_id=moment.public_id).shown_ratings
            ]
            for reader in (parent, co_parent)
        }
        assert seen == {parent.pk: ["needs", "self"], co_parent.pk: ["needs"]}

    def test_own_state_cannot_be_filtered_for_by_others(self, record, parent, co_parent):
        record(details={**SHARED, "ratings": {"self": 2}})
        by_state = MomentFilters(dimension="self")
        assert len(list_moments(actor_id=parent.pk, filters=by_state).items) == 1
        assert not list_moments(actor_id=co_parent.pk, filters=by_state).items

    def test_of_two_moments_with_one_id_each_author_means_their_own(self, record, parent, co_parent):
        moment_id = uuid.uuid4()
        mine = record(moment_id=moment_id, details=SHARED)
        theirs = record(co_parent, moment_id=moment_id, details=SHARED)
        assert get_moment(actor_id=parent.pk, moment_id=moment_id).pk == mine.pk
        assert get_moment(actor_id=co_parent.pk, moment_id=moment_id).pk == theirs.pk


class TestListMoments:
    def test_the_latest_comes_first(self, record, now):
        early, late = (record(occurred=Said(at=now - timedelta(hours=hours))) for hours in (5, 1))
        assert keys(list_moments(actor_id=early.author_id)) == [late.pk, early.pk]

    def test_each_filter_narrows(self, record, parent, co_parent, household, second_child, now):
        plain = record(occurred=Said(at=now - timedelta(days=3)))
        other = record(
            co_parent,
            tone="came_back",
            child_id=second_child.public_id,
            details={**SHARED, "cues": ["said_sorry"], "ratings": {"needs": 3}, "note": "by the sea"},
        )
        for filters in (
            MomentFilters(child_id=second_child.public_id),
            MomentFilters(author_id=co_parent.public_id),
            MomentFilters(tone="came_back"),
            MomentFilters(dimension="repair"),
            MomentFilters(dimension="needs"),
            MomentFilters(since=now.date()),
            MomentFilters(text="SEA"),
        ):
            assert keys(list_moments(actor_id=parent.pk, filters=filters)) == [other.pk], filters
        until = MomentFilters(until=now.date() - timedelta(days=3))
        assert keys(list_moments(actor_id=parent.pk, filters=until)) == [plain.pk]
        both = MomentFilters(household_id=household.public_id)
        assert len(list_moments(actor_id=parent.pk, filters=both).items) == 2
        assert not list_moments(actor_id=parent.pk, filters=MomentFilters(household_id=uuid.uuid4())).items

    def test_days_are_the_households_own(self, record, parent):
        # 00:30 on the 18th in Lisbon's summer is still the 17th in UTC.
        late = record(occurred=Said(at=datetime(2026, 7, 17, 23, 30, tzinfo=UTC)))
        day = date(2026, 7, 18)
        assert keys(list_moments(actor_id=parent.pk, filters=MomentFilters(since=day, until=day))) == [
            late.pk
        ]

    def test_ten_more_rows_take_no_more_queries(self, record, parent, co_parent, now):
        def fill(count):
            for number in range(count):
                missed = record(
                    co_parent, tone="missed", details=SHARED, occurred=Said(at=now - timedelta(hours=3))
                )
                record(
                    tone="came_back",
                    details={
                        "repairs": missed.public_id,
                        "note": f"note {number}",
                        "cues": ["said_sorry"],
                        "ratings": {"needs": 3},
                    },
                )

        fill(2)
        with CaptureQueriesContext(connection) as few:
            list_moments(actor_id=parent.pk)
        fill(5)
        with CaptureQueriesContext(connection) as many:
            list_moments(actor_id=parent.pk)
        assert len(many) == len(few)

    def test_the_limit_is_bounded_at_both_ends(self, record, parent):
        for _each in range(3):
            record()
        assert len(list_moments(actor_id=parent.pk, limit=0).items) == 1
        assert len(list_moments(actor_id=parent.pk, limit=10**6).items) == 3


class TestCursors:
    def walk(self, actor, limit=2, **filters):
        found, cursor = [], ""
        while True:
            page = list_moments(
                actor_id=actor.pk, filters=MomentFilters(**filters), cursor=cursor, limit=limit
            )
            found += keys(page)
            if not page.next_cursor:
                return found
            cursor = page.next_cursor

    def test_pages_hold_every_row_once_even_in_one_instant(self, record, parent):
        moments = [record().pk for _each in range(7)]
        assert self.walk(parent) == sorted(moments, reverse=True)

    def test_a_full_last_page_has_no_next(self, record, parent):
        for _each in range(4):
            record()
        assert self.walk(parent) == sorted(self.walk(parent, limit=50), reverse=True)
        second = list_moments(
            actor_id=parent.pk, limit=2, cursor=list_moments(actor_id=parent.pk, limit=2).next_cursor
        )
        assert second.next_cursor == ""

    def test_new_rows_on_top_shift_nothing(self, record, parent, now):
        for _each in range(4):
            record(occurred=Said(at=now - timedelta(hours=1)))
        first = list_moments(actor_id=parent.pk, limit=2)
        record(occurred=Said(at=now))
        second = list_moments(actor_id=parent.pk, limit=2, cursor=first.next_cursor)
        assert not set(keys(first)) & set(keys(second))

    def test_another_readers_cursor_is_refused(self, record, parent, co_parent):
        for _each in range(3):
            record(details=SHARED)
        cursor = list_moments(actor_id=parent.pk, limit=1).next_cursor
        with pytest.raises(ValidationError) as error:
            list_moments(actor_id=co_parent.pk, cursor=cursor)
        assert error.value.error_dict["cursor"][0].code == "cursor"

    def test_a_cursor_of_another_list_is_refused(self, record, parent):
        for _each in range(2):
            record()
        cursor = list_moments(actor_id=parent.pk, limit=1).next_cursor
        with pytest.raises(ValidationError):
            list_self_checks(actor_id=parent.pk, cursor=cursor)

    def test_a_cursor_tells_no_key_and_no_time(self, record, parent):
        for _each in range(2):
            moment = record()
        cursor = list_moments(actor_id=parent.pk, limit=1).next_cursor
        opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert f"{moment.occurred_at:%Y-%m-%d}".encode() not in opened
        assert list_moments(actor_id=parent.pk, limit=1).next_cursor != cursor  # a nonce each time

    @pytest.mark.parametrize("cursor", ["x", "%%%", "ä", "AAAA", "A" * 5000, "\ud800", "\x00", "=", "MTI="])
    def test_nonsense_is_refused(self, parent, cursor):
        with pytest.raises(ValidationError):
            list_moments(actor_id=parent.pk, cursor=cursor)


class TestSearch:
    def test_it_opens_the_notes_one_may_read(self, record, parent, co_parent):
        mine = record(details={"note": "Under the Linden tree"})
        hidden = record(co_parent, details={"note": "linden, secretly"})
        shared = record(co_parent, details={**SHARED, "note": "the linden again"})
        found = keys(list_moments(actor_id=parent.pk, filters=MomentFilters(text="lINDEN")))
        assert set(found) == {mine.pk, shared.pk}
        assert hidden.pk not in found

    def test_composed_and_decomposed_letters_are_the_same(self, record, parent):
        moment = record(details={"note": "no café, no problem"})
        assert keys(list_moments(actor_id=parent.pk, filters=MomentFilters(text="cafe\u0301"))) == [moment.pk]

    def test_a_scan_is_bounded_and_goes_on_through_the_cursor(self, record, parent, monkeypatch, now):
        monkeypatch.setattr(selectors.moments, "SEARCH_SCAN_MAX", 3)
        notes = ["needle", "", "", "", "", "", "needle"]
        for hours, note in enumerate(notes):
            record(details={"note": note}, occurred=Said(at=now - timedelta(hours=hours)))
        pages, cursor = [], ""
        while True:
            page = list_moments(actor_id=parent.pk, filters=MomentFilters(text="needle"), cursor=cursor)
            pages.append(len(page.items))
            if not (cursor := page.next_cursor):
                break
        assert pages == [1, 0, 1]

    def test_a_page_of_hits_is_limited_too(self, record, parent):
        for _each in range(5):
            record(details={"note": "needle"})
        page = list_moments(actor_id=parent.pk, filters=MomentFilters(text="needle"), limit=2)
        assert len(page.items) == 2
        assert page.next_cursor

    @pytest.mark.parametrize("text", ["x" * 101, "\x00", "\ud800"])
    def test_a_text_that_cannot_be_looked_for_is_refused(self, parent, text):
        with pytest.raises(ValidationError) as error:
            list_moments(actor_id=parent.pk, filters=MomentFilters(text=text))
        assert set(error.value.error_dict) == {"text"}


class TestRevisions:
    def test_the_author_reads_them_latest_first(self, record, parent, now):
        moment = record(details={"note": "one"})
        for number, note in enumerate(["two", "three"]):
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"note": note},
                now=now + timedelta(minutes=number),
            )
        rows = list_revisions(actor_id=parent.pk, moment_id=moment.public_id)
        assert [(row.number, row.note) for row in rows] == [(2, "two"), (1, "one")]

    @pytest.mark.parametrize("who", ["co_parent", "helper", "former_member", "stranger"])
    def test_nobody_else_reads_any(self, request, record, parent, who, now):
        moment = record(details=SHARED)
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "two"}, now=now)
        reader = request.getfixturevalue(who)
        assert not list_revisions(actor_id=reader.pk, moment_id=moment.public_id)
        with pytest.raises(NotVisible):
            page_revisions(actor_id=reader.pk, moment_id=moment.public_id)

    def test_ten_more_take_no_more_queries(self, record, parent, now):
        moment = record(details={"note": "start"})

        def edit(count):
            for number in range(count):
                edit_moment(
                    actor_id=parent.pk,
                    moment_id=moment.public_id,
                    details={"note": f"{now} {number} {count}"},
                    now=now,
                )

        def read():
            with remembering(), CaptureQueriesContext(connection) as queries:
                assert [
                    row.note for row in page_revisions(actor_id=parent.pk, moment_id=moment.public_id).items
                ]
            return len(queries)

        edit(2)
        few = read()
        edit(10)
        assert read() == few

    def test_pages_go_on(self, record, parent, now, monkeypatch):
        monkeypatch.setattr(selectors.moments, "PAGE_SIZE", 2)
        moment = record()
        for number in range(3):
            edit_moment(
                actor_id=parent.pk, moment_id=moment.public_id, details={"note": str(number)}, now=now
            )
        first = page_revisions(actor_id=parent.pk, moment_id=moment.public_id)
        second = page_revisions(actor_id=parent.pk, moment_id=moment.public_id, cursor=first.next_cursor)
        assert [[row.number for row in page.items] for page in (first, second)] == [[3, 2], [1]]


class TestSelfCheckList:
    def test_more_rows_take_no_more_queries_and_pages_go_on(self, parent, child, now, monkeypatch):
        monkeypatch.setattr(selectors.self_checks, "PAGE_SIZE", 2)

        def answer(weeks_ago):
            then = now - timedelta(weeks=weeks_ago)
            answer_self_check(
                actor_id=parent.pk,
                check_id=uuid.uuid4(),
                child_id=child.public_id,
                day=then.date(),
                ratings={"needs": 3, "safety": 2},
                now=then,
            )

        def read(cursor=""):
            with CaptureQueriesContext(connection) as queries:
                page = list_self_checks(actor_id=parent.pk, cursor=cursor)
            return page, len(queries)

        answer(1)
        _page, few = read()
        for weeks_ago in (2, 3):
            answer(weeks_ago)
        page, many = read()
        assert many == few
        assert len(page.items) == 2
        assert len(read(page.next_cursor)[0].items) == 1

    def test_a_household_narrows_it(self, parent, child, household, now):
        answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 3},
            now=now,
        )
        assert list_self_checks(actor_id=parent.pk, household_id=household.public_id).items
        assert not list_self_checks(actor_id=parent.pk, household_id=uuid.uuid4()).items


class TestWhatTheSheetOffers:
    def test_misses_nobody_came_back_to(self, record, parent, co_parent, child, now):
        mended = record(tone="missed")
        record(tone="came_back", details={"repairs": mended.public_id})
        open_miss = record(tone="missed")
        theirs = record(co_parent, tone="missed", details=SHARED)
        record(co_parent, tone="missed")  # private: not for others
        offered = list_repairable(actor_id=parent.pk, child_id=child.pk, before=now)
        assert {row.pk for row in offered} == {open_miss.pk, theirs.pk}

    def test_a_private_mending_leaves_the_miss_open_for_others(self, record, parent, co_parent, child, now):
        missed = record(co_parent, tone="missed", details=SHARED)
        record(tone="came_back", details={"repairs": missed.public_id})
        offered = list_repairable(actor_id=co_parent.pk, child_id=child.pk, before=now)
        assert [row.pk for row in offered] == [missed.pk]

    def test_recent_cues_are_ones_own(self, record, parent, co_parent, household):
        record(details={"cues": ["phone_away"]})
        record(co_parent, details={**SHARED, "cues": ["held"]})
        wanted = {"household_id": household.pk, "keys": ["phone_away", "held"]}
        assert list_recent_cues(actor_id=parent.pk, **wanted) == ["phone_away"]


class TestTonesByDay:
    def test_only_ones_own_live_moments_count(self, record, parent, co_parent, household, now):
        record(tone="missed")
        record()
        record(co_parent, details=SHARED)
        gone = record()
        delete_moment(actor_id=parent.pk, moment_id=gone.public_id, now=now)
        today = now.date()
        days = list_tones_by_day(actor_id=parent.pk, household_id=household.pk, since=today, until=today)
        assert {day: sorted(tones) for day, tones in days.items()} == {today: ["in_tune", "missed"]}


class TestSoftCard:
    def card(self, moment, now, cues=()):
        return needs_soft_card(
            actor_id=moment.author_id, moment_id=moment.public_id, opening_cues=cues, now=now
        )

    def test_a_tick_that_asks_for_it_opens_it(self, record, now):
        assert self.card(record(tone="missed", details={"cues": ["frightened"]}), now, ["frightened"])
        assert not self.card(record(tone="missed", details={"cues": ["distracted"]}), now, ["frightened"])

    def test_several_moments_on_an_empty_tank_open_it(self, record, now):
        empty = {"ratings": {"self": 1}}
        moments = [record(details=empty) for _each in range(2)]
        assert not self.card(moments[-1], now)
        assert self.card(record(details=empty), now)

    def test_words_never_open_it(self, record, now):
        assert not self.card(
            record(details={"note": "I frightened her. I cannot go on."}), now, ["frightened"]
        )


class TestEveryReadIsScoped:
    def test_a_private_moment_leaves_no_trace(self, record, co_parent, child, household, now):
        """Every read that another adult can reach, before and after a private moment: nothing differs."""

        def all_reads():
            actor_id = co_parent.pk
            return (
                keys(list_moments(actor_id=actor_id)),
                [row.pk for row in list_repairable(actor_id=actor_id, child_id=child.pk, before=now)],
                list_recent_cues(actor_id=actor_id, household_id=household.pk, keys=["distracted"]),
                list_tones_by_day(
                    actor_id=actor_id, household_id=household.pk, since=now.date(), until=now.date()
                ),
                selectors.list_latest_child_ids(actor_id=actor_id, household_id=household.pk),
            )

        before = all_reads()
        record(tone="missed", details={"cues": ["distracted"], "ratings": {"self": 1}, "note": "mine"})
        assert Observation.objects.count() == 1
        assert all_reads() == before
