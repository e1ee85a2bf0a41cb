"""Founding, changing and leaving a household."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common import ledger
from common.dates import is_zone
from common.errors import NotVisible, Refused
from common.text import required_text
from households.models import Household, Invitation, Membership
from households.rules import (
    FOUNDED_ONCE_WITHIN,
    HOUSEHOLD_NAME_MAX,
    HOUSEHOLDS_PER_PERSON_MAX,
    Noted,
    Role,
)
from households.scope import Capability, member_of
from households.selectors import get_household, list_households, require
from households.services.grants import withdraw_grants_of


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
    if own.count() >= HOUSEHOLDS_PER_PERSON_MAX:
        raise ValidationError(_("You belong to as many households as Attune can show."), code="too_many")
    household = Household.objects.create(
        name=called,
        timezone=_checked_zone(timezone),
        week_starts_on=_checked_weekday(week_starts_on),
        created_at=now,
        changed_at=now,
    )
    Membership.objects.create(household=household, user_id=actor_id, role=Role.GUARDIAN, joined_at=now)
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


@transaction.atomic
def leave_household(*, actor_id: int, household_id: uuid.UUID, now: datetime) -> None:
    """The actor leaves alone, at once, asking nobody. Their invitations and grants end with the door behind them.

    Raises:
        NotVisible: the actor is no member.
    """
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .filter(user_id=actor_id, household__public_id=household_id, left_at__isnull=True)
        .first()
    )
    if membership is None:
        raise NotVisible("household")
    _end(membership, now)
    Invitation.objects.filter(
        invited_by_id=actor_id,
        household_id=membership.household_id,
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
    ).update(withdrawn_at=now)


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
    _end(found, now)


def _end(membership: Membership, now: datetime) -> None:
    """It and every grant of its person end; both stay ended, whatever backup is restored."""
    ended = Membership.objects.filter(pk=membership.pk, left_at__isnull=True).update(left_at=now)
    withdraw_grants_of(author_id=membership.user_id, household_pk=membership.household_id, now=now)
    if ended:
        ledger.note(Noted.MEMBERSHIP_ENDED, membership.public_id, now)


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
