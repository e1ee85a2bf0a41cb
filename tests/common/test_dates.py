from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.dates import (
    is_zone,
    local_day,
    parse_week_label,
    resolve_local,
    start_of_local_day,
    week_label,
    week_start,
    zone_names,
)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

# Zones whose midnight goes missing or happens twice in these years, half-hour clocks, far sides of the date line.
ODD_ZONES = (
    "Africa/Cairo",
    "America/Asuncion",
    "America/Havana",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)


def hours(first_day: date, zone: str, days: int = 7) -> float:
    length = start_of_local_day(first_day + timedelta(days=days), zone) - start_of_local_day(first_day, zone)
    return length.total_seconds() / 3600


class TestStartOfLocalDay:
    @pytest.mark.parametrize(
        ("zone", "first_day", "expected"),
        [
            ("Europe/Lisbon", date(2026, 3, 23), 167),
            ("Europe/Lisbon", date(2026, 10, 19), 169),
            ("Europe/Lisbon", date(2026, 10, 18), 168),
            ("Europe/Lisbon", date(2026, 10, 25), 169),
            ("America/Sao_Paulo", date(2018, 11, 4), 167),
            ("America/Sao_Paulo", date(2026, 11, 1), 168),
            ("Australia/Lord_Howe", date(2026, 10, 4), 167.5),
            ("Australia/Lord_Howe", date(2026, 4, 5), 168.5),
            ("Africa/Cairo", date(2026, 4, 18), 167),
            ("Africa/Cairo", date(2026, 4, 25), 168),
            ("Pacific/Apia", date(2011, 12, 26), 144),
        ],
    )
    def test_a_week_has_the_hours_its_zone_gave_it(self, zone, first_day, expected):
        assert hours(first_day, zone) == expected

    def test_the_first_instant_is_one_o_clock_where_midnight_is_missing(self):
        start = start_of_local_day(date(2018, 11, 4), "America/Sao_Paulo")
        assert start.astimezone(ZoneInfo("America/Sao_Paulo")).isoformat() == "2018-11-04T01:00:00-02:00"

    def test_the_first_of_two_midnights_starts_the_day(self):
        start = start_of_local_day(date(2026, 11, 1), "America/Havana")
        assert start == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
        assert hours(date(2026, 11, 1), "America/Havana", days=1) == 25

    def test_a_quarter_hour_zone_keeps_its_minutes(self):
        assert start_of_local_day(date(2026, 11, 22), "Asia/Kathmandu") == datetime(
            2026, 11, 21, 18, 15, tzinfo=UTC
        )

    def test_a_day_the_zone_skipped_is_empty(self):
        assert hours(date(2011, 12, 30), "Pacific/Apia", days=1) == 0

    def test_a_jump_that_straddles_midnight_starts_the_day_at_the_jump(self):
        # In 1919 Toronto moved its clocks on at half past eleven at night.
        start = start_of_local_day(date(1919, 3, 31), "America/Toronto")
        assert start.astimezone(ZoneInfo("America/Toronto")).strftime("%d %H:%M") == "31 00:30"

    def test_a_zone_may_be_given_as_an_object(self):
        day = date(2026, 3, 29)
        assert start_of_local_day(day, ZoneInfo("Atlantic/Azores")) == start_of_local_day(
            day, "Atlantic/Azores"
        )

    @pytest.mark.parametrize("zone", ODD_ZONES)
    def test_it_is_the_first_instant_of_its_date(self, zone):
        place = ZoneInfo(zone)
        for offset in range(365 * 3):
            day = date(2025, 1, 1) + timedelta(days=offset)
            start = start_of_local_day(day, place)
            assert local_day(start, place) == day
            assert local_day(start - timedelta(seconds=1), place) == day - timedelta(days=1)

    def test_days_partition_time_in_a_sample_of_zones(self):
        sample = sorted(zone_names())[::12]
        lengths = week_lengths(sample, date(2025, 1, 1), date(2030, 12, 31))
        assert set(lengths) <= {166, 167, 167.5, 168, 168.5, 169, 170}
        assert lengths[167] > 0, "the sample must hold zones that change their clocks"

    @pytest.mark.drill
    def test_days_partition_time_in_every_zone_of_twelve_years(self):
        lengths = week_lengths(sorted(zone_names()), date(2019, 1, 1), date(2030, 12, 31))
        # 165 and 171 are Antarctic stations that moved by three hours before 2025.
        assert set(lengths) == {165, 166, 167, 167.5, 168, 168.5, 169, 170, 171}


def week_lengths(zones: list[str], first: date, last: date) -> Counter[float]:
    """Hours of every week of every start day, and proof that each day starts where the one before ends."""
    lengths: Counter[float] = Counter()
    for zone in zones:
        place = ZoneInfo(zone)
        starts = [
            start_of_local_day(first + timedelta(days=n), place) for n in range((last - first).days + 1)
        ]
        assert all(20 * 3600 <= (b - a).total_seconds() <= 28 * 3600 for a, b in pairwise(starts))
        for start, end in zip(starts, starts[7:], strict=False):
            lengths[(end - start).total_seconds() / 3600] += 1
    return lengths


class TestLocalDay:
    def test_an_instant_belongs_to_the_date_on_the_wall(self):
        instant = datetime(2026, 11, 8, 23, 30, tzinfo=UTC)
        assert local_day(instant, "Europe/Lisbon") == date(2026, 11, 8)
        assert local_day(instant, "Asia/Kathmandu") == date(2026, 11, 9)

    def test_a_naive_instant_is_refused(self):
        with pytest.raises(ValueError, match="time zone"):
            local_day(datetime(2026, 11, 8), "Europe/Lisbon")

    @settings(max_examples=300)
    @given(
        instant=st.datetimes(datetime(2019, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),
        zone=st.sampled_from(ODD_ZONES),
    )
    def test_an_instant_lies_within_its_own_day(self, instant, zone):
        day = local_day(instant, zone)
        assert start_of_local_day(day, zone) <= instant < start_of_local_day(day + timedelta(days=1), zone)


class TestResolveLocal:
    def test_an_ordinary_time_is_itself(self):
        assert resolve_local(datetime(2026, 7, 1, 9, 0), "Europe/Lisbon") == datetime(
            2026, 7, 1, 8, 0, tzinfo=UTC
        )

    def test_a_skipped_time_moves_forward_by_the_gap(self):
        moved = resolve_local(datetime(2026, 3, 29, 1, 30), "Europe/Lisbon")
        assert moved.astimezone(ZoneInfo("Europe/Lisbon")).strftime("%H:%M") == "02:30"

    def test_a_time_that_happens_twice_means_the_first(self):
        assert resolve_local(datetime(2026, 10, 25, 1, 30), "Europe/Lisbon") == datetime(
            2026, 10, 25, 0, 30, tzinfo=UTC
        )

    def test_an_aware_time_is_refused(self):
        with pytest.raises(ValueError, match="of its own"):
            resolve_local(datetime(2026, 7, 1, tzinfo=UTC), "Europe/Lisbon")

    @pytest.mark.parametrize(
        ("local", "zone"),
        [
            (datetime(1, 1, 1), "Asia/Tokyo"),
            (datetime(9999, 12, 31, 23, 59), "America/New_York"),
        ],
    )
    def test_a_time_off_the_calendar_is_refused(self, local, zone):
        with pytest.raises(ValueError, match="calendar"):
            resolve_local(local, zone)


class TestWeekStart:
    @pytest.mark.parametrize("start", range(7))
    def test_the_week_holds_its_day_and_starts_on_its_weekday(self, start):
        for offset in range(14):
            day = date(2026, 11, 1) + timedelta(days=offset)
            first = week_start(day, start)
            assert first.weekday() == start
            assert first <= day < first + timedelta(days=7)

    def test_a_weekday_out_of_range_is_refused(self):
        with pytest.raises(ValueError, match="0"):
            week_start(date(2026, 11, 1), 7)


class TestWeekLabel:
    def test_a_monday_week_has_its_iso_label(self):
        assert week_label(date(2026, 11, 9)) == "2026-W46"
        assert week_label(date(2020, 12, 28)) == "2020-W53"
        assert week_label(date(2024, 12, 30)) == "2025-W01"

    def test_a_sunday_week_has_the_label_of_most_of_its_days(self):
        assert week_label(date(2026, 11, 8)) == "2026-W46"

    @pytest.mark.parametrize("start", range(7))
    def test_regular_weeks_have_consecutive_labels(self, start):
        first = week_start(date(2019, 1, 10), start)
        labels = [week_label(first + timedelta(weeks=n)) for n in range(52 * 12)]
        assert len(set(labels)) == len(labels)
        assert labels == sorted(labels)

    def test_a_second_week_is_marked(self):
        assert week_label(date(2026, 11, 9), second=True) == "2026-W46b"

    @given(first=st.dates(date(2015, 1, 1), date(2040, 1, 1)), second=st.booleans())
    def test_a_label_reads_back(self, first, second):
        label = week_label(first, second=second)
        parsed = parse_week_label(label)
        assert str(parsed) == label
        assert abs((parsed.middle - first).days) <= 6

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026-W00",
            "2026-W54",
            "2021-W53",
            "2026-W4",
            "2026W46",
            "2026-w46",
            "2026-W46c",
            "२०२६-W46",
            "2026-W46\n",
        ],
    )
    def test_anything_else_is_refused(self, text):
        with pytest.raises(ValueError):
            parse_week_label(text)


class TestIsZone:
    @pytest.mark.parametrize("name", ["Europe/Lisbon", "UTC", "Asia/Kathmandu", "America/Argentina/Ushuaia"])
    def test_a_place_is_a_zone(self, name):
        assert is_zone(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "localtime",
            "Factory",
            "Europe/lisbon",
            "../etc/passwd",
            "Mars/Base",
            "\x00",
        ],
    )
    def test_anything_else_is_not(self, name):
        assert not is_zone(name)
