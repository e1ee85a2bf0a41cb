"""A coach suggests a practice; an author accepts it as it is or changed, declines it, or stops. Nothing is owed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from checklists.selectors import get_content
from coaching.models import Focus, FocusAnswer
from coaching.rules import FOCUS_WEEKS, Answer, Tried
from coaching.selectors import find_current_focus, get_focus_of
from common.dates import local_day
from common.errors import Conflict, NotVisible
from households.scope import Capability
from households.selectors import get_given_grant
from observations.selectors import get_moment


@transaction.atomic
def suggest_focus(*, actor_id: int, grant_id: uuid.UUID, practice: str, weeks: int, now: datetime) -> Focus:
    """Suggest to the author of this grant to try a practice for one to four weeks.

    A new suggestion takes the place of one of the actor's that waits for an answer.

    Raises:
        NotVisible: no such live grant to the actor. ValidationError: on `practice` or `weeks`.
    """
    get_user(user_id=actor_id, for_update=True)
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    _check(practice, weeks)
    place = {"household_id": grant.household_id, "author_id": grant.author_id, "coach_id": actor_id}
    Focus.objects.filter(**place, answer=Answer.WAITING).delete()
    return Focus.objects.create(**place, practice=practice, weeks=weeks, suggested_at=now)


@transaction.atomic
def accept_focus(
    *,
    actor_id: int,
    focus_id: uuid.UUID,
    practice: str | None = None,
    weeks: int | None = None,
    now: datetime,
) -> Focus:
    """The actor tries it from today on, with another practice or for other weeks if they like. One at a time.

    Raises:
        NotVisible: no such suggestion to the actor. Conflict: it was answered before.
        ValidationError: on `practice` or `weeks`.
    """
    get_user(user_id=actor_id, for_update=True)
    focus = _waiting(actor_id, focus_id, now)
    chosen, length = practice or focus.practice, weeks or focus.weeks
    _check(chosen, length)
    today = local_day(now, focus.household.timezone)
    own = {"household_id": focus.household_id, "author_id": actor_id, "answer": Answer.ACCEPTED}
    Focus.objects.filter(**own, until_on__gt=today).update(until_on=today)
    focus.is_changed = (chosen, length) != (focus.practice, focus.weeks)
    focus.practice, focus.weeks, focus.answer = chosen, length, Answer.ACCEPTED
    focus.from_on, focus.until_on = today, today + timedelta(weeks=length)
    focus.save()
    return focus


@transaction.atomic
def decline_focus(*, actor_id: int, focus_id: uuid.UUID, now: datetime) -> None:
    """No, thank you. The coach reads that it was declined, and no reason.

    Raises:
        NotVisible: no such suggestion to the actor. Conflict: it was answered before.
    """
    get_user(user_id=actor_id, for_update=True)
    focus = _waiting(actor_id, focus_id, now)
    focus.answer = Answer.DECLINED
    focus.save(update_fields=["answer"])


@transaction.atomic
def stop_focus(*, actor_id: int, focus_id: uuid.UUID, now: datetime) -> None:
    """Try it no longer, from today on.

    Raises:
        NotVisible: no such focus of the actor's. Conflict: it does not go on.
    """
    get_user(user_id=actor_id, for_update=True)
    focus = get_focus_of(actor_id=actor_id, focus_id=focus_id, now=now)
    today = local_day(now, focus.household.timezone)
    if focus.until_on is None or focus.until_on <= today:
        raise Conflict("this focus does not go on")
    focus.until_on = today
    focus.save(update_fields=["until_on"])


@transaction.atomic
def say_tried(*, actor_id: int, moment_id: uuid.UUID, tried: str, now: datetime) -> FocusAnswer:
    """Whether the actor tried their current practice in this moment of theirs; said again, the last word counts.

    Raises:
        NotVisible: no such moment of the actor's own, or nothing was being tried on its day.
        ValidationError: on `tried`.
    """
    get_user(user_id=actor_id, for_update=True)
    if tried not in list(Tried):
        raise ValidationError({"tried": ValidationError(_("Please choose one of the two."), "choice")})
    moment = get_moment(actor_id=actor_id, moment_id=moment_id, capability=Capability.RECORD)
    focus = find_current_focus(
        actor_id=actor_id, household_id=moment.household_id, on=moment.occurred_on, now=now
    )
    if focus is None:
        raise NotVisible("focus")
    answer, _is_new = FocusAnswer.objects.update_or_create(
        focus=focus,
        observation=moment,
        defaults={"tried": tried, "household_id": moment.household_id, "author_id": actor_id},
    )
    return answer


def _waiting(actor_id: int, focus_id: uuid.UUID, now: datetime) -> Focus:
    focus = get_focus_of(actor_id=actor_id, focus_id=focus_id, now=now)
    if focus.answer != Answer.WAITING:
        raise Conflict("this focus was answered")
    return focus


def _check(practice: str, weeks: int) -> None:
    if practice not in get_content().practice_by_slug:
        raise ValidationError({"practice": ValidationError(_("Please choose a practice."), "choice")})
    if weeks not in FOCUS_WEEKS:
        raise ValidationError({"weeks": ValidationError(_("Please choose one to four weeks."), "choice")})
