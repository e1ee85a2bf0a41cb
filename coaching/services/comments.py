"""A coach writes to an author, inside a live grant; the author reads, replies, or wants to hear less."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from coaching.models import Ask, Comment, Mute, Reply
from coaching.rules import (
    COMMENTS_ON_ONE_MAX,
    REPLIES_TO_ONE_MAX,
    REPLY_MAX,
    SAID_ONCE_WITHIN,
    SLOT_MAX,
    THREE,
    Slot,
)
from coaching.selectors import get_comment
from coaching.services.looking import find_week
from common.errors import NotVisible
from common.text import clean_text
from households.scope import granted_to
from households.selectors import get_given_grant, get_grant
from observations.rules import Kind
from observations.selectors import get_granted

if TYPE_CHECKING:
    from households.models import Grant


# --- The coach ---------------------------------------------------------------------------------------------------
@transaction.atomic
def comment_on_moment(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    moment_id: uuid.UUID,
    now: datetime,
    saw: str,
    gives: str = "",
    child: str = "",
    more: str = "",
) -> Comment:
    """The actor's words on a moment that a live grant shows them; what its author asked there is answered by it.

    The first slot, what the coach saw the adult do, is needed before anything else, a suggestion above all. The same
    words again within five minutes are the comment that is there.

    Raises:
        NotVisible: no such moment in a live grant.
        ValidationError: on one of the slots; or there are enough comments on it.
    """
    get_user(user_id=actor_id, for_update=True)
    moment = get_granted(sight=granted_to(actor_id, now=now), household_id=household_id, moment_id=moment_id)
    if moment.kind != Kind.MOMENT:
        raise NotVisible("moment")
    slots = _checked_slots({Slot.SAW: saw, Slot.GIVES: gives, Slot.CHILD: child, Slot.MORE: more})
    comment = _say(
        slots,
        now,
        household_id=moment.household_id,
        author_id=moment.author_id,
        coach_id=actor_id,
        observation_id=moment.pk,
    )
    Ask.objects.filter(observation_id=moment.pk, coach_id=actor_id, answered_at__isnull=True).update(
        answered_at=now
    )
    return comment


@transaction.atomic
def comment_on_week(
    *,
    actor_id: int,
    grant_id: uuid.UUID,
    week: str,
    now: datetime,
    saw: str,
    gives: str = "",
    child: str = "",
    more: str = "",
) -> Comment:
    """The actor's words on a week of whoever gave them this grant, as `comment_on_moment`.

    Raises:
        NotVisible: no such live grant, or it shows nothing of that week.
        ValidationError: on one of the slots; or there are enough comments on it.
    """
    get_user(user_id=actor_id, for_update=True)
    grant: Grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    shown = find_week(grant, label=week, now=now)
    slots = _checked_slots({Slot.SAW: saw, Slot.GIVES: gives, Slot.CHILD: child, Slot.MORE: more})
    return _say(
        slots,
        now,
        household_id=grant.household_id,
        author_id=grant.author_id,
        coach_id=actor_id,
        week=shown.label,
    )


def _checked_slots(said: Mapping[Slot, str]) -> dict[Slot, str]:
    slots = {
        slot: clean_text(text, field=slot, max_length=SLOT_MAX, multiline=True) for slot, text in said.items()
    }
    if not slots[Slot.SAW]:
        message = _("Please begin with one thing you saw them do well. Everything else comes after it.")
        raise ValidationError({Slot.SAW: ValidationError(message, "required")})
    return slots


def _say(slots: Mapping[Slot, str], now: datetime, **place: Any) -> Comment:
    said = Comment.objects.filter(**place)
    for latest in said.filter(written_at__gt=now - SAID_ONCE_WITHIN).order_by("-written_at", "-id")[:1]:
        if all(getattr(latest, slot) == text for slot, text in slots.items()):
            return latest
    if said.count() >= COMMENTS_ON_ONE_MAX:
        raise ValidationError(_("There is no room for more comments here."), code="too_many")
    comment = Comment(**place, written_at=now, has_all_three=all(slots[slot] for slot in THREE))
    for slot, text in slots.items():
        setattr(comment, slot, text)
    comment.save()
    return comment


# --- The author --------------------------------------------------------------------------------------------------
@transaction.atomic
def mark_read(*, actor_id: int, comment_id: uuid.UUID, now: datetime) -> Comment:
    """The actor has read it. It is their own mark: the coach does not see it.

    Raises:
        NotVisible: no such comment to the actor.
    """
    comment = get_comment(actor_id=actor_id, comment_id=comment_id, now=now)
    if comment.read_at is None:
        comment.read_at = now
        comment.save(update_fields=["read_at"])
    return comment


@transaction.atomic
def reply_to_comment(*, actor_id: int, comment_id: uuid.UUID, text: str, now: datetime) -> Reply:
    """The actor's answer to a coach who still reads along. Answering is having read.

    Raises:
        NotVisible: no such comment to the actor.
        ValidationError: on `text`; or its coach reads along no more.
    """
    get_user(user_id=actor_id, for_update=True)
    comment = mark_read(actor_id=actor_id, comment_id=comment_id, now=now)
    if not getattr(comment, "reads_along", False):
        raise ValidationError(_("This coach reads along no more."), code="ended")
    cleaned = clean_text(text, field="text", max_length=REPLY_MAX, multiline=True)
    if not cleaned:
        raise ValidationError({"text": ValidationError(_("Please write a word or two."), "required")})
    replies = Reply.objects.filter(comment=comment)
    for latest in replies.filter(written_at__gt=now - SAID_ONCE_WITHIN).order_by("-written_at", "-id")[:1]:
        if latest.text == cleaned:
            return latest
    if replies.count() >= REPLIES_TO_ONE_MAX:
        raise ValidationError({"text": ValidationError(_("There is no room for more here."), "too_many")})
    reply = Reply(household_id=comment.household_id, comment=comment, author_id=actor_id, written_at=now)
    reply.text = cleaned
    reply.save()
    return reply


@transaction.atomic
def mute_coach(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """No mail about what this coach writes from now on, and it is folded on the pages. The coach is not told.

    Raises:
        NotVisible: no such live grant of the actor's own.
    """
    grant = _own_live(actor_id, grant_id, now)
    Mute.objects.get_or_create(
        household_id=grant.household_id,
        author_id=actor_id,
        coach_id=grant.coach_id,
        defaults={"since": now},
    )


@transaction.atomic
def unmute_coach(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """Hear of this coach again.

    Raises:
        NotVisible: no such live grant of the actor's own.
    """
    grant = _own_live(actor_id, grant_id, now)
    Mute.objects.filter(household_id=grant.household_id, author_id=actor_id, coach_id=grant.coach_id).delete()


def _own_live(actor_id: int, grant_id: uuid.UUID, now: datetime) -> Grant:
    grant = get_grant(actor_id=actor_id, grant_id=grant_id, now=now)
    if grant.coach_id is None:
        raise NotVisible("grant")
    return grant
