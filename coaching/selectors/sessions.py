"""What a coach takes into a session with one author: the weeks since the last one, as live grants show them.

One author and nobody else: two parents of one household are two people, and two sheets.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from coaching.models import Ask, Comment, SessionDay
from coaching.rules import SHEET_MOMENTS_MAX, sheet_since
from coaching.selectors.focuses import FocusSeen, list_focuses_suggested
from coaching.selectors.months import GrantedMonths, tell_months
from common.dates import local_day, start_of_local_day
from common.errors import NotVisible
from households.scope import Sight, granted_to
from households.selectors import list_grants_here
from observations.selectors import WeekCounts, granted_keys, list_granted_since, list_granted_weeks
from reflections.patterns import Month

if TYPE_CHECKING:
    from households.models import Grant
    from observations.models import Observation


@dataclass(frozen=True, slots=True)
class SessionSheet:
    """One author's weeks `[since, until]` for a session. Of a summary, `moments` and `told` are empty."""

    grants: Sequence[Grant]  # this author's, to this coach
    since: date
    until: date
    last_session: date | None  # before today
    is_today: bool  # a session is marked for today
    weeks: Sequence[WeekCounts]
    told: Sequence[GrantedMonths]  # each child apart, over all of these weeks at once
    moments: Sequence[Observation]
    left_out: int  # how many earlier ones had no room
    comments: Sequence[Comment]
    focuses: Sequence[FocusSeen]
    asks: Sequence[Ask]


def get_session_sheet(grant: Grant, *, language: str, now: datetime) -> SessionSheet:
    """The sheet of whoever gave this live grant, on all that they let its coach see there.

    Raises:
        NotVisible: its author withdrew in between.
    """
    coach_id, household = grant.coach_id or 0, grant.household
    today, sight = local_day(now, household.timezone), granted_to(coach_id, now=now)
    here = list_grants_here(coach_id=coach_id, household_id=household.public_id, now=now)
    grants = [given for given in here if given.author_id == grant.author_id]
    if not grants:  # another author of the household may still let this coach in
        raise NotVisible("grant")
    days = set(_days(grant))
    last = max((day for day in days if day < today), default=None)
    since = sheet_since(last, today=today, first_day=household.week_starts_on)
    weeks = [
        week
        for week in list_granted_weeks(sight=sight, household=household, now=now)
        if week.author_id == grant.author_id and week.last_day >= since
    ]
    moments, there_are = list_granted_since(
        sight=sight,
        household_id=household.pk,
        author_id=grant.author_id,
        since=since,
        at_most=SHEET_MOMENTS_MAX,
    )
    return SessionSheet(
        grants=grants,
        since=since,
        until=today,
        last_session=last,
        is_today=today in days,
        weeks=weeks,
        told=tell_months(grants, sight=sight, months=(Month(since, today),)),
        moments=moments,
        left_out=there_are - len(moments),
        comments=_comments(grant, {row.pk for row in moments}, {week.label for week in weeks}),
        focuses=_focuses(grant, since, language=language, now=now),
        asks=_asks(grant, sight, since),
    )


def _days(grant: Grant) -> Collection[date]:
    rows = SessionDay.objects.filter(
        household_id=grant.household_id, author_id=grant.author_id, coach_id=grant.coach_id
    )
    return rows.values_list("on", flat=True)


def _comments(grant: Grant, moment_keys: set[int], labels: set[str]) -> Sequence[Comment]:
    """What the coach wrote on what is on the sheet, earliest first."""
    rows = Comment.objects.filter(
        Q(observation_id__in=moment_keys) | Q(week__in=labels),
        household_id=grant.household_id,
        author_id=grant.author_id,
        coach_id=grant.coach_id,
    )
    found = list(rows.order_by("written_at", "id"))
    Comment.saw.fetch_keys(found)
    return found


def _focuses(grant: Grant, since: date, *, language: str, now: datetime) -> Sequence[FocusSeen]:
    """What went on, waited or ended in these weeks."""
    seen = list_focuses_suggested(
        coach_id=grant.coach_id or 0,
        household_id=grant.household_id,
        author_id=grant.author_id,
        language=language,
        now=now,
    )
    zone = grant.household.timezone
    return [
        one
        for one in seen
        if one.is_current
        or local_day(one.focus.suggested_at, zone) >= since
        or (one.focus.until_on is not None and one.focus.until_on > since)
    ]


def _asks(grant: Grant, sight: Sight, since: date) -> Sequence[Ask]:
    """What the author asked for in these weeks on what the coach may see, earliest first."""
    rows = Ask.objects.filter(
        household_id=grant.household_id,
        author_id=grant.author_id,
        coach_id=grant.coach_id,
        asked_at__gte=start_of_local_day(since, grant.household.timezone),
        observation__in=granted_keys(sight),
    )
    return list(rows.select_related("observation").order_by("asked_at", "id"))
