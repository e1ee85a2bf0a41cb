"""Moving a member's own weeks and thoughts to another household, and forgetting them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from households.models import Household
from households.services import create_household
from observations.models import Observation
from reflections.estate import ReflectionsEstate
from reflections.models import Digest, DigestWeek, Reflection, Thought
from reflections.services import compile_closed, compile_week, write_thought

ESTATE = ReflectionsEstate()
LABEL = "2026-W47"


@pytest.fixture
def own_home(co_parent: User, now: datetime) -> Household:
    return create_household(actor_id=co_parent.pk, name="My own", timezone="Europe/Lisbon", now=now)


@pytest.fixture
def told(
    household: Household, co_parent: User, record: Callable[..., Observation], now: datetime
) -> Reflection:
    """The co-parent's week, in which the other parent shared something, and a thought on it."""
    record(details={"visibility": "household"})
    record(co_parent, details={"visibility": "household"})
    compile_week(household_ids=[household.pk], label=LABEL, now=now)
    write_thought(actor_id=co_parent.pk, label=LABEL, text="Hm.", visibility="household", now=now)
    return Reflection.objects.get(member__user=co_parent)


class TestMove:
    def test_week_and_thought_move_and_tell_nothing_of_others(
        self, told: Reflection, household: Household, own_home: Household, co_parent: User, parent: User
    ) -> None:
        assert str(parent.public_id) in str(told.content)
        ESTATE.move(co_parent.pk, source_id=household.pk, target_id=own_home.pk, children={})
        told.refresh_from_db()
        assert (told.household_id, told.week.household_id) == (own_home.pk, own_home.pk)
        assert told.member.household_id == own_home.pk
        assert str(parent.public_id) not in str(told.content)
        thought = Thought.objects.get()
        assert (thought.household_id, thought.reflection_id, thought.text) == (own_home.pk, told.pk, "Hm.")

    def test_the_others_reflections_stay(
        self, told: Reflection, household: Household, own_home: Household, co_parent: User, parent: User
    ) -> None:
        ESTATE.move(co_parent.pk, source_id=household.pk, target_id=own_home.pk, children={})
        assert Reflection.objects.get(member__user=parent).household_id == household.pk

    def test_the_weeks_are_the_same_and_the_sweep_comes(
        self, told: Reflection, household: Household, own_home: Household, co_parent: User, now: datetime
    ) -> None:
        ESTATE.move(co_parent.pk, source_id=household.pk, target_id=own_home.pk, children={})
        spans = [
            list(DigestWeek.objects.filter(household=home).values_list("label", "starts_at", "ends_at"))
            for home in (household, own_home)
        ]
        assert spans[0] == spans[1]
        later = now + timedelta(days=14)
        assert compile_closed(household_ids=[own_home.pk], now=later).written
        told.refresh_from_db()
        assert told.content["sections"]

    def test_what_waits_to_be_sent_is_not_sent(
        self, told: Reflection, household: Household, own_home: Household, co_parent: User, now: datetime
    ) -> None:
        Digest.objects.create(
            household=household, membership=told.member, week=told.week, due_at=now, next_at=now
        )
        ESTATE.move(co_parent.pk, source_id=household.pk, target_id=own_home.pk, children={})
        assert not Digest.objects.exists()


class TestErase:
    def test_nobodys_stored_week_names_the_person_any_more(
        self, told: Reflection, co_parent: User, parent: User
    ) -> None:
        others = Reflection.objects.get(member__user=parent)
        assert str(co_parent.public_id) in str(others.content)
        ESTATE.erase(co_parent.pk)
        others.refresh_from_db()
        assert str(co_parent.public_id) not in str(others.content)
        assert ESTATE.count_left(co_parent.pk) == {}
        assert list(Reflection.objects.all()) == [others]
