"""When somebody may be prompted: every day of the year, also on nights on which the clocks change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.dates import local_day, resolve_local
from reminders.rules import (
    EVERY_DAYS_MAX,
    HOURS_FIRST,
    HOURS_LAST,
    LATE_MAX,
    SNOOZE,
    TICK,
    Kind,
    Wish,
    daily_slot,
    day_slot,
    end_of_day,
    every_days,
    is_allowed,
    is_asking_day,
    is_due,
    kind_of,
    later_today,
    minutes_left,
    quiet_until,
    retry_at,
)

ZONES = [
    "Europe/Lisbon",
    "Atlantic/Azores",
    "America/Havana",
    "Africa/Cairo",
    "America/Nuuk",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Santiago",
]
HALF_HOURS = [time(minute // 60, minute % 60) for minute in range(0, 24 * 60, 30)]
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
# The nights of 2026 on which clocks change in these zones, and the days around them.
CHANGES = st.sampled_from(
    [
        date(2026, 3, 28),
        date(2026, 3, 29),
        date(2026, 10, 24),
        date(2026, 10, 25),
        date(2026, 3, 8),
        date(2026, 11, 1),
        date(2026, 4, 24),
        date(2026, 10, 30),
        date(2026, 4, 5),
        date(2026, 9, 6),
        date(2026, 10, 4),
    ]
)


def hours(first: time, last: time) -> st.SearchStrategy[tuple[time, time]]:
    within = [at for at in HALF_HOURS if first <= at <= last]
    pairs = st.tuples(st.sampled_from(within), st.sampled_from(within))
    return pairs.map(lambda pair: (min(pair), max(pair))).filter(lambda pair: pair[0] < pair[1])


def at(day: date, hour: time, zone: str) -> datetime:
    return resolve_local(datetime.combine(day, hour), zone)


class TestRandomPrompt:
    @given(
        seed=st.uuids(),
        zone=st.sampled_from(ZONES),
        day=days | CHANGES,
        moment=hours(HOURS_FIRST, HOURS_LAST),
        quiet=st.none() | hours(time(0, 0), time(23, 30)),
    )
    def test_is_inside_the_hours_outside_of_those_kept_free_and_always_the_same(
        self, seed: object, zone: str, day: date, moment: tuple[time, time], quiet: tuple[time, time] | None
    ) -> None:
        wish = Wish(seed=str(seed), timezone=zone, moment=moment, quiet=quiet)
        slot = daily_slot(wish, day)
        if slot is None:
            assert minutes_left(moment, quiet) <= 0
            return
        since, until = (at(day, hour, zone) for hour in moment)
        assert since <= slot.due_at <= slot.expires_at - TICK < slot.expires_at <= until
        assert quiet_until(wish, slot.due_at) is None
        assert local_day(slot.due_at, zone) == day == slot.day
        assert daily_slot(wish, day) == slot

    def test_comes_at_all_times_of_the_hours_alike(self) -> None:
        wish = Wish(seed="x", timezone="Europe/Lisbon", moment=(time(9), time(17)))
        found = [daily_slot(wish, date(2026, 1, 1) + timedelta(days=n)) for n in range(2_000)]
        counted = Counter(
            int((slot.due_at - at(slot.day, time(9), wish.timezone)) / timedelta(hours=1))
            for slot in found
            if slot
        )
        assert set(counted) == set(range(8))
        assert all(190 < count < 310 for count in counted.values())

    def test_two_people_are_asked_at_different_times(self) -> None:
        day, asked = date(2026, 11, 18), set()
        for seed in range(20):
            slot = daily_slot(Wish(seed=str(seed), timezone="UTC", moment=(time(9), time(17))), day)
            asked.add(slot and slot.due_at)
        assert len(asked) == 20


class TestEvening:
    @given(
        zone=st.sampled_from(ZONES),
        day=days | CHANGES,
        hour=st.sampled_from([time(17), time(20, 30), time(22, 30)]),
    )
    def test_comes_at_its_time_on_the_wall_and_ends_at_midnight(
        self, zone: str, day: date, hour: time
    ) -> None:
        slot = daily_slot(Wish(seed="x", timezone=zone, evening_at=hour), day)
        assert slot is not None
        assert slot.kind is Kind.EVENING
        assert slot.due_at == at(day, hour, zone)
        assert slot.expires_at == end_of_day(Wish(seed="x", timezone=zone), day)
        assert local_day(slot.expires_at, zone) > day
        assert local_day(slot.expires_at - timedelta(seconds=1), zone) == day

    def test_where_clocks_jump_over_midnight_it_ends_with_the_jump(self) -> None:
        # Cairo, 2026-04-24: 00:00 becomes 01:00, which is 22:00 UTC on the 23rd.
        slot = daily_slot(Wish(seed="x", timezone="Africa/Cairo", evening_at=time(22, 30)), date(2026, 4, 23))
        assert slot is not None
        assert slot.due_at == datetime(2026, 4, 23, 20, 30, tzinfo=UTC)
        assert slot.expires_at == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)

    def test_on_the_night_with_two_midnights_it_ends_at_the_first(self) -> None:
        # Havana, 2026-11-01: 01:00 becomes 00:00 again.
        slot = daily_slot(
            Wish(seed="x", timezone="America/Havana", evening_at=time(22, 30)), date(2026, 10, 31)
        )
        assert slot is not None
        assert slot.expires_at == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)

    def test_does_not_come_in_hours_kept_free(self) -> None:
        wish = Wish(seed="x", timezone="UTC", evening_at=time(18), quiet=(time(17), time(20)))
        assert daily_slot(wish, date(2026, 11, 18)) is None

    def test_comes_late_or_not_at_all(self) -> None:
        slot = daily_slot(Wish(seed="x", timezone="UTC", evening_at=time(20, 30)), date(2026, 11, 18))
        assert slot is not None
        assert not is_due(slot, slot.due_at - timedelta(seconds=1))
        assert is_due(slot, slot.due_at)
        assert is_due(slot, slot.due_at + LATE_MAX - timedelta(seconds=1))
        assert not is_due(slot, slot.due_at + LATE_MAX)


class TestOneADay:
    def test_of_two_wishes_one_is_asked_and_both_have_their_turn(self) -> None:
        wish = Wish(seed="x", timezone="UTC", evening_at=time(20, 30), moment=(time(9), time(17)))
        kinds = Counter(kind_of(wish, date(2026, 1, 1) + timedelta(days=n)) for n in range(400))
        assert set(kinds) == {Kind.EVENING, Kind.MOMENT}
        assert min(kinds.values()) > 150

    def test_whoever_asked_for_nothing_is_asked_nothing(self) -> None:
        assert daily_slot(Wish(seed="x", timezone="UTC"), date(2026, 11, 18)) is None


class TestLess:
    @pytest.mark.parametrize(
        ("ignored", "days"), [(0, 1), (2, 1), (3, 2), (5, 2), (6, 4), (9, 8), (12, EVERY_DAYS_MAX), (99, 8)]
    )
    def test_three_left_in_a_row_halve_it(self, ignored: int, days: int) -> None:
        assert every_days(ignored) == days

    @pytest.mark.parametrize("ignored", [0, 3, 6, 9])
    @given(seed=st.uuids(), first=days)
    def test_every_so_many_days_there_is_one(self, ignored: int, seed: object, first: date) -> None:
        wish = Wish(seed=str(seed), timezone="UTC", ignored=ignored)
        asked = [is_asking_day(wish, first + timedelta(days=n)) for n in range(16)]
        assert sum(asked) == 16 // every_days(ignored)


class TestWeek:
    @pytest.mark.parametrize(
        ("hour", "comes"),
        [
            (time(8, 59), False),
            (time(9), True),
            (time(16, 59), True),
            (time(17), False),
            (time(19, 59), False),
            (time(20), True),
            (time(21, 29), True),
            (time(21, 30), False),
        ],
    )
    def test_comes_by_day_and_not_at_bed_time(self, hour: time, comes: bool) -> None:
        wish = Wish(seed="x", timezone="Europe/Lisbon")
        assert (day_slot(Kind.WEEK, wish, at(date(2026, 11, 22), hour, wish.timezone)) is not None) is comes

    def test_waits_for_the_end_of_hours_kept_free(self) -> None:
        wish = Wish(seed="x", timezone="UTC", quiet=(time(9), time(11)))
        assert day_slot(Kind.WEEK, wish, datetime(2026, 11, 22, 10, tzinfo=UTC)) is None
        assert day_slot(Kind.WEEK, wish, datetime(2026, 11, 22, 11, tzinfo=UTC)) is not None


class TestLater:
    NOW = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
    MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)

    def test_is_an_hour_on(self) -> None:
        assert (
            later_today(Wish(seed="x", timezone="UTC"), self.NOW, expires_at=self.MIDNIGHT)
            == self.NOW + SNOOZE
        )

    def test_is_after_hours_kept_free(self) -> None:
        wish = Wish(seed="x", timezone="UTC", quiet=(time(21), time(22)))
        again = later_today(wish, self.NOW, expires_at=self.MIDNIGHT)
        assert again == self.NOW.replace(hour=22, minute=0)

    def test_never_leaves_its_window(self) -> None:
        wish = Wish(seed="x", timezone="UTC")
        assert later_today(wish, self.MIDNIGHT - SNOOZE, expires_at=self.MIDNIGHT) is None

    def test_nor_does_another_try(self) -> None:
        soon = self.NOW + timedelta(minutes=2)
        none = timedelta(0)
        assert retry_at(1, now=self.NOW, wait=none, expires_at=soon) == self.NOW + timedelta(minutes=1)
        assert retry_at(2, now=self.NOW, wait=none, expires_at=soon) is None
        assert retry_at(1, now=self.NOW, wait=timedelta(hours=9), expires_at=self.MIDNIGHT) is None
        assert retry_at(4, now=self.NOW, wait=none, expires_at=self.MIDNIGHT) is None


class TestAddresses:
    HOSTS = ("fcm.googleapis.com", ".push.apple.com", "127.0.0.1:8443")

    @pytest.mark.parametrize(
        "endpoint",
        [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://FCM.googleapis.com/x",
            "https://fcm.googleapis.com:443/x",
            "https://web.push.apple.com/QH",
            "https://127.0.0.1:8443/x",
        ],
    )
    def test_of_the_list_are_allowed(self, endpoint: str) -> None:
        assert is_allowed(endpoint, self.HOSTS)

    @pytest.mark.parametrize(
        "endpoint",
        [
            "",
            "fcm.googleapis.com",
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://evil.example/fcm.googleapis.com",
            "https://user@fcm.googleapis.com/x",
            "https://fcm.googleapis.com@169.254.169.254/x",
            "https://push.apple.com/x",
            "https://.push.apple.com/x",
            "https://evilpush.apple.com/x",
            "https://evil.example\\.push.apple.com/x",
            "https://evil.example%2f.push.apple.com/x",
            "https://evil.example?.push.apple.com/x",
            "https://evil.example#.push.apple.com/x",
            "https://127.0.0.1/x",
            "https://127.0.0.1:8444/x",
            "https://[::1]/x",
            "https://[::1",
            "https://2130706433/x",
            "https://169.254.169.254/latest/meta-data/",
            "https://localhost/x",
            "https://fcm.googleapis.com:99999/x",
            "https://fcm.googleapis.com/x\r\nHost: evil",
            "https://fcm.googleapis.com/ x",
            "https://fcm。googleapis.com/x",
            "file:///etc/passwd",
            "gopher://fcm.googleapis.com/x",
            "https://fcm.googleapis.com/" + "x" * 1_000,
        ],
    )
    def test_all_others_are_not(self, endpoint: str) -> None:
        assert not is_allowed(endpoint, self.HOSTS)
