"""A coach's page of months: what was shared, every author apart, and two views only where both gave them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from checklists.rules import Dimension, Occasion, Tone
from coaching.selectors import list_granted_months, list_two_views
from coaching.services import look_at_months
from common.errors import NotVisible
from households.models import AccessEntry, Child, Grant, Household
from households.services import withdraw_grant
from observations.models import Observation
from observations.services import answer_self_check

Give = Callable[..., Grant]
Record = Callable[..., Observation]
WEEK = timedelta(weeks=1)


@pytest.fixture
def asked(coach: User, household: Household, now: datetime) -> dict[str, object]:
    return {"coach_id": coach.pk, "household_id": household.public_id, "now": now}


@pytest.fixture
def check(child: Child, now: datetime) -> Callable[..., Observation]:
    def put(actor: User, *, weeks_ago: int = 0, visibility: str = "coaches", **ratings: int) -> Observation:
        return answer_self_check(
            actor_id=actor.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=(now - weeks_ago * WEEK).date(),
            ratings={"needs": 4, "self": 1, "settled": 2, **ratings},
            visibility=visibility,
            now=now - weeks_ago * WEEK,
        )

    return put


class TestGrantedMonths:
    def test_has_ranges_where_the_answers_carry_them_and_nothing_private(
        self, give: Give, record: Record, asked: dict[str, object]
    ) -> None:
        give()
        for number in range(12):
            record(details={"visibility": "coaches", "ratings": {"needs": number % 2 + 3, "self": 1}})
        record(details={"visibility": "private", "ratings": {"needs": 1}})
        (found,) = list_granted_months(**asked)
        (series,) = found.series
        assert (series.dimension, series.occasion) == (Dimension.NEEDS, Occasion.MOMENT)
        assert (series.whole.n, series.whole.mean) == (12, 3.5)
        assert series.whole.interval is not None

    def test_few_answers_are_listed_and_own_state_is_in_none(
        self, give: Give, record: Record, asked: dict[str, object]
    ) -> None:
        give()
        for _ in range(4):
            record(details={"visibility": "coaches", "ratings": {"needs": 4, "self": 1}})
        (found,) = list_granted_months(**asked)
        assert [series.dimension for series in found.series] == [Dimension.NEEDS]
        assert found.series[0].whole.mean is None

    def test_counts_ways_back_whose_both_ends_were_shared(
        self, give: Give, record: Record, asked: dict[str, object]
    ) -> None:
        give()
        shared = {"visibility": "coaches"}
        mended, hidden, _open = (record(tone="missed", details=shared) for _ in range(3))
        record(tone="came_back", details={**shared, "repairs": mended.public_id})
        record(tone="came_back", details={"visibility": "private", "repairs": hidden.public_id})
        (found,) = list_granted_months(**asked)
        assert (found.missed, found.mended) == (3, 1)

    def test_ticks_keep_their_tone(self, give: Give, record: Record, asked: dict[str, object]) -> None:
        give()
        record(details={"visibility": "coaches", "cues": ["waited"]})
        record(tone="missed", details={"visibility": "coaches", "cues": ["fixed_too_fast"]})
        (found,) = list_granted_months(**asked)
        told = {
            tone: [(share.key, share.times, share.of) for share in shares]
            for tone, shares in found.cues.items()
        }
        assert told[Tone.IN_TUNE] == [("waited", 1, 1)]
        assert told[Tone.MISSED] == [("fixed_too_fast", 1, 1)]

    def test_a_summary_has_no_months(self, give: Give, record: Record, asked: dict[str, object]) -> None:
        give(scope="summary")
        record(details={"visibility": "coaches", "ratings": {"needs": 4}})
        assert list_granted_months(**asked) == []

    def test_two_authors_stand_apart(
        self, give: Give, record: Record, co_parent: User, asked: dict[str, object]
    ) -> None:
        give()
        give(co_parent)
        record(details={"visibility": "coaches", "ratings": {"needs": 5}})
        record(co_parent, details={"visibility": "coaches", "ratings": {"needs": 1}})
        found = {months.author: [s.whole.n for s in months.series] for months in list_granted_months(**asked)}
        assert found == {"Alice": [1], "Bela": [1]}

    def test_looking_is_told_and_ends_with_the_grant(
        self, give: Give, parent: User, now: datetime, asked: dict[str, object]
    ) -> None:
        grant = give()
        look_at_months(**asked)
        assert AccessEntry.objects.get().author == parent
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        with pytest.raises(NotVisible):
            look_at_months(**asked)


class TestTwoViews:
    def test_are_side_by_side_where_both_gave_the_same_week(
        self,
        give: Give,
        check: Callable[..., Observation],
        parent: User,
        co_parent: User,
        asked: dict[str, object],
    ) -> None:
        give()
        give(co_parent)
        check(parent, needs=5)
        check(co_parent, needs=2)
        check(parent, weeks_ago=1)
        (view,) = list_two_views(**asked)
        assert view.names == ("Alice", "Bela")
        ((_week, rows),) = view.weeks
        assert rows == [(Dimension.NEEDS, 5, 2)], "nothing of own state, nothing of how a child settled"
        assert (view.agreement.pairs, view.agreement.kappa) == (1, None)

    @pytest.mark.parametrize("why", ["one kept it private", "one gave a summary", "one gave nothing"])
    def test_are_not_there_otherwise(
        self,
        give: Give,
        check: Callable[..., Observation],
        parent: User,
        co_parent: User,
        asked: dict[str, object],
        why: str,
    ) -> None:
        give()
        if why != "one gave nothing":
            give(co_parent, scope="summary" if why == "one gave a summary" else "ratings")
        check(parent)
        check(co_parent, visibility="private" if why == "one kept it private" else "coaches")
        assert list_two_views(**asked) == []
