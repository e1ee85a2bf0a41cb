"""Leaving is alone and at once, and it takes one's words along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import User
from common.errors import NotVisible
from households.models import Household, Membership
from households.services import create_household, leave_household
from observations.models import Observation
from observations.selectors import get_moment, list_moments


class TestLeaveHousehold:
    def test_takes_what_the_leaver_had_shared_out_of_the_others_sight(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        shared = record(co_parent, details={"visibility": "household"})
        assert [row.pk for row in list_moments(actor_id=parent.pk).items] == [shared.pk]
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        assert list_moments(actor_id=parent.pk).items == []
        with pytest.raises(NotVisible):
            get_moment(actor_id=parent.pk, moment_id=shared.public_id)

    def test_leaves_the_others_own_moments_where_they_are(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        own = record(parent, details={"visibility": "household"})
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        assert [row.pk for row in list_moments(actor_id=parent.pk).items] == [own.pk]
        assert list_moments(actor_id=co_parent.pk).items == []

    def test_of_one_household_hides_nothing_in_another(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        elsewhere = create_household(
            actor_id=co_parent.pk, name="Elsewhere", timezone="Europe/Lisbon", now=now
        )
        shared = record(co_parent, details={"visibility": "household"})
        leave_household(actor_id=co_parent.pk, household_id=elsewhere.public_id, now=now)
        assert [row.pk for row in list_moments(actor_id=parent.pk).items] == [shared.pk]

    def test_and_coming_back_shows_a_moment_once(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        shared = record(co_parent, details={"visibility": "household"})
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        Membership.objects.create(household=household, user=co_parent, role="guardian", joined_at=now)
        create_household(actor_id=co_parent.pk, name="Elsewhere", timezone="Europe/Lisbon", now=now)
        assert [row.pk for row in list_moments(actor_id=parent.pk).items] == [shared.pk]
        assert [row.pk for row in list_moments(actor_id=co_parent.pk).items] == [shared.pk]
