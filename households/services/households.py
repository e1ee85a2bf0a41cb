"""Founding and changing a household, and moving in."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common.dates import is_zone
from common.estates import list_estates
from common.text import required_text
from households.models import Household, Membership
from households.rules import (
    FOUNDED_ONCE_WITHIN,
    HOUSEHOLD_NAME_MAX,
    HOUSEHOLDS_PER_PERSON_MAX,
    Role,
)
from households.scope import Capability
from households.selectors import get_household, list_households


@transaction.atomic
def create_household(
    *, actor_id: int, name: str, timezone: str, week_starts_on: int = 0, now: datetime
) -> Household:
    """A new household with the actor as its first guardian; the same name twice within a minute founds one.

    Raises:
        ValidationError: on `name`, `timezone` or `week_starts_on`, or when the actor has too many households.
    """
    called = required_text(name, field="name", max_length=HOUSEHOLD_NAME_MAX)
    # A second tap may arrive beside the first: whoever holds the person's row founds, and the other one finds.
    get_user(user_id=actor_id, for_update=True)
    own = list_households(actor_id=actor_id)
    just_founded = own.filter(name=called, created_at__range=(now - FOUNDED_ONCE_WITHIN, now)).first()
    if just_founded is not None:
        return just_founded
    room_for_one_more(user_id=actor_id)
    household = new_household(name=called, timezone=timezone, week_starts_on=week_starts_on, now=now)
    move_in(household=household, user_id=actor_id, role=Role.GUARDIAN, now=now)
    return household


@transaction.atomic
def edit_household(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    name: str | None = None,
    timezone: str | None = None,
    week_starts_on: int | None = None,
    now: datetime,
) -> Household:
    """Change what is given, keep the rest. Past weeks keep the zone they were stored with.

    Raises:
        NotVisible, Refused: not a member; not a guardian. ValidationError: on the field.
    """
    household = get_household(actor_id=actor_id, household_id=household_id, capability=Capability.MANAGE)
    if name is not None:
        household.name = required_text(name, field="name", max_length=HOUSEHOLD_NAME_MAX)
    if timezone is not None:
        household.timezone = _checked_zone(timezone)
    if week_starts_on is not None:
        household.week_starts_on = _checked_weekday(week_starts_on)
    household.changed_at = now
    household.save()
    return household


def new_household(*, name: str, timezone: str, week_starts_on: int, now: datetime) -> Household:
    """A household in which nobody lives yet; the caller's use case moves somebody in.

    Raises:
        ValidationError: on `name`, `timezone` or `week_starts_on`.
    """
    return Household.objects.create(
        name=required_text(name, field="name", max_length=HOUSEHOLD_NAME_MAX),
        timezone=_checked_zone(timezone),
        week_starts_on=_checked_weekday(week_starts_on),
        created_at=now,
        changed_at=now,
    )


def room_for_one_more(*, user_id: int) -> None:
    """Pass if the person can be in one more household. The caller holds the person's row.

    Raises:
        ValidationError: they are in as many as they can be.
    """
    if Membership.objects.filter(user_id=user_id, left_at__isnull=True).count() >= HOUSEHOLDS_PER_PERSON_MAX:
        raise ValidationError(_("You belong to as many households as Attune can show."), code="too_many")


def move_in(*, household: Household, user_id: int, role: str, now: datetime) -> Membership:
    """A membership from now on. The caller has decided, and holds the rows of the person and of the household.

    Whoever lived here before comes back with everything of theirs private: what they had shared then is shared again by
    an act of their own, or not at all.
    """
    lived_here = Membership.objects.filter(household=household, user_id=user_id).exists()
    membership = Membership.objects.create(household=household, user_id=user_id, role=role, joined_at=now)
    if lived_here:
        for estate in list_estates():
            estate.come_back(user_id, household_id=household.pk, now=now)
    return membership


def _checked_zone(timezone: str) -> str:
    if not is_zone(timezone):
        raise ValidationError(
            {"timezone": ValidationError(_("Please choose a time zone from the list."), "zone")}
        )
    return timezone


def _checked_weekday(day: int) -> int:
    if not 0 <= day <= 6:
        raise ValidationError(
            {"week_starts_on": ValidationError(_("Please choose a day of the week."), "weekday")}
        )
    return day
