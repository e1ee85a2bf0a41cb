"""Months at a glance: what may be said of so many answers, and of whose."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.rules import Absence, Dimension, Occasion, Tone
from common.errors import NotVisible
from observations.rules import Precision
from observations.services import answer_self_check
from observations.when import Said
from reflections.patterns import (
    DAY_PARTS,
    Answered,
    Noted,
    months_up_to,
    places_of,
    series_of,
    share_of,
    shares_of,
    tally_day_parts,
    tally_weekdays,
)
from reflections.selectors import get_patterns
from reflections.statistics import Detail, mean_interval, proportion_interval

NOVEMBER = date(2026, 11, 18)


class TestMonths:
    def test_are_calendar_months_up_to_the_one_that_runs(self):
        months = months_up_to(date(2026, 2, 28), 3)
        assert [(month.first, month.last, month.is_open) for month in months] == [
            (date(2025, 12, 1), date(2025, 12, 31), False),
            (date(2026, 1, 1), date(2026, 1, 31), False),
            (date(2026, 2, 1), date(2026, 2, 28), True),
        ]

    @pytest.mark.parametrize("count", [3, 6, 12])
    def test_follow_each_other_without_a_gap(self, count):
        months = months_up_to(NOVEMBER, count)
        assert len(months) == count
        for earlier, later in itertools.pairwise(months):
            assert later.first - earlier.last == timedelta(days=1)


def answered(value, on=NOVEMBER, dimension=Dimension.NEEDS, occasion=Occasion.MOMENT, absence=""):
    return Answered(occasion, dimension, value, absence, uuid.uuid4(), on)


def series(answers, *, averaged=frozenset(Dimension), months=3):
    return series_of(answers, months=months_up_to(NOVEMBER, months), author_id=7, averaged=averaged)


class TestSeries:
    @pytest.mark.parametrize(
        ("n", "detail", "listed"),
        [(4, Detail.LIST, 4), (5, Detail.FEW, 0), (11, Detail.FEW, 0), (12, Detail.ENOUGH, 0)],
    )
    def test_a_month_says_as_much_as_its_answers_carry(self, n, detail, listed):
        (one,) = series([answered(4) for _ in range(n)])
        month = one.months[-1]
        assert (month.summary.n, month.summary.detail, len(month.listed)) == (n, detail, listed)
        if detail is Detail.LIST:
            assert (month.summary.mean, month.summary.interval) == (None, None)
        else:
            assert month.summary.interval == mean_interval((0, 0, 0, n, 0))

    def test_what_was_not_seen_or_left_open_is_told_and_is_no_answer(self):
        absent = [answered(None, absence=a) for a in (Absence.NOT_SEEN, Absence.NOT_SEEN, Absence.SKIPPED)]
        (one,) = series([*(answered(5) for _ in range(4)), *absent])
        summary = one.months[-1].summary
        assert (summary.n, summary.not_seen, summary.skipped, summary.mean) == (4, 2, 1, None)
        assert sum(summary.spread) == 4

    def test_a_question_that_was_only_ever_not_seen_has_no_series(self):
        assert series([answered(None, absence=Absence.NOT_SEEN)]) == ()

    def test_a_month_without_an_answer_is_empty_and_no_zero(self):
        (one,) = series([answered(4)])
        assert [month.summary.n for month in one.months] == [0, 0, 1]
        assert one.months[0].summary.mean is None

    def test_a_moment_and_a_week_are_never_put_together(self):
        both = series([answered(4), answered(2, occasion=Occasion.WEEK)])
        assert [(one.occasion, one.whole.n) for one in both] == [(Occasion.MOMENT, 1), (Occasion.WEEK, 1)]

    def test_what_may_not_be_averaged_is_counted_however_much_there_is(self):
        (one,) = series(
            [answered(3, dimension=Dimension.SETTLED) for _ in range(20)], averaged={Dimension.NEEDS}
        )
        assert one.whole.spread == (0, 0, 20, 0, 0)
        assert (one.whole.mean, one.whole.interval, one.months[-1].summary.mean) == (None, None, None)
        assert one.months[-1].listed == ()

    def test_each_answer_is_in_its_own_month(self):
        edges = (date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1), date(2026, 11, 30))
        (one,) = series([answered(4, on=day) for day in edges])
        assert [month.summary.n for month in one.months] == [2, 1, 1]


class TestTallies:
    def test_the_parts_of_the_day_begin_at_their_hours(self):
        noted = [Noted(Tone.IN_TUNE, NOVEMBER, hour) for hour in range(24)]
        tallied = {tally.key: tally.times for tally in tally_day_parts(noted)}
        assert tallied == {"0": 5, "5": 3, "8": 3, "11": 3, "14": 3, "17": 3, "20": 4}
        assert list(tallied) == [str(hour) for hour in DAY_PARTS]

    def test_a_moment_of_which_only_the_day_is_known_has_no_part_of_it(self):
        noted = [Noted(Tone.MISSED, NOVEMBER, None)]
        assert sum(tally.times for tally in tally_day_parts(noted)) == 0
        assert sum(tally.times for tally in tally_weekdays(noted, week_starts_on=0)) == 1

    def test_the_week_begins_where_the_household_s_does(self):
        noted = [Noted(Tone.MISSED, NOVEMBER, 9), Noted(Tone.CAME_BACK, NOVEMBER, 10)]
        tallies = tally_weekdays(noted, week_starts_on=6)
        assert [tally.key for tally in tallies] == ["6", "0", "1", "2", "3", "4", "5"]
        assert dict(tallies[3].by_tone) == {Tone.IN_TUNE: 0, Tone.MISSED: 1, Tone.CAME_BACK: 1}


class TestShares:
    @pytest.mark.parametrize(
        ("of", "detail"), [(4, Detail.LIST), (5, Detail.FEW), (11, Detail.FEW), (12, Detail.ENOUGH)]
    )
    def test_have_a_range_by_the_gates_of_an_average(self, of, detail):
        share = share_of("held", 3, of=of)
        expected = None if detail is Detail.LIST else proportion_interval(3, of)
        assert (share.detail, share.interval) == (detail, expected)

    def test_the_most_frequent_come_first_and_each_tone_for_itself(self):
        ticked = [("bath", Tone.IN_TUNE, 1), ("bedtime", Tone.IN_TUNE, 2), ("bedtime", Tone.MISSED, 3)]
        places = places_of(ticked, of=6)
        assert [(place.tally.key, place.share.times, place.share.of) for place in places] == [
            ("bedtime", 5, 6),
            ("bath", 1, 6),
        ]
        assert [(s.key, s.times) for s in shares_of(ticked, tone=Tone.MISSED, of=3)] == [("bedtime", 3)]


@pytest.fixture
def patterns(parent, household, child, now):
    """The parent's own three months, unless somebody else asks or is asked about."""

    def get(reader=parent, author=parent, **asked):
        wanted = {
            "household_id": household.public_id,
            "child_id": child.public_id,
            "author_id": author.public_id,
            "months": 3,
            "now": now,
        }
        return get_patterns(actor_id=reader.pk, **{**wanted, **asked})

    return get


def means(found):
    return {one.dimension: one.whole.mean for one in found.series}


class TestGetPatterns:
    def test_sums_up_one_s_own_and_never_what_is_context(self, patterns, record):
        for _ in range(5):
            record(details={"ratings": {"needs": 4, "settled": 3, "self": 2}})
        assert means(patterns()) == {Dimension.NEEDS: 4, Dimension.SETTLED: None, Dimension.SELF: 2}

    def test_two_adults_answers_are_in_no_read_together(self, patterns, record, parent, co_parent):
        for _ in range(5):
            record(details={"visibility": "household", "ratings": {"needs": 5}})
            record(co_parent, details={"visibility": "household", "ratings": {"needs": 1}})
        for reader, author in ((parent, parent), (co_parent, co_parent)):
            (one,) = patterns(reader, author).series
            assert one.whole.n == 5
        assert means(patterns(parent, parent)) == {Dimension.NEEDS: 5}
        assert means(patterns(co_parent, co_parent)) == {Dimension.NEEDS: 1}

    def test_another_adult_s_answers_are_dots_and_never_a_number_about_them(
        self, patterns, record, co_parent
    ):
        for _ in range(20):
            details = {"ratings": {"needs": 4, "self": 1}, "cues": ["held"], "contexts": ["bath"]}
            record(details={**details, "visibility": "household"})
        record(tone="missed", details={"visibility": "household"})
        found = patterns(reader=co_parent)
        (one,) = found.series
        assert (one.dimension, one.whole.spread) == (Dimension.NEEDS, (0, 0, 0, 20, 0))
        assert {month.summary.mean for month in one.months} == {None} == {one.whole.mean}
        assert found.own is None
        assert found.places[0].share.times == 20

    def test_private_moments_of_another_are_as_if_they_were_not(self, patterns, record, co_parent):
        record(details={"visibility": "household", "ratings": {"needs": 4}})
        before = patterns(reader=co_parent)
        details = {"ratings": {"needs": 1}, "cues": ["held"], "contexts": ["bath"]}
        record(tone="missed", details={**details, "visibility": "private"})
        record(details={**details, "visibility": "coaches"})
        assert patterns(reader=co_parent) == before

    def test_an_evening_at_half_past_eleven_is_still_that_month_s_and_that_hour_s(self, patterns, record):
        # 30 September, 23:30 in Lisbon, where it is summer: half an hour before the same day ends in UTC.
        record(occurred=Said(at=datetime(2026, 9, 30, 22, 30, tzinfo=UTC)), details={"ratings": {"needs": 4}})
        found = patterns()
        assert [month.summary.n for month in found.series[0].months] == [1, 0, 0]
        assert {tally.key: tally.times for tally in found.day_parts if tally.times} == {"20": 1}
        assert {tally.key for tally in found.weekdays if tally.times} == {"2"}

    def test_the_month_turns_with_the_household_s_day(self, patterns):
        last_minute = datetime(2026, 9, 30, 22, 59, tzinfo=UTC)
        assert patterns(now=last_minute).months[-1].first == date(2026, 9, 1)
        assert patterns(now=last_minute + timedelta(minutes=1)).months[-1].first == date(2026, 10, 1)

    def test_a_day_without_an_hour_is_counted_as_such(self, patterns, record, now):
        record(occurred=Said(at=now, precision=Precision.DAY))
        found = patterns()
        assert (found.moments, found.days, found.without_hour) == (1, 1, 1)

    def test_a_self_check_is_a_question_of_its_own(self, patterns, record, parent, child, now):
        record(details={"ratings": {"needs": 4}})
        answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 2},
            now=now,
        )
        found = {one.occasion: one.whole.spread for one in patterns().series}
        assert found == {Occasion.MOMENT: (0, 0, 0, 1, 0), Occasion.WEEK: (0, 1, 0, 0, 0)}

    def test_counts_came_backs_and_cues_for_the_author_alone(self, patterns, record):
        missed = record(tone="missed", details={"cues": ["waved_off"]})
        record(tone="missed")
        record(tone="came_back", details={"repairs": missed.public_id})
        own = patterns().own
        assert (own.missed, own.mended) == (2, 1)
        assert [(share.key, share.times, share.of) for share in own.cues[Tone.MISSED]] == [
            ("waved_off", 1, 1)
        ]

    def test_what_is_not_the_reader_s_leads_nowhere(
        self, patterns, stranger, former_member, co_parent, second_child
    ):
        for asked in (
            {"child_id": uuid.uuid4()},
            {"author_id": uuid.uuid4()},
            {"author_id": stranger.public_id},
            {"author_id": former_member.public_id},
            {"household_id": uuid.uuid4()},
        ):
            with pytest.raises(NotVisible):
                patterns(**asked)
        for reader in (stranger, former_member):
            with pytest.raises(NotVisible):
                patterns(reader=reader)
        assert patterns(child_id=second_child.public_id).moments == 0

    def test_ten_more_moments_take_no_more_queries(self, patterns, record):
        def write(times):
            for _ in range(times):
                details = {"contexts": ["bedtime"], "cues": ["waved_off"], "ratings": {"needs": 2}}
                missed = record(tone="missed", details=details)
                record(tone="came_back", details={"repairs": missed.public_id})

        def queries():
            with CaptureQueriesContext(connection) as captured:
                patterns()
            return len(captured)

        write(1)
        few = queries()
        write(10)
        assert queries() == few == 12
