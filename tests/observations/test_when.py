"""What an author's words about the time mean, above all on the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError

from observations.rules import AHEAD_MAX, Precision, When
from observations.when import Said, place_in_time

BORN = date(2022, 5, 1)
NOW = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)


def placed(said: Said, zone: str = "Europe/Lisbon", now: datetime = NOW, born: date = BORN):
    return place_in_time(said, zone=zone, born=born, now=now)


def code_of(said: Said, **arguments) -> str:
    with pytest.raises(ValidationError) as error:
        placed(said, **arguments)
    return error.value.error_dict["occurred_at"][0].code


class TestPlaceInTime:
    def test_just_now_is_when_the_sheet_was_opened(self):
        opened = NOW - timedelta(minutes=20)
        when = placed(Said(at=opened))
        assert (when.at, when.on, when.precision) == (opened, date(2026, 11, 18), Precision.ABOUT)

    def test_any_offset_means_the_same_instant(self):
        tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
        assert placed(Said(at=tokyo)).at == NOW

    def test_earlier_today_is_half_way_from_the_morning(self):
        when = placed(Said(at=NOW, when=When.EARLIER_TODAY))
        assert when.at == datetime(2026, 11, 18, 13, 15, tzinfo=UTC)
        assert when.precision == Precision.DAY

    def test_before_the_morning_earlier_today_is_now(self):
        early = datetime(2026, 11, 18, 5, 10, tzinfo=UTC)
        assert placed(Said(at=early, when=When.EARLIER_TODAY)).at == early

    def test_last_night_is_the_evening_before(self):
        when = placed(Said(at=NOW, when=When.LAST_NIGHT))
        assert (when.at, when.on) == (datetime(2026, 11, 17, 21, 0, tzinfo=UTC), date(2026, 11, 17))

    def test_the_day_is_the_households_own(self):
        late = datetime(2026, 11, 17, 16, 0, tzinfo=UTC)
        assert placed(Said(at=late), zone="Asia/Tokyo").on == date(2026, 11, 18)
        assert placed(Said(at=late), zone="America/Los_Angeles").on == date(2026, 11, 17)

    def test_a_phone_may_run_a_little_ahead(self):
        assert placed(Said(at=NOW + AHEAD_MAX)).at == NOW + AHEAD_MAX
        assert code_of(Said(at=NOW + AHEAD_MAX + timedelta(seconds=1))) == "future"

    def test_the_birth_month_is_the_earliest(self):
        assert placed(Said(at=datetime(2022, 5, 1, tzinfo=UTC))).on == BORN
        assert code_of(Said(at=datetime(2022, 4, 30, 12, tzinfo=UTC))) == "ancient"

    def test_nothing_is_older_than_the_calendar_of_the_app(self):
        assert code_of(Said(at=datetime(1999, 12, 31, tzinfo=UTC)), born=date(1990, 1, 1)) == "ancient"

    def test_a_time_needs_its_offset(self):
        assert code_of(Said(at=datetime(2026, 11, 18, 19, 0))) == "no_zone"

    def test_picking_needs_a_time(self):
        assert code_of(Said(at=NOW, when=When.PICK)) == "required"

    @pytest.mark.parametrize(
        "at",
        [
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
            datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12))),
        ],
    )
    @pytest.mark.parametrize("when", list(When))
    def test_the_edges_of_the_calendar_are_an_answer_not_an_error(self, at, when):
        assert code_of(Said(at=at, when=when, picked=datetime(1, 1, 1))) == "calendar"

    @pytest.mark.parametrize("picked", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])
    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Lisbon"])
    def test_a_picked_edge_is_refused(self, picked, zone):
        assert code_of(Said(at=NOW, when=When.PICK, picked=picked), zone=zone) in {
            "ancient",
            "calendar",
            "future",
        }


class TestNightsWhenTheClocksChange:
    @pytest.mark.parametrize(
        ("zone", "picked", "at", "on"),
        [
            # Skipped: 02:30 does not exist in Berlin on 29 March 2026, nor 01:30 in Lisbon. Forward it goes.
            ("Europe/Berlin", datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30), date(2026, 3, 29)),
            ("Europe/Lisbon", datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 1, 30), date(2026, 3, 29)),
            # Twice: 01:30 in Lisbon on 25 October 2026 was first in summer time.
            (
                "Europe/Lisbon",
                datetime(2026, 10, 25, 1, 30),
                datetime(2026, 10, 25, 0, 30),
                date(2026, 10, 25),
            ),
            (
                "Europe/Berlin",
                datetime(2026, 10, 25, 2, 30),
                datetime(2026, 10, 25, 0, 30),
                date(2026, 10, 25),
            ),
            # Midnight itself is skipped in Santiago on 6 September 2026: the day begins at 01:00.
            ("America/Santiago", datetime(2026, 9, 6, 0, 30), datetime(2026, 9, 6, 4, 30), date(2026, 9, 6)),
            # Half an hour only, on Lord Howe Island.
            (
                "Australia/Lord_Howe",
                datetime(2026, 10, 4, 2, 15),
                datetime(2026, 10, 3, 15, 45),
                date(2026, 10, 4),
            ),
        ],
    )
    def test_a_picked_time_has_one_instant_and_one_day(self, zone, picked, at, on):
        when = placed(Said(at=NOW, when=When.PICK, picked=picked), zone=zone)
        assert (when.at, when.on, when.precision) == (at.replace(tzinfo=UTC), on, Precision.EXACT)

    def test_both_hours_that_share_a_name_stay_two_instants(self):
        first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
        assert placed(Said(at=first)).at < placed(Said(at=second)).at
        assert placed(Said(at=first)).on == placed(Said(at=second)).on == date(2026, 10, 25)

    def test_last_night_after_the_change_is_by_the_wall_clock(self):
        opened = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
        when = placed(Said(at=opened, when=When.LAST_NIGHT))
        assert when.at == datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # 21:00 in summer time
