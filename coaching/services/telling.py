"""Telling by mail that there is something new. The rows are the job: each is told of once, or never.

What is told is looked at again in the moment of telling: a grant that ended, a muted coach, a closed account or an
address that takes no mail end it. One mail tells of all that one person has waiting.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from accounts.selectors import get_user, list_mailable_ids
from coaching.mail import tell_of_something_new
from coaching.rules import TELL_AT_MOST, may_tell
from coaching.selectors.waiting import list_tellable, worth_telling
from common.errors import NotVisible

logger = logging.getLogger(__name__)


def tell_people(*, now: datetime) -> int:
    """One mail to everybody with something new, in their waking hours; how many went out.

    At most `TELL_AT_MOST` people in one call, whoever waits longest first; what fails for one is logged by their key
    and stops nobody else's. A crash between taking the rows and the mail loses that mail: it would have said nothing
    that the page does not.
    """
    return sum(_tell_alone(person_id, now) for person_id in _people_to_tell(now)[:TELL_AT_MOST])


def _people_to_tell(now: datetime) -> list[int]:
    """Who has something waiting and is awake by their own clock, whoever waits longest first."""
    since: dict[int, datetime] = {}
    for model, person, instant, _grant in list_tellable():
        zone = f"{person.removesuffix('_id')}__timezone"
        waiting = model._default_manager.filter(told_at__isnull=True).order_by().values_list(person, zone)
        for person_id, timezone, first in waiting.annotate(first=Min(instant)):
            if may_tell(now, timezone=timezone):
                since[person_id] = min(first, since.get(person_id, first))
    return sorted(since, key=lambda person_id: (since[person_id], person_id))


def _tell_alone(person_id: int, now: datetime) -> bool:
    """Tell this one person, whatever becomes of it; whether a mail went out."""
    try:
        return _tell(person_id, now)
    except Exception as error:  # noqa: BLE001  # the others are told all the same
        logger.error("telling person %s failed: %s", person_id, type(error).__name__)
        return False


def _tell(person_id: int, now: datetime) -> bool:
    # The rows are taken and committed first: no mail server is waited for with rows held.
    is_any = _take(person_id, now)
    try:
        person = get_user(user_id=person_id)
    except NotVisible:
        return False
    if not is_any or person.erase_at is not None or not list_mailable_ids(user_ids=[person_id]):
        return False
    return tell_of_something_new(to=person.email, language=person.language, person_id=person_id)


@transaction.atomic(durable=True)
def _take(person_id: int, now: datetime) -> bool:
    """Take all that waits for this person; whether any of it is still to be told."""
    is_any = False
    for model, person, _instant, _grant in list_tellable():
        rows = model._default_manager.filter(**{person: person_id, "told_at__isnull": True})
        found = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        is_any |= rows.filter(worth_telling(model, now=now), pk__in=found).exists()
        model._default_manager.filter(pk__in=found).update(told_at=now)
    return is_any
