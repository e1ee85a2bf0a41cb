"""The children of a household: nickname, birth month, a colour or an emoji, and no more."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from common.estates import list_estates
from common.text import clean_text, required_text
from households.models import Child, Household
from households.rules import (
    BIRTH_MONTHS_AHEAD_MAX,
    CHILD_AGE_YEARS_MAX,
    CHILDREN_MAX,
    COLOURS,
    EMOJI_MAX,
    NICKNAME_MAX,
    months_between,
)
from households.scope import Capability
from households.selectors import get_child, get_household, hold_household


@transaction.atomic
def add_child(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    nickname: str,
    birth_month: date,
    colour: str = "",
    emoji: str = "",
    now: datetime,
) -> Child:
    """A new child in the household. Without a *colour* the next unused one is taken.

    Raises:
        NotVisible, Refused: not a member; not a guardian.
        ValidationError: on `nickname`, `birth_month`, `colour` or `emoji`, or too many children.
    """
    household = get_household(actor_id=actor_id, household_id=household_id, capability=Capability.MANAGE)
    active = _room_for_one_more(household)
    return Child.objects.create(
        household=household,
        nickname=_free_nickname(household, nickname),
        birth_month=_checked_birth_month(birth_month, now),
        colour=_checked_colour(colour or COLOURS[active % len(COLOURS)]),
        emoji=clean_text(emoji, field="emoji", max_length=EMOJI_MAX),
        created_at=now,
    )


@transaction.atomic
def edit_child(
    *,
    actor_id: int,
    child_id: uuid.UUID,
    household_id: uuid.UUID | None = None,
    nickname: str | None = None,
    birth_month: date | None = None,
    colour: str | None = None,
    emoji: str | None = None,
    now: datetime,
) -> Child:
    """Change what is given, keep the rest.

    Raises:
        NotVisible, Refused: not a member; not a guardian. ValidationError: on the field.
    """
    child = get_child(
        actor_id=actor_id, child_id=child_id, household_id=household_id, capability=Capability.MANAGE
    )
    if nickname is not None:
        child.nickname = _free_nickname(child.household, nickname, except_id=child.pk)
    if birth_month is not None:
        child.birth_month = _checked_birth_month(birth_month, now)
    if colour is not None:
        child.colour = _checked_colour(colour)
    if emoji is not None:
        child.emoji = clean_text(emoji, field="emoji", max_length=EMOJI_MAX)
    child.save()
    return child


@transaction.atomic
def archive_child(
    *, actor_id: int, child_id: uuid.UUID, household_id: uuid.UUID | None = None, now: datetime
) -> Child:
    """Take a child out of the pickers. Every moment stays; links to what was written of them end for good.

    Raises:
        NotVisible, Refused: not a member; not a guardian.
    """
    child = get_child(
        actor_id=actor_id, child_id=child_id, household_id=household_id, capability=Capability.MANAGE
    )
    if child.archived_at is None:
        child.archived_at = now
        child.save(update_fields=["archived_at"])
        for estate in list_estates():
            estate.put_away(child.pk, now)
    return child


@transaction.atomic
def restore_child(*, actor_id: int, child_id: uuid.UUID, household_id: uuid.UUID | None = None) -> Child:
    """Put an archived child back into the pickers.

    Raises:
        NotVisible, Refused: not a member; not a guardian.
        ValidationError: the nickname is taken by now, or there are too many children.
    """
    child = get_child(
        actor_id=actor_id, child_id=child_id, household_id=household_id, capability=Capability.MANAGE
    )
    if child.archived_at is None:
        return child
    _room_for_one_more(child.household)
    _free_nickname(child.household, child.nickname)
    child.archived_at = None
    child.save(update_fields=["archived_at"])
    return child


def _room_for_one_more(household: Household) -> int:
    """How many children are in the pickers, if another one fits; nobody else adds one before this one is in."""
    hold_household(household_id=household.pk)
    active = Child.objects.filter(household=household, archived_at__isnull=True).count()
    if active >= CHILDREN_MAX:
        raise ValidationError(_("This household has as many children as Attune can show."), code="too_many")
    return active


def _free_nickname(household: Household, nickname: str, *, except_id: int | None = None) -> str:
    """The cleaned nickname, if no other active child is called that: two chips must not read the same."""
    cleaned = required_text(nickname, field="nickname", max_length=NICKNAME_MAX)
    twins = Child.objects.filter(household=household, archived_at__isnull=True, nickname__iexact=cleaned)
    if (twins if except_id is None else twins.exclude(pk=except_id)).exists():
        raise ValidationError(
            {"nickname": ValidationError(_("Another child here is already called that."), "taken")}
        )
    return cleaned


def _checked_birth_month(birth_month: date, now: datetime) -> date:
    first = birth_month.replace(day=1)
    months_ahead = months_between(now.date(), first)
    if months_ahead > BIRTH_MONTHS_AHEAD_MAX or months_ahead < -12 * CHILD_AGE_YEARS_MAX:
        raise ValidationError(
            {"birth_month": ValidationError(_("Please check the year: this month cannot be right."), "range")}
        )
    return first


def _checked_colour(colour: str) -> str:
    if colour not in COLOURS:
        raise ValidationError({"colour": ValidationError(_("Please choose one of the colours."), "choice")})
    return colour
