"""Two at the same moment: no bound is passed by one, and a second tap does nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections

from accounts.models import User
from common.errors import NotVisible
from households.models import Child, Household, Invitation, Membership
from households.rules import CHILDREN_MAX, HOUSEHOLDS_PER_PERSON_MAX, INVITATIONS_PER_DAY, MEMBERS_MAX, Role
from households.services import accept_invitation, add_child, create_household, invite_member

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite",
        reason="one connection for all threads: SQLite's test database is in memory",
    ),
    pytest.mark.usefixtures("transactional_db"),
]
TIMES = 5


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do all of them at the same moment; 'done' or what refused each."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            gate.wait()
            act()
        except (ValidationError, NotVisible) as error:
            return getattr(error, "code", None) or type(error).__name__
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.fixture
def invite(parent: User, household: Household, now: datetime) -> Callable[..., Callable[[], Any]]:
    """Invites somebody, by whom and where may be said; gives what they do to accept."""

    def put(guest: User, actor: User = parent, home: Household = household) -> Callable[[], Any]:
        _invitation, token = invite_member(
            actor_id=actor.pk, household_id=home.public_id, email=guest.email, role=Role.HELPER, now=now
        )
        return lambda: accept_invitation(actor_id=guest.pk, token=token, email=guest.email, now=now)

    return put


def found(actor: User, names: Sequence[str], now: datetime) -> list[Callable[[], Any]]:
    return [
        lambda name=name: create_household(actor_id=actor.pk, name=name, timezone="UTC", now=now)  # type: ignore[misc]
        for name in names
    ]


@pytest.mark.parametrize("attempt", range(TIMES))
class TestAtOnce:
    def test_the_last_place_of_a_household_is_taken_once(
        self,
        attempt: int,
        make_user: Callable[..., User],
        join: Callable[..., Membership],
        invite: Callable[..., Callable[[], Any]],
        household: Household,
    ) -> None:
        for number in range(MEMBERS_MAX - 2):
            join(make_user(f"m{number}"))
        accepts = [invite(make_user(f"guest{number}")) for number in range(3)]
        assert at_once(*accepts) == ["done", "too_many", "too_many"]
        assert Membership.objects.filter(household=household, left_at=None).count() == MEMBERS_MAX
        assert Invitation.objects.filter(accepted_at=None).count() == 2, "a refusal uses nothing up"

    def test_a_person_fills_their_last_place_once_by_whatever_way(
        self,
        attempt: int,
        make_user: Callable[..., User],
        stranger: User,
        invite: Callable[..., Callable[[], Any]],
        now: datetime,
    ) -> None:
        guest = make_user("guest")
        for act in found(guest, [f"Home {number}" for number in range(HOUSEHOLDS_PER_PERSON_MAX - 1)], now):
            act()
        elsewhere = Membership.objects.get(user=stranger).household
        ways = [invite(guest), invite(guest, stranger, elsewhere), *found(guest, ["One more"], now)]
        assert at_once(*ways) == ["done", "too_many", "too_many"]
        live = Membership.objects.filter(user=guest, left_at=None)
        assert live.count() == HOUSEHOLDS_PER_PERSON_MAX

    def test_founding_with_a_double_tap_founds_one(
        self, attempt: int, make_user: Callable[..., User], now: datetime
    ) -> None:
        founder = make_user("founder")
        assert at_once(*found(founder, ["The loft"] * 4, now)) == ["done"] * 4
        assert Household.objects.filter(name="The loft").count() == 1
        assert Membership.objects.filter(user=founder).count() == 1

    def test_accepting_with_a_double_tap_joins_once(
        self,
        attempt: int,
        make_user: Callable[..., User],
        invite: Callable[..., Callable[[], Any]],
        household: Household,
    ) -> None:
        guest = make_user("guest")
        accept = invite(guest)
        assert at_once(accept, accept, accept).count("done") == 1
        assert Membership.objects.filter(household=household, user=guest).count() == 1

    def test_the_last_invitation_of_a_day_is_sent_once(
        self, attempt: int, make_user: Callable[..., User], invite: Callable[..., Callable[[], Any]]
    ) -> None:
        guest = make_user("guest")
        for _number in range(INVITATIONS_PER_DAY - 1):
            invite(guest)
        assert at_once(*[lambda: invite(guest)] * 3) == ["done", "too_many", "too_many"]

    def test_the_last_child_is_added_once(
        self, attempt: int, parent: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        def add(actor: User, nickname: str) -> Callable[[], Any]:
            return lambda: add_child(
                actor_id=actor.pk,
                household_id=household.public_id,
                nickname=nickname,
                birth_month=date(2022, 5, 1),
                now=now,
            )

        for number in range(CHILDREN_MAX - 2):
            add(parent, f"Child {number}")()
        same = [add(parent, "Pip"), add(co_parent, "Pip")]
        assert at_once(*same) == ["ValidationError", "done"], "two chips never read the same"
        assert at_once(add(parent, "One"), add(co_parent, "Two")) == ["done", "too_many"]
        assert Child.objects.filter(household=household).count() == CHILDREN_MAX
