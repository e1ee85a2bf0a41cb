"""Telling by mail that there is something new. The rows are the job: each is told of once, or never.

What is told is looked at again in the moment of telling: a grant that ended, a muted coach, a closed account or an
address that takes no mail end it. One mail tells of all that one person has waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.selectors import get_user, list_mailable_ids
from coaching.mail import tell_of_something_new
from coaching.models import Ask, Comment, Focus, HandOver, Mute, Reply
from coaching.rules import TELL_WITHIN, may_tell
from common.errors import NotVisible
from households.scope import let_in

logger = logging.getLogger(__name__)

# Of what whom is told: model, path to the person, instant of what happened, path to what names the grant.
_WAITING: Final[tuple[tuple[type[Model], str, str, str], ...]] = (
    (Comment, "author_id", "written_at", ""),
    (Reply, "comment__coach_id", "written_at", "comment"),
    (Ask, "coach_id", "asked_at", ""),
    (HandOver, "author_id", "asked_at", ""),
    (Focus, "author_id", "suggested_at", ""),
)


def tell_people(*, now: datetime) -> int:
    """One mail to everybody with something new, in their waking hours; how many went out.

    A crash between taking the rows and the mail loses that mail: it would have said nothing that the page does not.
    """
    sent = 0
    for person_id in sorted(_waiting_people()):
        try:
            person = get_user(user_id=person_id)
        except NotVisible:
            _take(person_id, now)
            continue
        if may_tell(now, timezone=person.timezone) and _take(person_id, now):
            mailable = list_mailable_ids(user_ids=[person_id]) and person.erase_at is None
            if mailable:
                sent += tell_of_something_new(to=person.email, language=person.language, person_id=person_id)
    return sent


def _waiting_people() -> set[int]:
    return {
        person_id
        for model, person, _instant, _grant in _WAITING
        for person_id in model._default_manager.filter(told_at__isnull=True).values_list(person, flat=True)
    }


@transaction.atomic
def _take(person_id: int, now: datetime) -> bool:
    """Take all that waits for this person; whether any of it is still to be told."""
    is_any = False
    for rows, worth in _rows_of(person_id, now):
        found = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        is_any |= rows.filter(worth, pk__in=found).exists()
        rows.model._default_manager.filter(pk__in=found).update(told_at=now)
    return is_any


def _rows_of(person_id: int, now: datetime) -> Iterator[tuple[QuerySet[Model], Q]]:
    for model, person, instant, grant in _WAITING:
        rows = model._default_manager.filter(**{person: person_id, "told_at__isnull": True})
        worth = Q(let_in(now=now, via=grant), **{f"{instant}__gt": now - TELL_WITHIN})
        if model in {Comment, Focus}:
            muted = Mute.objects.filter(
                household_id=OuterRef("household_id"),
                author_id=OuterRef("author_id"),
                coach_id=OuterRef("coach_id"),
            )
            worth &= ~Q(Exists(muted))
        if model is Comment:
            worth &= Q(read_at__isnull=True)
        yield rows, worth
