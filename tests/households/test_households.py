"""Founding, changing and leaving a household, and who may do it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from common.errors import NotVisible, Refused
from households.models import Child, Household, Membership
from households.rules import HOUSEHOLD_NAME_MAX, HOUSEHOLDS_PER_PERSON_MAX, Role
from households.selectors import (
    get_household,
    get_membership,
    is_guardian,
    list_households,
    list_members,
    list_memberships,
)
from households.services import (
    create_household,
    edit_household,
    find_invitation,
    invite_member,
    leave_household,
    remove_helper,
)

BAD_ZONES = [
    "",
    "Nowhere/Land",
    "localtime",
    "Factory",
    "../etc/passwd",
    "Europe/Lisbon\x00",
    "europe/lisbon",
]


def fields_of(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(getattr(error.value, "error_dict", {"__all__": []}))


class TestCreateHousehold:
    def test_its_founder_is_a_guardian_of_it(self, parent: User, now: datetime) -> None:
        household = create_household(
            actor_id=parent.pk, name="  The attic ", timezone="Europe/Lisbon", week_starts_on=6, now=now
        )
        assert (household.name, household.timezone, household.week_starts_on) == (
            "The attic",
            "Europe/Lisbon",
            6,
        )
        membership = get_membership(actor_id=parent.pk, household_id=household.public_id)
        assert (membership.role, membership.joined_at, membership.left_at) == (Role.GUARDIAN, now, None)

    def test_the_same_name_within_a_minute_founds_one(
        self, parent: User, household: Household, now: datetime
    ) -> None:
        def found(name: str, minutes: int) -> Household:
            at = now + timedelta(minutes=minutes)
            return create_household(actor_id=parent.pk, name=name, timezone="UTC", now=at)

        assert found(f" {household.name} ", 1) == household
        founded = {household.pk, found("Another", 1).pk, found(household.name, 2).pk}
        assert len(founded) == 3

    def test_a_namesake_of_somebody_elses_is_another_household(
        self, household: Household, stranger: User, now: datetime
    ) -> None:
        founded = create_household(actor_id=stranger.pk, name=household.name, timezone="UTC", now=now)
        assert founded != household

    @pytest.mark.parametrize(
        "name",
        ["", "   ", "x" * (HOUSEHOLD_NAME_MAX + 1), "a\x00b", "a\ud800b", "\u202e"],
        ids=["empty", "blank", "long", "nul", "surrogate", "only-bidi"],
    )
    def test_a_name_that_cannot_stand_is_refused_on_its_field(
        self, parent: User, now: datetime, name: str
    ) -> None:
        with pytest.raises(ValidationError) as error:
            create_household(actor_id=parent.pk, name=name, timezone="Europe/Lisbon", now=now)
        assert fields_of(error) == {"name"}
        assert not Membership.objects.filter(user=parent).exists()

    def test_a_line_break_in_a_name_becomes_a_space(self, parent: User, now: datetime) -> None:
        household = create_household(actor_id=parent.pk, name="The\nattic\u2028up", timezone="UTC", now=now)
        assert household.name == "The attic up"

    @pytest.mark.parametrize("zone", BAD_ZONES)
    def test_a_zone_that_is_no_place_is_refused(self, parent: User, now: datetime, zone: str) -> None:
        with pytest.raises(ValidationError) as error:
            create_household(actor_id=parent.pk, name="Attic", timezone=zone, now=now)
        assert fields_of(error) == {"timezone"}

    @pytest.mark.parametrize("day", [-1, 7, 10**30])
    def test_a_week_starts_on_a_day_of_the_week(self, parent: User, now: datetime, day: int) -> None:
        with pytest.raises(ValidationError) as error:
            create_household(actor_id=parent.pk, name="Attic", timezone="UTC", week_starts_on=day, now=now)
        assert fields_of(error) == {"week_starts_on"}

    def test_a_person_belongs_to_six_households_and_no_more(self, parent: User, now: datetime) -> None:
        for number in range(HOUSEHOLDS_PER_PERSON_MAX):
            create_household(actor_id=parent.pk, name=f"Home {number}", timezone="UTC", now=now)
        with pytest.raises(ValidationError):
            create_household(actor_id=parent.pk, name="One more", timezone="UTC", now=now)

    def test_a_household_left_makes_room_for_another(self, parent: User, now: datetime) -> None:
        made = [
            create_household(actor_id=parent.pk, name=f"Home {number}", timezone="UTC", now=now)
            for number in range(HOUSEHOLDS_PER_PERSON_MAX)
        ]
        leave_household(actor_id=parent.pk, household_id=made[0].public_id, now=now)
        assert create_household(actor_id=parent.pk, name="One more", timezone="UTC", now=now)


class TestEditHousehold:
    def test_changes_what_is_given_and_keeps_the_rest(
        self, parent: User, household: Household, now: datetime
    ) -> None:
        later = now + timedelta(hours=1)
        edit_household(actor_id=parent.pk, household_id=household.public_id, name="The barn", now=later)
        household.refresh_from_db()
        assert (household.name, household.timezone, household.week_starts_on) == (
            "The barn",
            "Europe/Lisbon",
            0,
        )
        assert household.changed_at == later

    def test_every_guardian_may(self, co_parent: User, household: Household, now: datetime) -> None:
        edited = edit_household(
            actor_id=co_parent.pk, household_id=household.public_id, timezone="Asia/Tokyo", now=now
        )
        assert edited.timezone == "Asia/Tokyo"

    def test_a_helper_is_refused(self, helper: User, household: Household, now: datetime) -> None:
        with pytest.raises(Refused):
            edit_household(actor_id=helper.pk, household_id=household.public_id, name="Mine", now=now)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_learns_that_it_exists(
        self, request: pytest.FixtureRequest, household: Household, now: datetime, who: str
    ) -> None:
        outsider = request.getfixturevalue(who)
        for household_id in (household.public_id, uuid.uuid4()):
            with pytest.raises(NotVisible):
                edit_household(actor_id=outsider.pk, household_id=household_id, name="Mine", now=now)

    def test_a_broken_rule_changes_nothing(self, parent: User, household: Household, now: datetime) -> None:
        with pytest.raises(ValidationError):
            edit_household(
                actor_id=parent.pk,
                household_id=household.public_id,
                name="New",
                timezone="Nowhere/Land",
                now=now,
            )
        household.refresh_from_db()
        assert household.name == "The attic"


class TestLeaveHousehold:
    def test_access_ends_at_once(
        self, parent: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        with pytest.raises(NotVisible):
            get_household(actor_id=co_parent.pk, household_id=household.public_id)
        assert [m.user for m in list_members(actor_id=parent.pk, household_id=household.public_id)] == [
            parent
        ]

    def test_a_second_time_there_is_nothing_to_leave(
        self, helper: User, household: Household, now: datetime
    ) -> None:
        leave_household(actor_id=helper.pk, household_id=household.public_id, now=now)
        with pytest.raises(NotVisible):
            leave_household(actor_id=helper.pk, household_id=household.public_id, now=now)

    def test_the_last_guardian_may_leave_too(self, parent: User, household: Household, now: datetime) -> None:
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert not list_households(actor_id=parent.pk).exists()

    def test_a_stranger_has_nothing_to_leave(
        self, stranger: User, household: Household, now: datetime
    ) -> None:
        with pytest.raises(NotVisible):
            leave_household(actor_id=stranger.pk, household_id=household.public_id, now=now)

    def test_nobody_keeps_a_way_back_in_by_an_invitation_of_their_own(
        self, parent: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        tokens = [
            invite_member(
                actor_id=actor.pk,
                household_id=household.public_id,
                email=f"{actor.pk}@example.org",
                role=Role.GUARDIAN,
                now=now,
            )[1]
            for actor in (parent, co_parent)
        ]
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        assert find_invitation(token=tokens[0], email=f"{parent.pk}@example.org", now=now)
        with pytest.raises(NotVisible):
            find_invitation(token=tokens[1], email=f"{co_parent.pk}@example.org", now=now)

    def test_whoever_left_may_come_back_as_a_new_member(
        self, helper: User, join: Callable[..., Membership], household: Household, now: datetime
    ) -> None:
        leave_household(actor_id=helper.pk, household_id=household.public_id, now=now)
        join(helper, Role.HELPER)
        assert get_membership(actor_id=helper.pk, household_id=household.public_id).left_at is None


class TestRemoveHelper:
    @pytest.fixture
    def helping(self, helper: User, household: Household) -> Membership:
        return get_membership(actor_id=helper.pk, household_id=household.public_id)

    def test_every_guardian_may_end_a_helpers_membership(
        self, co_parent: User, helper: User, helping: Membership, household: Household, now: datetime
    ) -> None:
        remove_helper(actor_id=co_parent.pk, membership_id=helping.public_id, now=now)
        with pytest.raises(NotVisible):
            get_household(actor_id=helper.pk, household_id=household.public_id)

    def test_nobody_removes_a_guardian(
        self, parent: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        theirs = get_membership(actor_id=co_parent.pk, household_id=household.public_id)
        own = get_membership(actor_id=parent.pk, household_id=household.public_id)
        for membership in (theirs, own):
            with pytest.raises(Refused):
                remove_helper(actor_id=parent.pk, membership_id=membership.public_id, now=now)
        assert len(list_members(actor_id=parent.pk, household_id=household.public_id)) == 2

    def test_a_helper_is_refused(self, helper: User, helping: Membership, now: datetime) -> None:
        with pytest.raises(Refused):
            remove_helper(actor_id=helper.pk, membership_id=helping.public_id, now=now)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_learns_that_the_helper_exists(
        self, request: pytest.FixtureRequest, helping: Membership, now: datetime, who: str
    ) -> None:
        outsider = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            remove_helper(actor_id=outsider.pk, membership_id=helping.public_id, now=now)

    def test_a_membership_that_ended_is_not_there(
        self, parent: User, helping: Membership, now: datetime
    ) -> None:
        remove_helper(actor_id=parent.pk, membership_id=helping.public_id, now=now)
        with pytest.raises(NotVisible):
            remove_helper(actor_id=parent.pk, membership_id=helping.public_id, now=now)


class TestWhoSeesAHousehold:
    def test_members_see_it_and_each_other(
        self, parent: User, co_parent: User, helper: User, former_member: User, household: Household
    ) -> None:
        for member in (parent, co_parent, helper):
            seen = list_members(actor_id=member.pk, household_id=household.public_id)
            assert [m.user for m in seen] == [parent, co_parent, helper]

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_others_see_nobody(self, request: pytest.FixtureRequest, household: Household, who: str) -> None:
        outsider = request.getfixturevalue(who)
        assert not list_members(actor_id=outsider.pk, household_id=household.public_id)
        assert not is_guardian(actor_id=outsider.pk, household_id=household.pk)
        assert household not in list_households(actor_id=outsider.pk)

    def test_guardian_is_a_role_of_parents(self, parent: User, helper: User, household: Household) -> None:
        assert is_guardian(actor_id=parent.pk, household_id=household.pk)
        assert not is_guardian(actor_id=helper.pk, household_id=household.pk)

    def test_ten_more_members_need_no_more_queries(
        self,
        parent: User,
        household: Household,
        child: Child,
        make_user: Callable[..., User],
        join: Callable[..., Membership],
        django_assert_num_queries: Callable[..., object],
    ) -> None:
        for number in range(10):
            join(make_user(f"m{number}"))
        with django_assert_num_queries(1):
            seen = list_members(actor_id=parent.pk, household_id=household.public_id)
            assert len([m.user.called for m in seen]) == 11

    def test_ten_more_households_need_no_more_queries(
        self,
        parent: User,
        household: Household,
        child: Child,
        now: datetime,
        django_assert_num_queries: Callable[..., object],
    ) -> None:
        for number in range(5):
            create_household(actor_id=parent.pk, name=f"Home {number}", timezone="UTC", now=now)
        with django_assert_num_queries(2):
            homes = list(list_memberships(actor_id=parent.pk))
            assert homes[0].household.active_children == [child]
