"""A coach looks at one moment or week, with what was said on it. Looking is written down for its author first.

Opening a page is what marks its replies as seen: the author reads when in *Who looked*, and the coach's list knows what
is new.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from coaching.models import Comment, Reply
from coaching.selectors import (
    GrantedMonths,
    TwoViews,
    list_granted_months,
    list_said_on_moment,
    list_said_on_week,
    list_two_views,
)
from common.errors import NotVisible
from households.rules import Opened, Reader
from households.scope import granted_to
from households.selectors import get_given_grant, list_grants_here
from households.services import note_access
from observations.selectors import WeekCounts, list_granted_weeks
from observations.services import look_at_moment

if TYPE_CHECKING:
    from households.models import Grant
    from observations.models import Observation


@dataclass(frozen=True, slots=True)
class SeenMoment:
    """One moment inside a live grant, and what this coach wrote on it."""

    moment: Observation
    comments: Sequence[Comment]


@dataclass(frozen=True, slots=True)
class SeenWeek:
    """One author's week inside a live grant, and what this coach wrote on it."""

    grant: Grant
    week: WeekCounts
    comments: Sequence[Comment]


@dataclass(frozen=True, slots=True)
class SeenMonths:
    """What live grants show of a household's months."""

    months: Sequence[GrantedMonths]
    two_views: Sequence[TwoViews]


@transaction.atomic
def look_closely(
    *, coach_id: int, household_id: uuid.UUID, moment_id: uuid.UUID, now: datetime
) -> SeenMoment:
    """A moment or self-check that this coach may see now; its author is told that they looked.

    Raises:
        NotVisible: there is none in a live grant.
    """
    moment = look_at_moment(coach_id=coach_id, household_id=household_id, moment_id=moment_id, now=now)
    comments = list_said_on_moment(coach_id=coach_id, seen=moment)
    _mark_seen(comments, now)
    return SeenMoment(moment, comments)


@transaction.atomic
def look_at_week(*, coach_id: int, grant_id: uuid.UUID, week: str, now: datetime) -> SeenWeek:
    """A week of whoever gave this grant, as counts; its author is told that they looked.

    Raises:
        NotVisible: no such live grant, or it shows nothing of that week.
    """
    grant = get_given_grant(coach_id=coach_id, grant_id=grant_id, now=now)
    shown = find_week(grant, label=week, now=now)
    note_access(
        reader_id=coach_id,
        reader_kind=Reader.COACH,
        opened=Opened.SUMMARY,
        household_pk=grant.household_id,
        author_ids=[grant.author_id],
        now=now,
    )
    comments = list_said_on_week(
        coach_id=coach_id, household_id=grant.household_id, author_id=grant.author_id, week=shown.label
    )
    _mark_seen(comments, now)
    return SeenWeek(grant, shown, comments)


@transaction.atomic
def look_at_months(*, coach_id: int, household_id: uuid.UUID, now: datetime) -> SeenMonths:
    """The last months of everybody here who shows single moments, each author apart, and where two show the same weeks.

    Each author whose answers are among it is told that the coach looked.

    Raises:
        NotVisible: no such household, or no live grant.
    """
    grants = list_grants_here(coach_id=coach_id, household_id=household_id, now=now)
    seen = SeenMonths(
        list_granted_months(coach_id=coach_id, household_id=household_id, now=now),
        list_two_views(coach_id=coach_id, household_id=household_id, now=now),
    )
    note_access(
        reader_id=coach_id,
        reader_kind=Reader.COACH,
        opened=Opened.SUMMARY,
        household_pk=grants[0].household_id,
        author_ids={months.author_id for months in seen.months},
        now=now,
    )
    return seen


def find_week(grant: Grant, *, label: str, now: datetime) -> WeekCounts:
    """The week with that label as the coach of this live grant sees it.

    Raises:
        NotVisible: nothing of it is shown.
    """
    if grant.coach_id is not None:
        sight = granted_to(grant.coach_id, now=now)
        for week in list_granted_weeks(sight=sight, household=grant.household, now=now):
            if (week.author_id, week.label) == (grant.author_id, label):
                return week
    raise NotVisible("week")


def _mark_seen(comments: Sequence[Comment], now: datetime) -> None:
    new = [
        reply.pk
        for comment in comments
        for reply in getattr(comment, "shown_replies", ())
        if reply.seen_at is None
    ]
    if new:
        Reply.objects.filter(pk__in=new).update(seen_at=now)
