"""What a person asks to be reminded of, and a rest from all of it."""

from __future__ import annotations

from datetime import datetime, time
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common.dates import local_day
from reminders.models import Prompt, ReminderChoices
from reminders.rules import (
    EVENING_FIRST,
    EVENING_LAST,
    HOURS_FIRST,
    HOURS_LAST,
    HOURS_SHORTEST,
    REST,
    State,
    minutes_left,
)


class Wishes(TypedDict):
    """All that can be asked for; None is "not that"."""

    evening_at: time | None
    moment_from: time | None
    moment_until: time | None
    week_ready: bool
    something_new: bool
    quiet_from: time | None
    quiet_until: time | None


@transaction.atomic
def choose_reminders(*, actor_id: int, wishes: Wishes) -> ReminderChoices:
    """Store the actor's wishes. They count from now on, in full: whoever had been asked less often starts anew.

    Raises:
        ValidationError: on the field. NotVisible: the account is closed.
    """
    get_user(user_id=actor_id, for_update=True)
    _check(wishes)
    choices, _made = ReminderChoices.objects.update_or_create(
        user_id=actor_id, defaults={**wishes, "ignored": 0}
    )
    # What was planned under other wishes is planned anew; what was sent today was today's.
    Prompt.objects.filter(user_id=actor_id, state=State.PLANNED, attempts=0, snoozes=0).delete()
    return choices


def _check(wishes: Wishes) -> None:
    moment = _hours(wishes["moment_from"], wishes["moment_until"], "moment_until")
    quiet = _hours(wishes["quiet_from"], wishes["quiet_until"], "quiet_until")
    evening = wishes["evening_at"]
    if evening is not None and not EVENING_FIRST <= evening <= EVENING_LAST:
        raise _refusal("evening_at", _("Please choose one of these times."))
    if evening is not None and quiet is not None and quiet[0] <= evening < quiet[1]:
        raise _refusal("evening_at", _("This lies in the hours that you keep free."))
    if moment is None:
        return
    if not HOURS_FIRST <= moment[0] < moment[1] <= HOURS_LAST:
        raise _refusal("moment_until", _("Please choose from these times."))
    if minutes_left(moment, quiet) * 60 < HOURS_SHORTEST.total_seconds():
        raise _refusal(
            "moment_until", _("Please leave at least an hour, besides the hours that you keep free.")
        )


def _hours(since: time | None, until: time | None, field: str) -> tuple[time, time] | None:
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise _refusal(field, _("Please choose both times, or neither."))
    if since >= until:
        raise _refusal(field, _("This has to be later than the first time."))
    return since, until


def _refusal(field: str, message: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, "choice")})


@transaction.atomic
def take_rest(*, actor_id: int, now: datetime) -> ReminderChoices:
    """Nothing comes for a month, and nothing that waits does either.

    Raises:
        NotVisible: the account is closed.
    """
    user = get_user(user_id=actor_id, for_update=True)
    until = local_day(now, user.timezone) + REST
    choices, _made = ReminderChoices.objects.update_or_create(
        user_id=actor_id, defaults={"resting_until": until}
    )
    Prompt.objects.filter(user_id=actor_id, state=State.PLANNED).update(state=State.DROPPED, code="rests")
    return choices


@transaction.atomic
def go_on(*, actor_id: int) -> None:
    """The rest is over, and so is being asked less often."""
    ReminderChoices.objects.filter(user_id=actor_id).update(resting_until=None, ignored=0)
