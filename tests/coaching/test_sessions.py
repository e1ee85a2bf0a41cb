"""The sheet for a session: one author's weeks since the last one, inside the grant, and every opening told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from coaching.models import Comment, SessionDay
from coaching.rules import SHEET_MOMENTS_MAX, sheet_since
from coaching.selectors import SessionSheet
from coaching.services import (
    ask_to_look,
    mark_session,
    open_session_sheet,
    suggest_focus,
    unmark_session,
)
from common.errors import NotVisible
from common.person_keys import remembering
from households.models import AccessEntry, Grant, Household
from households.rules import GRANT_LIFETIME
from households.selectors import list_grants_here
from households.services import withdraw_grant
from observations.models import Observation
from tests.coaching.conftest import SHARED

Give = Callable[..., Grant]
Record = Callable[..., Observation]
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MONDAY = date(2026, 11, 16)


class TestSheetSince:
    @pytest.mark.parametrize(
        ("last", "since"),
        [
            (None, date(2026, 10, 19)),
            (date(2026, 11, 15), date(2026, 11, 9)),
            (date(2026, 11, 16), MONDAY),
            (date(2025, 1, 1), date(2026, 8, 31)),
        ],
    )
    def test_weeks_are_whole_and_no_more_than_a_dozen(self, last: date | None, since: date) -> None:
        assert sheet_since(last, today=date(2026, 11, 18), first_day=0) == since


@pytest.fixture
def open_sheet(coach: User, now: datetime) -> Callable[..., SessionSheet]:
    def put(grant: Grant, **asked: Any) -> SessionSheet:
        return open_session_sheet(
            **{
                "coach_id": coach.pk,
                "grant_id": grant.public_id,
                "language": "en",
                "now": now,
                **asked,
            }
        )

    return put


class TestMarking:
    def test_counts_from_the_next_day_on_and_once(
        self, give: Give, coach: User, now: datetime, open_sheet: Callable[..., SessionSheet]
    ) -> None:
        grant = give()
        asked: dict[str, Any] = {"actor_id": coach.pk, "grant_id": grant.public_id}
        for _ in range(2):
            mark_session(**asked, now=now)
        assert SessionDay.objects.count() == 1
        today = open_sheet(grant)
        assert (today.last_session, today.is_today, today.since) == (None, True, MONDAY - 4 * WEEK)
        tomorrow = open_sheet(grant, now=now + DAY)
        assert (tomorrow.last_session, tomorrow.is_today, tomorrow.since) == (now.date(), False, MONDAY)
        unmark_session(**asked, now=now)
        assert not open_sheet(grant).is_today

    def test_its_day_is_the_households(self, give: Give, coach: User, household: Household) -> None:
        Household.objects.filter(pk=household.pk).update(timezone="Pacific/Auckland")
        late = datetime.fromisoformat("2026-11-18T23:30:00Z")
        assert mark_session(actor_id=coach.pk, grant_id=give().public_id, now=late).on == date(2026, 11, 19)


class TestTheSheet:
    def test_holds_these_weeks_of_this_author_and_nothing_private(
        self,
        give: Give,
        record: Record,
        co_parent: User,
        open_sheet: Callable[..., SessionSheet],
        now: datetime,
    ) -> None:
        grant = give()
        give(co_parent)
        within = record(details={**SHARED, "note": "A kite", "ratings": {"needs": 4, "self": 1}})
        record(details={"visibility": "private"})
        record(co_parent, details=SHARED)
        record(details=SHARED, now=now - 6 * WEEK)
        sheet = open_sheet(grant)
        assert [row.pk for row in sheet.moments] == [within.pk]
        assert [rating.dimension for rating in sheet.moments[0].shown_ratings] == ["needs"]
        assert sheet.moments[0].note == "A kite"
        assert [sum(week.tones.values()) for week in sheet.weeks] == [1]
        assert {told.author for told in sheet.told} == {"Alice"}
        assert sheet.told[0].series[0].whole.n == 1

    @pytest.mark.parametrize(("scope", "moments"), [("summary", 0), ("ratings", 1)])
    def test_holds_no_more_than_its_scope(
        self,
        give: Give,
        record: Record,
        open_sheet: Callable[..., SessionSheet],
        parent: User,
        coach: User,
        now: datetime,
        scope: str,
        moments: int,
    ) -> None:
        grant = give(scope=scope)
        moment = record(details={**SHARED, "note": "A kite", "ratings": {"needs": 4}})
        if moments:
            ask_to_look(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        sheet = open_sheet(grant)
        assert [row.note for row in sheet.moments] == [""] * moments
        assert (len(sheet.told), len(sheet.asks), len(sheet.weeks)) == (moments, moments, 1)

    def test_holds_what_its_coach_wrote_on_it_and_suggested(
        self,
        give: Give,
        record: Record,
        say: Callable[..., Comment],
        open_sheet: Callable[..., SessionSheet],
        coach: User,
        now: datetime,
    ) -> None:
        grant = give()
        moment, longer_ago = record(details=SHARED), record(details=SHARED, now=now - 6 * WEEK)
        said = say(moment)
        say(longer_ago)
        suggest_focus(actor_id=coach.pk, grant_id=grant.public_id, practice="notice", weeks=2, now=now)
        sheet = open_sheet(grant)
        assert [row.pk for row in sheet.comments] == [said.pk]
        assert [seen.focus.practice for seen in sheet.focuses] == ["notice"]

    def test_says_how_many_earlier_ones_have_no_room(
        self,
        give: Give,
        record: Record,
        open_sheet: Callable[..., SessionSheet],
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("coaching.selectors.sessions.SHEET_MOMENTS_MAX", 2)
        grant = give()
        rows = [record(details=SHARED, now=now - hours * timedelta(hours=1)) for hours in range(3)]
        sheet = open_sheet(grant)
        assert [row.pk for row in sheet.moments] == [rows[1].pk, rows[0].pk]
        assert sheet.left_out == 1

    def test_costs_no_more_queries_for_many_moments(
        self,
        give: Give,
        record: Record,
        say: Callable[..., Comment],
        open_sheet: Callable[..., SessionSheet],
    ) -> None:
        grant, details = give(), {**SHARED, "note": "A kite", "ratings": {"needs": 4}, "cues": ["held"]}
        say(record(details=details))

        def asked() -> int:
            with remembering(), CaptureQueriesContext(connection) as queries:
                sheet = open_sheet(grant)
                assert all(row.note for row in sheet.moments)
            return len(queries)

        once = asked()
        for _ in range(10):
            say(record(details=details))
        assert asked() == once
        assert SHEET_MOMENTS_MAX > 10


class TestWhoIsTold:
    def test_every_opening_is_a_line_of_its_own_in_its_authors_list(
        self, give: Give, parent: User, co_parent: User, open_sheet: Callable[..., SessionSheet]
    ) -> None:
        grant = give()
        give(co_parent)
        for as_file in (False, False, True, True):
            open_sheet(grant, as_file=as_file)
        lines = AccessEntry.objects.order_by("pk").values_list("author_id", "opened")
        assert list(lines) == [(parent.pk, kind) for kind in ("sheet", "sheet", "sheet_file", "sheet_file")]

    def test_an_author_who_withdraws_meanwhile_is_not_opened_though_another_still_lets_in(
        self,
        give: Give,
        parent: User,
        co_parent: User,
        open_sheet: Callable[..., SessionSheet],
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        grant = give()
        give(co_parent)

        def withdrawn_first(**asked: Any) -> Any:
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
            return list_grants_here(**asked)

        monkeypatch.setattr("coaching.selectors.sessions.list_grants_here", withdrawn_first)
        with pytest.raises(NotVisible):
            open_sheet(grant)
        assert not AccessEntry.objects.exists()

    @pytest.mark.parametrize("how", ["withdrawn", "over", "another's"])
    def test_without_a_live_grant_there_is_none_and_nothing_is_written_down(
        self,
        give: Give,
        parent: User,
        stranger: User,
        open_sheet: Callable[..., SessionSheet],
        coach: User,
        now: datetime,
        how: str,
    ) -> None:
        grant, asked = give(), {"coach_id": coach.pk, "now": now}
        if how == "withdrawn":
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        elif how == "over":
            asked["now"] = now + GRANT_LIFETIME
        else:
            asked["coach_id"] = stranger.pk
        with pytest.raises(NotVisible):
            open_sheet(grant, **asked)
        for use_case in (mark_session, unmark_session):
            with pytest.raises(NotVisible):
                use_case(actor_id=asked["coach_id"], grant_id=grant.public_id, now=asked["now"])
        assert not AccessEntry.objects.exists()
