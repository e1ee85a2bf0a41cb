"""Sessions: marking one, and opening the sheet for the next. A sheet is made when it is opened, and kept nowhere."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from coaching.models import SessionDay
from coaching.selectors import SessionSheet, get_session_sheet
from common.dates import local_day
from households.rules import Opened, Reader
from households.selectors import get_given_grant
from households.services import note_access


@transaction.atomic
def open_session_sheet(
    *, coach_id: int, grant_id: uuid.UUID, as_file: bool = False, language: str, now: datetime
) -> SessionSheet:
    """The weeks since the last session of whoever gave this grant; every opening stands in its author's list.

    Raises:
        NotVisible: no such live grant.
    """
    grant = get_given_grant(coach_id=coach_id, grant_id=grant_id, now=now)
    sheet = get_session_sheet(grant, language=language, now=now)
    note_access(
        reader_id=coach_id,
        reader_kind=Reader.COACH,
        opened=Opened.SHEET_FILE if as_file else Opened.SHEET,
        household_pk=grant.household_id,
        author_ids=[grant.author_id],
        every_time=True,
        now=now,
    )
    return sheet


@transaction.atomic
def mark_session(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> SessionDay:
    """There is a session with the author of this grant today: from tomorrow on, sheets begin with this week.

    Raises:
        NotVisible: no such live grant to the actor.
    """
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    day, _is_new = SessionDay.objects.get_or_create(
        household_id=grant.household_id,
        author_id=grant.author_id,
        coach_id=actor_id,
        on=local_day(now, grant.household.timezone),
    )
    return day


@transaction.atomic
def unmark_session(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """There was none today after all.

    Raises:
        NotVisible: no such live grant to the actor.
    """
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    SessionDay.objects.filter(
        household_id=grant.household_id,
        author_id=grant.author_id,
        coach_id=actor_id,
        on=local_day(now, grant.household.timezone),
    ).delete()
