"""Reads from outside the household: what a grant shows of its author's moments and self-checks.

What may be seen is a `Sight`, a condition that is part of every query here. A coach's comes from live grants; the
author's preview has the same reads with the condition that such a grant would be. Own state is in no scope.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When

from checklists.rules import AUTHOR_ONLY
from common.dates import local_day, week_label, week_start
from common.errors import NotVisible
from common.pages import Page, page_of
from households.rules import GrantScope
from households.scope import Sight, as_if_granted
from households.selectors import list_children
from observations.models import Observation, OwnAnswer, Rating
from observations.rules import GRANTED_WEEKS, PAGE_SIZE, Kind
from observations.selectors.visible import detailed

if TYPE_CHECKING:
    from households.models import Household


@dataclass(frozen=True, slots=True)
class WeekCounts:
    """How many moments of each tone one author shared in one week."""

    author_id: int
    first_day: date
    tones: Mapping[str, int]

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=6)

    @property
    def label(self) -> str:
        """How the week is named in addresses, as the author's own week is."""
        return week_label(self.first_day)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sight shows of one household: weeks, latest first, and a page of what was noted, latest first."""

    weeks: Sequence[WeekCounts]
    page: Page[Observation]


def show_granted(
    *, sight: Sight, household: Household, reader_id: int, cursor: str = "", now: datetime
) -> Shown:
    """A household through *sight*: counts of the last twelve weeks, and moments and self-checks page by page.

    A moment has its note only where the sight shows notes. Self-checks are not counted.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    rows = _seen(sight, GrantScope.RATINGS).filter(household_id=household.pk)
    page = page_of(
        rows,
        by="occurred_at",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=reader_id,
        list_name=f"granted {household.public_id}",
    )
    items = _detailed(page.items, sight)
    return Shown(_weeks(sight, household, now), replace(page, items=items))


def get_granted(*, sight: Sight, household_id: uuid.UUID, moment_id: uuid.UUID) -> Observation:
    """One moment or self-check through *sight*; where two authors' share the id, the one that was there first.

    Raises:
        NotVisible: there is none in this sight.
    """
    rows = _seen(sight, GrantScope.RATINGS).filter(household__public_id=household_id, public_id=moment_id)
    found = rows.order_by("id").first()
    if found is None:
        raise NotVisible("moment")
    return _detailed([found], sight)[0]


def list_granted_since(
    *, sight: Sight, household_id: int, author_id: int, since: date, at_most: int
) -> tuple[Sequence[Observation], int]:
    """One author's moments and self-checks through *sight* from that day on, earliest first, and how many there are.

    Where there are more than *at_most*, the latest of them. Notes as in `show_granted`.
    """
    rows = _seen(sight, GrantScope.RATINGS).filter(
        household_id=household_id, author_id=author_id, occurred_on__gte=since
    )
    latest = list(rows.order_by("-occurred_at", "-id")[:at_most])
    return _detailed(latest[::-1], sight), rows.count()


def list_granted_weeks(*, sight: Sight, household: Household, now: datetime) -> Sequence[WeekCounts]:
    """The counts of the last twelve weeks through *sight*, latest first, each author's apart."""
    return _weeks(sight, household, now)


def preview_grant(
    *,
    actor_id: int,
    household: Household,
    scope: str,
    child_ids: Collection[uuid.UUID],
    from_on: date,
    now: datetime,
) -> Shown:
    """What a coach would see today with such a grant of the actor's: the first page of it. Nothing is given."""
    children = chain.from_iterable(
        list_children(actor_id=actor_id, household_id=household.public_id, archived=archived)
        for archived in (False, True)
    )
    wanted = set(child_ids)
    sight = as_if_granted(
        actor_id,
        scope=GrantScope(scope),
        child_ids=[child.pk for child in children if child.public_id in wanted],
        from_on=from_on,
    )
    return show_granted(sight=sight, household=household, reader_id=actor_id, now=now)


def _seen(sight: Sight, scope: GrantScope) -> QuerySet[Observation]:
    """What the sight shows in that scope, each row knowing whether its note is shown too."""
    notes = Case(
        When(sight(GrantScope.RATINGS_AND_NOTES), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    return Observation.objects.filter(sight(scope), deleted_at__isnull=True).annotate(shows_note=notes)


def _detailed(rows: Sequence[Observation], sight: Sight) -> Sequence[Observation]:
    moments = Q(kind=Kind.MOMENT)
    rows = detailed(
        rows,
        linked=_seen(sight, GrantScope.RATINGS).filter(moments),
        ratings=Rating.objects.exclude(dimension__in=AUTHOR_ONLY),
        own=OwnAnswer.objects.all(),
    )
    for row in rows:
        for shown in (row, *filter(None, [row.repairs]), *getattr(row, "mended_by", ())):
            if not getattr(shown, "shows_note", False):
                shown.note_sealed = b""  # it never leaves this module
                shown.shown_own = []  # nor do other words of its author's
    return rows


def _weeks(sight: Sight, household: Household, now: datetime) -> Sequence[WeekCounts]:
    first_day = household.week_starts_on
    since = week_start(local_day(now, household.timezone), first_day) - timedelta(weeks=GRANTED_WEEKS - 1)
    rows = (
        Observation.objects.filter(
            sight(GrantScope.SUMMARY),
            household_id=household.pk,
            kind=Kind.MOMENT,
            occurred_on__gte=since,
            deleted_at__isnull=True,
        )
        .values_list("author_id", "occurred_on", "tone")
        .annotate(times=Count("pk"))
        .order_by("author_id", "occurred_on", "tone")
    )
    weeks: dict[tuple[date, int], Counter[str]] = {}
    for author_id, day, tone, times in rows:
        weeks.setdefault((week_start(day, first_day), author_id), Counter())[tone] += times
    latest_first = sorted(weeks.items(), key=lambda week: (-week[0][0].toordinal(), week[0][1]))
    return [WeekCounts(author_id, first, tones) for (first, author_id), tones in latest_first]
