"""Keeping a list in order: putting somebody off with a reason, and suggesting a colleague."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from coaching.models import HandOver, Snooze
from coaching.rules import SNOOZE_DAYS, SNOOZE_REASON_MAX
from coaching.selectors import list_hand_overs
from common.dates import local_day
from common.errors import NotVisible
from common.text import required_text
from households.selectors import get_given_grant
from households.services import checked_address


@transaction.atomic
def snooze(*, actor_id: int, grant_id: uuid.UUID, days: int, reason: str, now: datetime) -> Snooze:
    """Put the author of this grant off for so many days of theirs. A reason is asked for so that nobody is forgotten.

    What an author asks for comes through all the same.

    Raises:
        NotVisible: no such live grant to the actor. ValidationError: on `days` or `reason`.
    """
    get_user(user_id=actor_id, for_update=True)
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    if days not in SNOOZE_DAYS:
        raise ValidationError({"days": ValidationError(_("Please choose how long."), "choice")})
    cleaned = required_text(reason, field="reason", max_length=SNOOZE_REASON_MAX)
    place = {"household_id": grant.household_id, "author_id": grant.author_id, "coach_id": actor_id}
    Snooze.objects.filter(**place).delete()
    row = Snooze(**place, until_on=local_day(now, grant.household.timezone) + timedelta(days=days))
    row.reason = cleaned
    row.save()
    return row


@transaction.atomic
def wake(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """Put them off no longer.

    Raises:
        NotVisible: no such live grant to the actor.
    """
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    Snooze.objects.filter(
        household_id=grant.household_id, author_id=grant.author_id, coach_id=actor_id
    ).delete()


@transaction.atomic
def suggest_colleague(*, actor_id: int, grant_id: uuid.UUID, colleague_email: str, now: datetime) -> HandOver:
    """Suggest to the author of this grant to go on with a colleague of the actor's. Nothing is given by it.

    The author decides, as with every coach, and the actor is told nothing of what they decide: whom else an author lets
    in is the author's alone to know. A new suggestion takes the place of one that waits.

    Raises:
        NotVisible: no such live grant to the actor. ValidationError: on `colleague_email`.
    """
    person = get_user(user_id=actor_id, for_update=True)
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    address = checked_address(colleague_email, field="colleague_email")
    if address in {person.email.lower(), grant.coach_email.lower()}:
        message = _("That is your own address.")
        raise ValidationError({"colleague_email": ValidationError(message, "own")})
    place = {"household_id": grant.household_id, "author_id": grant.author_id, "coach_id": actor_id}
    HandOver.objects.filter(**place, answered_at__isnull=True).delete()
    return HandOver.objects.create(**place, colleague_email=address, asked_at=now)


@transaction.atomic
def answer_hand_over(
    *, actor_id: int, household_id: uuid.UUID, hand_over_id: uuid.UUID, now: datetime
) -> str:
    """The actor has decided about a suggestion; gives the colleague's address, for whoever wants to let them in.

    Raises:
        NotVisible: no such open suggestion to the actor.
    """
    for row in list_hand_overs(actor_id=actor_id, household_id=household_id, now=now):
        if row.public_id == hand_over_id:
            HandOver.objects.filter(pk=row.pk, answered_at__isnull=True).update(answered_at=now)
            return row.colleague_email
    raise NotVisible("hand-over")
