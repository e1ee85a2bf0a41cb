import itertools
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reflections.rules import (
    OPEN,
    QuietMail,
    Status,
    is_compared,
    is_first_partial,
    is_stale,
    jitter,
    may_become,
    quiet_mail,
    retry_at,
    seed,
    send_slot,
    week_after,
    week_before,
    week_holding,
    weeks_back_to,
    weeks_until,
)

MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6
ZONES = (
    "Europe/Lisbon",
    "Atlantic/Azores",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
)


def at(*parts: int, zone: str = "UTC") -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)


class TestWeekHolding:
    def test_it_holds_its_instant(self):
        week = week_holding(at(2026, 11, 12, 9), timezone="Europe/Lisbon", week_starts_on=SUNDAY)
        assert (week.start_on, week.end_on, week.label) == (date(2026, 11, 8), date(2026, 11, 15), "2026-W46")
        assert week.starts_at == at(2026, 11, 8)

    def test_the_week_of_a_clock_change_has_its_own_length(self):
        week = week_holding(at(2026, 10, 21), timezone="Europe/Lisbon", week_starts_on=MONDAY)
        assert week.ends_at - week.starts_at == timedelta(hours=169)


class TestWeekAfter:
    @pytest.mark.parametrize("old", range(7))
    @pytest.mark.parametrize("new", range(7))
    def test_a_moved_start_makes_one_transition_of_four_to_ten_days(self, old, new):
        week = week_holding(at(2026, 11, 12), timezone="Europe/Lisbon", week_starts_on=old)
        transition = week_after(week, timezone="Europe/Lisbon", week_starts_on=new)
        regular = week_after(transition, timezone="Europe/Lisbon", week_starts_on=new)
        assert 4 <= (transition.end_on - transition.start_on).days <= 10
        assert (regular.start_on.weekday(), (regular.end_on - regular.start_on).days) == (new, 7)

    def test_an_unmoved_start_makes_none(self):
        week = week_holding(at(2026, 11, 12), timezone="Europe/Lisbon", week_starts_on=FRIDAY)
        after = week_after(week, timezone="Europe/Lisbon", week_starts_on=FRIDAY)
        assert (after.end_on - after.start_on).days == 7

    def test_a_moved_zone_leaves_no_gap(self):
        week = week_holding(at(2026, 11, 12), timezone="Europe/Lisbon", week_starts_on=MONDAY)
        moved = week_after(week, timezone="Pacific/Auckland", week_starts_on=MONDAY)
        assert moved.starts_at == week.ends_at
        assert moved.ends_at == at(2026, 11, 23, zone="Pacific/Auckland")

    @settings(max_examples=150)
    @given(
        changes=st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 6)), min_size=2, max_size=40),
        first=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    )
    def test_whatever_a_household_changes_its_weeks_join_and_keep_their_own_labels(self, changes, first):
        (zone, start), *later = changes
        weeks = [week_holding(first, timezone=zone, week_starts_on=start)]
        for zone, start in later:
            weeks.append(week_after(weeks[-1], timezone=zone, week_starts_on=start))
        for one, two in pairwise(weeks):
            assert one.ends_at == two.starts_at
            assert one.end_on == two.start_on
            assert two.starts_at < two.ends_at
        assert len({week.label for week in weeks}) == len(weeks)

    def test_two_weeks_within_one_iso_week_have_two_labels(self):
        week = week_holding(at(2026, 11, 10), timezone="UTC", week_starts_on=SUNDAY)
        short = week_after(week, timezone="UTC", week_starts_on=THURSDAY)
        after = week_after(short, timezone="UTC", week_starts_on=THURSDAY)
        assert [week.label, short.label, after.label] == ["2026-W46", "2026-W47", "2026-W47b"]


class TestWeeksUntil:
    def test_it_fills_every_week_up_to_the_open_one(self):
        week = week_holding(at(2026, 9, 1), timezone="Africa/Cairo", week_starts_on=SATURDAY)
        weeks = [
            week,
            *weeks_until(at(2026, 11, 12), last=week, timezone="Africa/Cairo", week_starts_on=SATURDAY),
        ]
        assert all(one.ends_at == two.starts_at for one, two in pairwise(weeks))
        assert weeks[-1].starts_at <= at(2026, 11, 12) < weeks[-1].ends_at

    def test_a_week_that_ends_this_instant_is_over(self):
        week = week_holding(at(2026, 11, 12), timezone="UTC", week_starts_on=MONDAY)
        (following,) = weeks_until(week.ends_at, last=week, timezone="UTC", week_starts_on=MONDAY)
        assert following.starts_at == week.ends_at

    def test_nothing_is_due_within_the_open_week(self):
        week = week_holding(at(2026, 11, 12), timezone="UTC", week_starts_on=MONDAY)
        assert not list(weeks_until(at(2026, 11, 13), last=week, timezone="UTC", week_starts_on=MONDAY))


class TestWeeksBackTo:
    def test_it_reaches_the_week_of_a_moment_noted_from_memory(self):
        week = week_holding(at(2026, 11, 12), timezone="America/Havana", week_starts_on=SUNDAY)
        weeks = [week, *weeks_back_to(at(2026, 3, 9), first=week)]
        assert all(later.starts_at == earlier.ends_at for later, earlier in pairwise(weeks))
        assert weeks[-1].starts_at <= at(2026, 3, 9) < weeks[-1].ends_at
        assert week_before(week) == weeks[1]

    def test_it_does_not_reach_for_ever(self):
        week = week_holding(at(2026, 11, 12), timezone="UTC", week_starts_on=MONDAY)
        assert len(list(weeks_back_to(at(1990, 1, 1), first=week))) == 260


class TestSendSlot:
    def slot(
        self, week_starts_on: int, zone: str = "Europe/Lisbon", hour: int = 18, weekday: int | None = None
    ):
        week = week_holding(at(2026, 11, 12), timezone="Europe/Lisbon", week_starts_on=week_starts_on)
        found = send_slot(closes_at=week.ends_at, timezone=zone, hour=hour, weekday=weekday)
        return found.astimezone(ZoneInfo(zone)).strftime("%a %d %H:%M")

    def test_a_sunday_week_is_told_on_sunday_at_six(self):
        assert self.slot(SUNDAY) == "Sun 15 18:00"

    def test_a_monday_week_is_told_on_the_monday_that_closes_it(self):
        assert self.slot(MONDAY) == "Mon 16 18:00"

    def test_a_chosen_weekday_is_the_first_after_the_close(self):
        assert self.slot(MONDAY, weekday=SATURDAY, hour=8) == "Sat 21 08:00"
        assert self.slot(MONDAY, weekday=MONDAY, hour=8) == "Mon 16 08:00"
        assert self.slot(MONDAY, weekday=SUNDAY, hour=8) == "Sun 22 08:00"

    def test_six_o_clock_on_the_closing_day_is_just_late_enough(self):
        assert self.slot(MONDAY, hour=6) == "Mon 16 06:00"

    def test_a_member_far_ahead_waits_until_phones_had_their_six_hours(self):
        assert self.slot(MONDAY, zone="Pacific/Auckland", hour=18) == "Tue 17 18:00"
        assert self.slot(MONDAY, zone="Pacific/Auckland", hour=20) == "Mon 16 20:00"

    def test_a_member_far_behind_does_not_hear_of_a_week_that_is_not_over(self):
        assert self.slot(MONDAY, zone="America/Los_Angeles") == "Mon 16 18:00"

    @settings(max_examples=200)
    @given(
        household=st.sampled_from(ZONES),
        member=st.sampled_from(ZONES),
        hour=st.integers(6, 20),
        weekday=st.none() | st.integers(0, 6),
        instant=st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 1), timezones=st.just(UTC)),
        start=st.integers(0, 6),
    )
    def test_it_is_by_day_after_six_hours_and_within_the_week(
        self, household, member, hour, weekday, instant, start
    ):
        week = week_holding(instant, timezone=household, week_starts_on=start)
        slot = send_slot(closes_at=week.ends_at, timezone=member, hour=hour, weekday=weekday)
        local = slot.astimezone(ZoneInfo(member))
        assert (local.hour, local.minute) == (hour, 0)
        assert weekday in (None, local.weekday())
        limit = timedelta(hours=31) if weekday is None else timedelta(days=7, hours=7)
        assert timedelta(hours=6) <= slot - week.ends_at <= limit


class TestJitter:
    def test_it_is_the_same_whenever_it_is_asked(self):
        assert jitter(member="7", week="2026-W46", hour=18) == jitter(member="7", week="2026-W46", hour=18)

    def test_it_spreads_members_over_three_quarters_of_an_hour(self):
        waits = [jitter(member=str(n), week="2026-W46", hour=18) for n in range(400)]
        assert min(waits) < timedelta(minutes=2)
        assert timedelta(minutes=43) < max(waits) <= timedelta(minutes=45)

    def test_it_ends_at_half_past_eight(self):
        assert max(jitter(member=str(n), week="w", hour=20) for n in range(400)) <= timedelta(minutes=30)


class TestSeed:
    def test_it_tells_parts_apart(self):
        assert seed("ab", "c") != seed("a", "bc")

    def test_it_never_changes_between_releases(self):
        assert seed("7", "2026-W46") == 226507749498994


class TestQuietMail:
    def test_it_goes_quiet_step_by_step(self):
        sent = {n: quiet_mail(n) for n in range(1, 40)}
        assert {n: kind for n, kind in sent.items() if kind not in (QuietMail.NONE, QuietMail.STOPPED)} == {
            1: QuietMail.NOTE,
            3: QuietMail.LINE,
            7: QuietMail.MONTHLY,
            11: QuietMail.MONTHLY,
            15: QuietMail.MONTHLY,
        }
        assert sent[2] is QuietMail.NONE
        assert sent[14] is QuietMail.NONE
        assert all(sent[n] is QuietMail.STOPPED for n in range(16, 40))

    def test_a_week_with_entries_is_not_quiet(self):
        with pytest.raises(ValueError, match="quiet"):
            quiet_mail(0)


class TestIsFirstPartial:
    def test_only_who_came_after_the_start_has_a_partial_week(self):
        start = at(2026, 11, 9)
        assert is_first_partial(joined_at=start + timedelta(seconds=1), starts_at=start)
        assert not is_first_partial(joined_at=start, starts_at=start)


class TestMayBecome:
    def test_an_ended_delivery_stays_ended(self):
        ended = set(Status) - OPEN - {Status.QUARANTINED}
        assert not [(one, two) for one in ended for two in Status if may_become(one, two)]

    def test_a_quarantine_is_lifted_to_before_the_sending(self):
        assert {two for two in Status if may_become(Status.QUARANTINED, two)} == {
            Status.PLANNED,
            Status.READY,
        }

    def test_whatever_waits_can_become_old_news(self):
        assert {one for one in Status if may_become(one, Status.SKIPPED_STALE)} == OPEN

    def test_nothing_is_sent_without_being_claimed(self):
        assert [one for one in Status if may_become(one, Status.SENT)] == [Status.SENDING]


class TestRetryAt:
    def test_it_waits_longer_each_time_and_gives_up_after_a_day(self):
        first = now = at(2026, 11, 16, 18)
        waits = []
        for attempt in range(1, 20):
            then = retry_at(attempts=attempt, first_tried_at=first, now=now)
            if then is None:
                break
            waits.append(then - now)
            now = then
        minutes = [int(wait.total_seconds() // 60) for wait in waits]
        assert minutes == [5, 15, 45, 120, 360, 360, 360]
        assert now - first <= timedelta(hours=24)


class TestIsStale:
    def test_three_days_after_its_slot_it_is_old_news(self):
        due = at(2026, 11, 16, 18)
        assert not is_stale(due_at=due, now=due + timedelta(hours=72))
        assert is_stale(due_at=due, now=due + timedelta(hours=72, seconds=1))


class TestIsCompared:
    CHOSEN = date(2026, 3, 4)  # a Wednesday

    def weeks(self, many: int, *, length: int = 7) -> list[bool]:
        starts = [date(2026, 3, 2) + timedelta(days=length * n) for n in range(many)]
        return [
            is_compared(chosen_on=self.CHOSEN, start_on=start, end_on=start + timedelta(days=length))
            for start in starts
        ]

    def test_it_is_once_in_four_weeks_from_the_end_of_the_second_block_on(self):
        turns = [number for number, turn in enumerate(self.weeks(53)) if turn]
        assert turns[0] == 8
        assert {later - earlier for earlier, later in itertools.pairwise(turns)} == {4}
        assert len(turns) == 12

    def test_both_blocks_begin_after_the_day_of_the_choice(self):
        start = date(2026, 3, 2) + timedelta(weeks=8)
        assert start + timedelta(days=7) - 2 * timedelta(days=28) > self.CHOSEN

    def test_a_week_of_another_length_neither_skips_nor_doubles_one(self):
        start, turns = date(2026, 3, 2), 0
        for length in (7, 7, 10, 7, 4, 7, 7, 7, 9, 5, 7, 7, 7, 7, 7, 7):
            end = start + timedelta(days=length)
            turns += is_compared(chosen_on=self.CHOSEN, start_on=start, end_on=end)
            start = end
        assert turns == (start - self.CHOSEN - timedelta(days=1)).days // 28 - 1
