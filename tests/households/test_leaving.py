"""Leaving is alone and at once, and it takes one's words along; coming back shares none of them anew."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.selectors import is_blocked, list_blocked_senders
from common.errors import NotVisible
from households.models import Child, Household, Membership
from households.rules import DESERTED_KEPT, HOUSEHOLDS_PER_PERSON_MAX, Role
from households.selectors import list_deserted, list_members
from households.services import (
    accept_invitation,
    add_child,
    come_back,
    create_household,
    erase_deserted,
    invite_member,
    leave_household,
    remove_helper,
)
from observations.models import Observation
from observations.selectors import get_moment, list_moments
from observations.services import edit_moment
from reflections.selectors import list_reflections, list_thoughts
from reflections.services import compile_week, write_thought

LABEL = "2026-W47"
SHARED = {"visibility": "household"}


@pytest.fixture
def leave(household: Household, now: datetime) -> Callable[..., None]:
    def put(actor: User, **fields: object) -> None:
        leave_household(**{"actor_id": actor.pk, "household_id": household.public_id, "now": now, **fields})

    return put


@pytest.fixture
def invite_back(parent: User, household: Household, now: datetime) -> Callable[[User], Membership]:
    def put(guest: User) -> Membership:
        _invitation, token = invite_member(
            actor_id=parent.pk,
            household_id=household.public_id,
            email=guest.email,
            role=Role.GUARDIAN,
            now=now,
        )
        return accept_invitation(actor_id=guest.pk, token=token, email=guest.email, now=now)

    return put


def seen_by(reader: User) -> list[int]:
    return [row.pk for row in list_moments(actor_id=reader.pk).items]


class TestLeaveHousehold:
    def test_takes_what_the_leaver_had_shared_out_of_the_others_sight(
        self,
        parent: User,
        co_parent: User,
        leave: Callable[..., None],
        record: Callable[..., Observation],
    ) -> None:
        shared = record(co_parent, details=SHARED)
        assert seen_by(parent) == [shared.pk]
        leave(co_parent)
        assert seen_by(parent) == []
        with pytest.raises(NotVisible):
            get_moment(actor_id=parent.pk, moment_id=shared.public_id)

    def test_leaves_the_others_own_moments_where_they_are(
        self,
        parent: User,
        co_parent: User,
        leave: Callable[..., None],
        record: Callable[..., Observation],
    ) -> None:
        own = record(parent, details=SHARED)
        leave(co_parent)
        assert seen_by(parent) == [own.pk]
        assert seen_by(co_parent) == []

    def test_of_one_household_hides_nothing_in_another(
        self,
        parent: User,
        co_parent: User,
        leave: Callable[..., None],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        elsewhere = create_household(
            actor_id=co_parent.pk, name="Elsewhere", timezone="Europe/Lisbon", now=now
        )
        shared = record(co_parent, details=SHARED)
        leave(co_parent, household_id=elsewhere.public_id)
        assert seen_by(parent) == [shared.pk]

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_whoever_lives_elsewhere_leaves_nothing(
        self, request: pytest.FixtureRequest, leave: Callable[..., None], who: str
    ) -> None:
        with pytest.raises(NotVisible):
            leave(request.getfixturevalue(who))


class TestLeavingAndBlocking:
    def test_the_named_one_can_write_no_more(
        self,
        parent: User,
        co_parent: User,
        helper: User,
        household: Household,
        leave: Callable[..., None],
    ) -> None:
        shown = list_members(actor_id=co_parent.pk, household_id=household.public_id)
        leave(co_parent, block=[shown.get(user=parent).public_id])
        assert is_blocked(email=co_parent.email, sender_id=parent.pk)
        assert not is_blocked(email=co_parent.email, sender_id=helper.pk)

    def test_the_list_tells_the_name_of_the_page_and_no_address(
        self, parent: User, co_parent: User, household: Household, leave: Callable[..., None]
    ) -> None:
        leave(co_parent, block=[Membership.objects.get(user=parent).public_id])
        (kept,) = list_blocked_senders(actor_id=co_parent.pk)
        assert kept.known_as == "Alice"

    @pytest.mark.parametrize("whose", ["nobody's", "a stranger's", "a former member's", "one's own"])
    def test_nobody_else_can_be_named(
        self,
        parent: User,
        co_parent: User,
        stranger: User,
        former_member: User,
        leave: Callable[..., None],
        whose: str,
    ) -> None:
        people = {"a stranger's": stranger, "a former member's": former_member, "one's own": co_parent}
        named = uuid.uuid4() if whose == "nobody's" else Membership.objects.get(user=people[whose]).public_id
        with pytest.raises(NotVisible):
            leave(co_parent, block=[Membership.objects.get(user=parent).public_id, named])
        assert not is_blocked(email=co_parent.email, sender_id=parent.pk)
        assert Membership.objects.get(user=co_parent).left_at is None, "all of it or nothing"


class TestComingBackByInvitation:
    def test_shares_nothing_of_before(
        self,
        parent: User,
        co_parent: User,
        leave: Callable[..., None],
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        before = record(co_parent, details={**SHARED, "note": "Mine"})
        theirs = record(parent, details=SHARED)
        leave(co_parent)
        invite_back(co_parent)
        assert seen_by(parent) == [theirs.pk]
        assert sorted(seen_by(co_parent)) == sorted([before.pk, theirs.pk]), "it is theirs again, once"
        edit_moment(actor_id=co_parent.pk, moment_id=before.public_id, details={"note": "A comma"}, now=now)
        assert seen_by(parent) == [theirs.pk]
        edit_moment(actor_id=co_parent.pk, moment_id=before.public_id, details=SHARED, now=now)
        assert sorted(seen_by(parent)) == sorted([before.pk, theirs.pk]), "by an act of their own"

    def test_shares_nothing_after_having_been_removed_either(
        self,
        parent: User,
        helper: User,
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        record(helper, details=SHARED)
        membership = Membership.objects.get(user=helper)
        remove_helper(actor_id=parent.pk, membership_id=membership.public_id, now=now)
        invite_back(helper)
        assert seen_by(parent) == []

    def test_an_older_copy_of_it_is_out_of_date(
        self,
        co_parent: User,
        leave: Callable[..., None],
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
    ) -> None:
        moment = record(co_parent, details=SHARED)
        revision = moment.revision
        leave(co_parent)
        invite_back(co_parent)
        moment.refresh_from_db()
        assert (moment.revision, moment.visibility) == (revision + 1, "private")

    def test_what_others_shared_is_untouched(
        self,
        parent: User,
        co_parent: User,
        leave: Callable[..., None],
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
    ) -> None:
        theirs = record(parent, details=SHARED)
        was = Observation.objects.values().get(pk=theirs.pk)
        leave(co_parent)
        invite_back(co_parent)
        assert Observation.objects.values().get(pk=theirs.pk) == was

    def test_weeks_and_thoughts_are_theirs_again_and_theirs_alone(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        leave: Callable[..., None],
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        for author in (parent, co_parent):
            record(author, details=SHARED)
        compile_week(household_ids=[household.pk], label=LABEL, now=now)
        write_thought(actor_id=co_parent.pk, label=LABEL, text="Hm.", visibility="household", now=now)
        assert len(list_thoughts(actor_id=parent.pk, label=LABEL)) == 1
        leave(co_parent)
        invite_back(co_parent)
        assert [week.label for week in list_reflections(actor_id=co_parent.pk).items] == [LABEL]
        assert [thought.text for thought in list_thoughts(actor_id=co_parent.pk, label=LABEL)] == ["Hm."]
        assert not list_thoughts(actor_id=parent.pk, label=LABEL)

    def test_twice_works_as_well(
        self,
        co_parent: User,
        household: Household,
        leave: Callable[..., None],
        invite_back: Callable[[User], Membership],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        record(co_parent)
        for text in ("First", "Second"):
            compile_week(household_ids=[household.pk], label=LABEL, now=now)
            write_thought(actor_id=co_parent.pk, label=LABEL, text=text, now=now)
            leave(co_parent)
            invite_back(co_parent)
        texts = {thought.text for thought in list_thoughts(actor_id=co_parent.pk, label=LABEL)}
        assert texts == {"First", "Second"}


class TestADesertedHousehold:
    def test_opens_again_for_whoever_left_last(
        self,
        parent: User,
        co_parent: User,
        child: Child,
        household: Household,
        leave: Callable[..., None],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        own, others = record(parent), record(co_parent, details=SHARED)
        leave(co_parent)
        assert not list_deserted(actor_id=co_parent.pk)
        leave(parent, now=now + timedelta(minutes=1))
        assert list(list_deserted(actor_id=parent.pk)) == [household]
        assert not list_deserted(actor_id=co_parent.pk), "somebody else was here after them"
        with pytest.raises(NotVisible):
            come_back(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        membership = come_back(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert membership.role == Role.GUARDIAN
        assert seen_by(parent) == [own.pk]
        assert others.pk not in seen_by(parent)
        assert not list_deserted(actor_id=parent.pk)

    def test_stays_closed_while_somebody_lives_there(
        self, parent: User, co_parent: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(co_parent)
        for actor in (co_parent, parent):
            with pytest.raises(NotVisible):
                come_back(actor_id=actor.pk, household_id=household.public_id, now=now)

    def test_is_nothing_to_a_stranger(
        self, parent: User, stranger: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(parent)
        assert not list_deserted(actor_id=stranger.pk)
        with pytest.raises(NotVisible):
            come_back(actor_id=stranger.pk, household_id=household.public_id, now=now)

    def test_is_no_way_round_the_bound(
        self, parent: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(parent)
        for number in range(HOUSEHOLDS_PER_PERSON_MAX):
            create_household(actor_id=parent.pk, name=f"Home {number}", timezone="UTC", now=now)
        with pytest.raises(ValidationError):
            come_back(actor_id=parent.pk, household_id=household.public_id, now=now)

    def test_is_erased_a_week_later_with_its_children(
        self, parent: User, child: Child, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(parent)
        assert erase_deserted(now=now + DESERTED_KEPT) == 0
        assert erase_deserted(now=now + DESERTED_KEPT + timedelta(seconds=1)) == 1
        assert not Household.objects.exists()
        assert not Child.objects.exists()

    def test_stays_as_long_as_it_holds_anybodys_words(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        leave: Callable[..., None],
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        record(co_parent)
        leave(co_parent)
        leave(parent)
        assert erase_deserted(now=now + timedelta(days=400)) == 0
        assert Observation.objects.filter(author=co_parent).exists()

    def test_one_that_somebody_lives_in_is_never_erased(
        self, parent: User, co_parent: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(co_parent)
        assert erase_deserted(now=now + timedelta(days=400)) == 0

    def test_the_week_begins_when_the_last_one_leaves(
        self, parent: User, co_parent: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(co_parent)
        leave(parent, now=now + timedelta(days=5))
        assert erase_deserted(now=now + timedelta(days=8)) == 0
        assert erase_deserted(now=now + timedelta(days=13)) == 1

    def test_a_child_of_it_can_be_added_again_after_coming_back(
        self, parent: User, household: Household, leave: Callable[..., None], now: datetime
    ) -> None:
        leave(parent)
        come_back(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname="Pip",
            birth_month=date(2022, 5, 1),
            now=now,
        )
