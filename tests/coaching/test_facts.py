"""Why somebody stands in which lane: reasons in their order, none of them a rating."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from coaching.facts import Facts, Lane, Reason, reason_of

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
DAY = timedelta(days=1)


def facts(**known: Any) -> Facts:
    """Let in long ago and for long, written to yesterday, shared something today: nothing waits."""
    return Facts(
        **{
            "now": NOW,
            "timezone": "Europe/Lisbon",
            "reply_days": 3,
            "accepted_at": NOW - 60 * DAY,
            "expires_at": NOW + 90 * DAY,
            "said_at": NOW - DAY,
            "shared_on": {NOW.date()},
            **known,
        }
    )


class TestReasonOf:
    def test_nothing(self) -> None:
        assert reason_of(facts()) == Reason(Lane.NOTHING, NOW.date())

    def test_asked_comes_first_however_old(self) -> None:
        known = {"help_card_at": NOW, "expires_at": NOW + DAY, "came_back_on": NOW.date()}
        asked = reason_of(facts(asked_at=NOW - 20 * DAY, **known))
        assert (asked.lane, asked.since, asked.due_on) == (
            Lane.ASKED,
            date(2026, 10, 29),
            date(2026, 11, 3),
        )

    def test_an_answer_is_a_question_until_its_time_is_over(self) -> None:
        assert reason_of(facts(wrote_back_at=NOW - DAY)).lane is Lane.ASKED
        friday = datetime(2026, 11, 13, 12, tzinfo=UTC)
        assert reason_of(facts(wrote_back_at=friday)).lane is Lane.ASKED, (
            "due on Wednesday, and it is Wednesday"
        )
        assert reason_of(facts(wrote_back_at=friday - DAY)).lane is Lane.OWED

    def test_a_shared_help_card(self) -> None:
        assert reason_of(facts(help_card_at=NOW - DAY)).lane is Lane.HELP_CARD

    @pytest.mark.parametrize(("days", "lane"), [(13, Lane.NEW), (14, Lane.OWED)])
    def test_new_until_the_first_word_and_owed_after_two_weeks(self, days: int, lane: Lane) -> None:
        assert reason_of(facts(accepted_at=NOW - days * DAY, said_at=None)).lane is lane

    def test_a_way_back_that_nobody_spoke_of(self) -> None:
        back = facts(came_back_on=NOW.date(), said_at=NOW - 2 * DAY)
        assert reason_of(back) == Reason(Lane.CAME_BACK, NOW.date())
        assert reason_of(facts(came_back_on=NOW.date() - DAY, said_at=NOW)).lane is Lane.NOTHING
        old = facts(came_back_on=NOW.date() - 14 * DAY, said_at=NOW - 30 * DAY)
        assert reason_of(old).lane is Lane.NOTHING

    @pytest.mark.parametrize(("left", "lane"), [(14, Lane.ENDS_SOON), (15, Lane.NOTHING)])
    def test_ends_soon(self, left: int, lane: Lane) -> None:
        assert reason_of(facts(expires_at=NOW + left * DAY)).lane is lane

    def test_gone_quiet_is_said_of_whoever_noted_before(self) -> None:
        before = [NOW.date() - (14 + 7 * week) * DAY for week in range(4)]
        assert reason_of(facts(shared_on=set(before[:3]))) == Reason(Lane.QUIET, before[0])
        assert reason_of(facts(shared_on=set(before[:2]))).lane is Lane.NOTHING
        assert reason_of(facts(shared_on={*before, NOW.date() - 13 * DAY})).lane is Lane.NOTHING

    def test_whoever_never_shared_anything_is_not_quiet(self) -> None:
        assert reason_of(facts(shared_on=())).lane is Lane.NOTHING
