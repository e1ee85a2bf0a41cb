"""When a reply is due, and when a mail may go out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from coaching.rules import may_tell, reply_due_on

ZONE = "Europe/Lisbon"


class TestReplyDue:
    @pytest.mark.parametrize(
        ("asked_at", "days", "due"),
        [
            (datetime(2026, 11, 16, 9, tzinfo=UTC), 3, date(2026, 11, 19)),  # Monday to Thursday
            (datetime(2026, 11, 20, 22, tzinfo=UTC), 3, date(2026, 11, 25)),  # Friday evening to Wednesday
            (datetime(2026, 11, 21, 9, tzinfo=UTC), 1, date(2026, 11, 23)),  # Saturday to Monday
        ],
    )
    def test_counts_working_days_from_the_next_one_on(self, asked_at: datetime, days: int, due: date) -> None:
        assert reply_due_on(asked_at, working_days=days, timezone=ZONE) == due

    def test_counts_days_as_they_are_where_it_was_asked(self) -> None:
        late = datetime(2026, 11, 16, 20, tzinfo=UTC)  # Tuesday morning in Auckland
        assert reply_due_on(late, working_days=1, timezone="Pacific/Auckland") == date(2026, 11, 18)
        assert reply_due_on(late, working_days=1, timezone=ZONE) == date(2026, 11, 17)


class TestTelling:
    @pytest.mark.parametrize(
        ("hour", "minute", "may"), [(6, 59, False), (7, 0, True), (20, 29, True), (20, 30, False)]
    )
    def test_nobody_is_told_at_night(self, hour: int, minute: int, may: bool) -> None:
        assert may_tell(datetime(2026, 11, 18, hour, minute, tzinfo=UTC), timezone=ZONE) is may

    def test_the_clock_is_that_of_whoever_is_told(self) -> None:
        noon = datetime(2026, 11, 18, 12, tzinfo=UTC)
        assert not may_tell(noon, timezone="Pacific/Auckland")

    def test_a_night_with_two_hours_of_the_same_name_is_a_night(self) -> None:
        assert not may_tell(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), timezone=ZONE)
