"""Leaving a household, coming back, and what becomes of one in which nobody lives any more."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.selectors import get_user, get_verified_address
from accounts.services import block_sender
from common import ledger
from common.errors import NotVisible, Refused
from common.estates import list_estates
from households.models import Household, Invitation, Membership
from households.rules import DESERTED_KEPT, Noted, Role
from households.scope import Capability, member_of
from households.selectors import (
    get_household,
    hold_household,
    list_deserted,
    list_long_deserted,
    list_members,
    require,
)
from households.services.grants import withdraw_grants_of
from households.services.households import move_in, room_for_one_more


@transaction.atomic
def leave_household(
    *, actor_id: int, household_id: uuid.UUID, block: Collection[uuid.UUID] = (), now: datetime
) -> None:
    """The actor leaves alone, at once, asking nobody. Their invitations and grants end with the door behind them.

    *block* names memberships of others here whose people can write to the actor no more; they are not told.

    Raises:
        NotVisible: the actor is no member, or *block* names somebody who is none.
    """
    # Held first, as by everybody who writes: no moment is noted here while its author leaves.
    get_user(user_id=actor_id, for_update=True)
    household = get_household(actor_id=actor_id, household_id=household_id)
    _block(household, actor_id=actor_id, block=block, now=now)
    end_membership(Membership.objects.get(user_id=actor_id, household=household, left_at__isnull=True), now)


@transaction.atomic
def remove_helper(*, actor_id: int, membership_id: uuid.UUID, now: datetime) -> None:
    """A guardian ends a helper's membership. Guardians are equals: nobody ends another guardian's.

    Raises:
        NotVisible: no such live membership in a household of the actor's.
        Refused: the actor is no guardian, or the membership is a guardian's.
    """
    found = Membership.objects.filter(
        member_of(actor_id), public_id=membership_id, left_at__isnull=True, user__erase_at__isnull=True
    ).first()
    if found is None:
        raise NotVisible("membership")
    require(actor_id=actor_id, household_id=found.household_id, capability=Capability.MANAGE)
    if found.role != Role.HELPER:
        raise Refused("a guardian leaves alone")
    end_membership(found, now)


@transaction.atomic
def come_back(*, actor_id: int, household_id: uuid.UUID, now: datetime) -> Membership:
    """Whoever left last opens the door again while nobody lives there, as what they were.

    Raises:
        NotVisible: somebody lives there, somebody else left last, or there is no such household any more.
        ValidationError: the actor is in as many households as they can be.
    """
    get_user(user_id=actor_id, for_update=True)
    household = list_deserted(actor_id=actor_id).filter(public_id=household_id).first()
    if household is None:
        raise NotVisible("household")
    hold_household(household_id=household.pk)
    room_for_one_more(user_id=actor_id)
    latest = Membership.objects.filter(household=household, user_id=actor_id).latest("left_at", "id")
    return move_in(household=household, user_id=actor_id, role=latest.role, now=now)


def end_membership(membership: Membership, now: datetime) -> None:
    """It ends, with the grants and the invitations of its person, and stays ended whatever backup is restored."""
    ended = Membership.objects.filter(pk=membership.pk, left_at__isnull=True).update(left_at=now)
    withdraw_grants_of(person_id=membership.user_id, household_pk=membership.household_id, now=now)
    Invitation.objects.filter(
        invited_by_id=membership.user_id,
        household_id=membership.household_id,
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
    ).update(withdrawn_at=now)
    if ended:
        for estate in list_estates():
            estate.refresh_presence(membership.user_id, now)
        ledger.note(Noted.MEMBERSHIP_ENDED, membership.public_id, now)


def erase_deserted(*, now: datetime) -> int:
    """Destroy households that everybody left a week ago and in which nobody's words are; how many. For the schedule.

    Where somebody left words behind the household stays with them: they are their author's, who can take them along or
    erase them with the account, and nobody else's leaving takes them away.
    """
    return sum(_erase_if_deserted(key) for key in list_long_deserted(before=now - DESERTED_KEPT))


@transaction.atomic
def _erase_if_deserted(household_id: int) -> bool:
    try:
        household = hold_household(household_id=household_id)
    except NotVisible:
        return False
    is_home = Membership.objects.filter(household=household, left_at__isnull=True).exists()
    if is_home or any(estate.holds_words(household_id) for estate in list_estates()):
        return False
    household.delete()
    return True


def _block(household: Household, *, actor_id: int, block: Collection[uuid.UUID], now: datetime) -> None:
    """Each of these is known to the actor as the pages called them."""
    wanted, address = set(block), get_verified_address(user_id=actor_id)
    others = list_members(actor_id=actor_id, household_id=household.public_id).exclude(user_id=actor_id)
    found = [member for member in others if member.public_id in wanted]
    if len(found) < len(wanted):
        raise NotVisible("membership")
    for member in found:
        block_sender(email=address, sender_id=member.user_id, known_as=member.user.called, now=now)
