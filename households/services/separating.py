"""Separating: one parent moves out with everything of their own, asking nobody."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.selectors import get_user
from common.errors import NotVisible
from common.estates import list_estates
from households.models import Child, Grant, Household, Membership
from households.rules import Role
from households.scope import Capability
from households.selectors import get_household, get_membership, hold_household
from households.services.belonging import end_membership
from households.services.grants import withdraw_grant
from households.services.households import new_household


@transaction.atomic
def separate_household(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    name: str,
    timezone: str,
    child_ids: Collection[uuid.UUID],
    now: datetime,
) -> Household:
    """A new household with the actor as its only guardian, and all that is the actor's own in it. Nobody is asked.

    Each of these children is copied; one whom the actor wrote about and did not name comes along put away, so that no
    moment is lost. From the same second the actor sees nothing of the old household, and those in it nothing of the
    actor's; what they wrote stays as it was. Grants go along, for their coaches were let in by the actor; to somebody
    who lives in the old household none does. All of it happens, or nothing.

    Raises:
        NotVisible: the actor is no member, or one of these children is not of the household.
        Refused: the actor is no guardian. ValidationError: on `name` or `timezone`.
    """
    # The person, then the household, as everywhere: a moment noted at this second is written before or after.
    get_user(user_id=actor_id, for_update=True)
    old = get_household(actor_id=actor_id, household_id=household_id, capability=Capability.MANAGE)
    hold_household(household_id=old.pk)
    membership = get_membership(actor_id=actor_id, household_id=household_id)
    chosen = _checked_children(old, child_ids)
    new = new_household(name=name, timezone=timezone, week_starts_on=old.week_starts_on, now=now)
    # As long as in the old one: the weeks they lived through stay whole.
    Membership.objects.create(
        household=new, user_id=actor_id, role=Role.GUARDIAN, joined_at=membership.joined_at
    )
    _let_go_of_neighbours(old, actor_id=actor_id, now=now)
    _move(actor_id, old, new, chosen=chosen, now=now)
    end_membership(membership, now)
    return new


def _checked_children(household: Household, child_ids: Collection[uuid.UUID]) -> set[int]:
    wanted = set(child_ids)
    found = set(Child.objects.filter(household=household, public_id__in=wanted).values_list("pk", flat=True))
    if len(found) < len(wanted):
        raise NotVisible("child")
    return found


def _let_go_of_neighbours(household: Household, *, actor_id: int, now: datetime) -> None:
    """End the actor's grants to people of this household: they opened nothing while both lived here."""
    here = Membership.objects.filter(household=household, left_at__isnull=True).exclude(user_id=actor_id)
    to_them = Q(coach_id__in=here.values("user_id")) | Q(coach_email__in=here.values("user__email"))
    _withdraw(Grant.objects.filter(to_them, household=household, author_id=actor_id), actor_id, now)


def _move(actor_id: int, old: Household, new: Household, *, chosen: set[int], now: datetime) -> None:
    estates = list_estates()
    written_about = (estate.children_of(actor_id, household_id=old.pk) for estate in estates)
    children = _copy_children(chosen.union(*written_about), new, chosen=chosen, now=now)
    for estate in estates:
        estate.move(actor_id, source_id=old.pk, target_id=new.pk, children=children)
    # A coach who was let in for a child that stays behind sees nobody now.
    _withdraw(Grant.objects.filter(household=new, author_id=actor_id, children__isnull=True), actor_id, now)


def _copy_children(
    keys: Iterable[int], new: Household, *, chosen: set[int], now: datetime
) -> Mapping[int, int]:
    """Copies of these children in the new household, by the keys of what they were copied from."""
    originals = Child.objects.filter(pk__in=keys).order_by("pk")
    return {child.pk: _copy(child, new, is_chosen=child.pk in chosen, now=now).pk for child in originals}


def _copy(child: Child, new: Household, *, is_chosen: bool, now: datetime) -> Child:
    return Child.objects.create(
        household=new,
        nickname=child.nickname,
        birth_month=child.birth_month,
        colour=child.colour,
        emoji=child.emoji,
        created_at=child.created_at,
        archived_at=child.archived_at if is_chosen else child.archived_at or now,
        copied_from=child.public_id,
    )


def _withdraw(grants: Iterable[Grant], actor_id: int, now: datetime) -> None:
    for grant in grants:
        if grant.withdrawn_at is None:
            withdraw_grant(actor_id=actor_id, grant_id=grant.public_id, now=now)
